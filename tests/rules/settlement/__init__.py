"""What the law decides about a settlement, on paper."""
