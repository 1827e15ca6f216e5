"""Rules on paper: pure, without a database."""
