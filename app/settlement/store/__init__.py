"""Every SQL statement about settlements."""
