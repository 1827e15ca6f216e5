"""Every SQL statement about clearings; those that count settlements are set-based."""
