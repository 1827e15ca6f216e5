"""What is decided about advances: quotas, transfers, changes, usage. One file a question."""
