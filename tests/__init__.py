"""The hub's tests: real Postgres, no mocks of our own code."""
