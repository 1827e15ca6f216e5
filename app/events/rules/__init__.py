"""What the hub decides about events: where it sends, how it signs, when it tries again."""
