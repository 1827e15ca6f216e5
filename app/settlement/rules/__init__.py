"""What the law decides about a settlement: one question per file."""
