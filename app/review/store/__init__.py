"""Every SQL statement about reconciliations."""
