"""Every SQL statement about clearings; those that write many rows are one each."""
