"""What the law decides about a clearing, one question a file."""
