"""A database for one play: beside the hub's own on the same server, dropped when it is over."""

from __future__ import annotations

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass

from sqlalchemy.engine import make_url

from app.runtime import migrate
from app.runtime import mode as modes
from app.runtime.embedded.databases import administer, quoted
from app.runtime.settings import Mode

PREFIX = "hub_play_"


@dataclass(frozen=True, slots=True)
class Ground:
    """Where a play takes place."""

    name: str
    url: str


@contextmanager
def own_database(beside: str, *, keep: bool) -> Iterator[Ground]:
    """Make a migrated sandbox database beside another; keep it only when asked to."""
    name = f"{PREFIX}{secrets.token_hex(4)}"
    url = make_url(beside).set(database=name).render_as_string(hide_password=False)
    # What is played can be played again: it need not survive a power cut.
    administer(
        beside,
        f"CREATE DATABASE {quoted(name)}",
        f"ALTER DATABASE {quoted(name)} SET synchronous_commit = off",
    )
    try:
        migrate.upgrade(url)
        modes.require(url, Mode.SANDBOX, embedded=False)
        yield Ground(name, url)
    finally:
        if not keep:
            administer(beside, f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")
