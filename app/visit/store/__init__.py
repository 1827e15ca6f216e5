"""Every SQL statement about visits, and about their fee lines."""
