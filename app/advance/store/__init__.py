"""Every SQL statement about advances, by what it is about."""
