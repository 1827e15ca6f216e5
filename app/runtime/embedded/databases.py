"""The few statements about whole databases, run in a loop of their own so that anyone may call."""

from __future__ import annotations

import asyncio
import contextlib
from collections.abc import Coroutine
from concurrent.futures import ThreadPoolExecutor
from typing import Any, TypeVar

import asyncpg
from sqlalchemy.engine import make_url

T = TypeVar("T")
MADE_BY_A_RIVAL = (asyncpg.DuplicateDatabaseError, asyncpg.UniqueViolationError)


def in_own_loop(
    work: Coroutine[Any, Any, T],
) -> T:  # Any: what a coroutine yields is its own affair
    """Run the coroutine to its end in a thread with a loop of its own; the caller may have one."""
    with ThreadPoolExecutor(max_workers=1) as thread:
        return thread.submit(asyncio.run, work).result()


def ensure_database(server_url: str, name: str) -> str:
    """Create the database unless it exists; tell which version the server is, such as 18.6."""
    return in_own_loop(_ensure(server_url, name)).split()[0]  # distributions add their name


def administer(server_url: str, *statements: str) -> None:
    """Run statements that no transaction may hold, such as CREATE DATABASE."""
    in_own_loop(_administer(server_url, statements))


async def select_one_column(url: str, query: str, *values: object) -> list[object]:
    """Read one column of one query on a connection of its own."""
    connection = await _connect(url)
    try:
        return [row[0] for row in await connection.fetch(query, *values)]
    finally:
        await connection.close()


def quoted(name: str) -> str:
    """Write a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


async def _connect(url: str) -> asyncpg.Connection:
    return await asyncpg.connect(
        make_url(url).set(drivername="postgresql").render_as_string(hide_password=False)
    )


async def _administer(url: str, statements: tuple[str, ...]) -> None:
    connection = await _connect(url)
    try:
        for statement in statements:
            await connection.execute(statement)
    finally:
        await connection.close()


async def _ensure(url: str, name: str) -> str:
    connection = await _connect(url)
    try:
        known = await connection.fetchval("SELECT 1 FROM pg_database WHERE datname = $1", name)
        if known is None:
            with contextlib.suppress(*MADE_BY_A_RIVAL):
                await connection.execute(f"CREATE DATABASE {quoted(name)}")
        return str(await connection.fetchval("SHOW server_version"))
    finally:
        await connection.close()
