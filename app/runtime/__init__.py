"""Plumbing: settings, database, the one door, problems, sheets. Knows no domain."""
