"""Worked examples an official can read, and the runner that holds the rules against them."""
