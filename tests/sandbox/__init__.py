"""The demo as a newcomer runs it, and the traffic it can be filled with."""
