"""The whole road as a state machine: whatever happens in whatever order, the books hold."""
