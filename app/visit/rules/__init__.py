"""What the law decides about a visit: one question per file."""
