"""The seed tables and what the sandbox makes of them."""
