"""Runs the revisions: one at a time over the whole cluster of hubs, each in its own transaction."""

from __future__ import annotations

import asyncio
import os

import sqlalchemy as sa
from alembic import context
from alembic.util import CommandError
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import create_async_engine
from sqlalchemy.pool import NullPool

from app.runtime.migrate import whole_metadata

ADVISORY_LOCK = 0x6875625F6D696772  # "hub_migr"
LOCK_TIMEOUT = "5s"  # better to fail and retry than to queue every request behind a lock
STATEMENT_TIMEOUT = "10min"


def database_url() -> str:
    """Take the address from the caller, or from DATABASE_URL for the bare alembic command."""
    url = context.config.attributes.get("url") or os.environ.get("DATABASE_URL")
    if not url:
        raise CommandError("Set DATABASE_URL, or use `hub migrate`.")
    return str(url)


def run(connection: Connection) -> None:
    """Wait for the turn, then run every revision under short timeouts."""
    # Of the session, so that it outlives the transactions; freed when the connection closes.
    connection.execute(sa.text("SELECT pg_advisory_lock(:key)"), {"key": ADVISORY_LOCK})
    connection.execute(sa.text(f"SET lock_timeout = '{LOCK_TIMEOUT}'"))
    connection.execute(sa.text(f"SET statement_timeout = '{STATEMENT_TIMEOUT}'"))
    connection.commit()
    context.configure(
        connection=connection,
        target_metadata=whole_metadata(),
        transaction_per_migration=True,
        compare_type=True,
        # CHECK constraints cannot be compared; a test holds them against the enums instead.
        compare_server_default=True,
    )
    with context.begin_transaction():
        context.run_migrations()


async def connect_and_run() -> None:
    """Use one connection and keep no pool."""
    engine = create_async_engine(database_url(), poolclass=NullPool)
    try:
        async with engine.connect() as connection:
            await connection.run_sync(run)
    finally:
        await engine.dispose()


if context.is_offline_mode():
    raise CommandError("The hub's migrations run against a database, never to a script (--sql).")
asyncio.run(connect_and_run())
