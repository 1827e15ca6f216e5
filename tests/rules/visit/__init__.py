"""What the law decides about a visit, on paper."""
