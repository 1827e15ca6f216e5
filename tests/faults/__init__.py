"""The hub's real code, cut at every statement by number, and held to its promises afterwards."""
