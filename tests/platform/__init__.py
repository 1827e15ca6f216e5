"""The ground the hub stands on: embedded Postgres, migrations, containers, the Makefile."""
