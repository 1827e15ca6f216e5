"""Every SQL statement of the parties, by what it is about."""
