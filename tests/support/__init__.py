"""What tests stand on: the Postgres of the run."""
