"""Leads every connection of this process to a database under a knife, whoever opens it.

It lies where the driver connects: SQLAlchemy's pool, a pool of the driver's own and a single
connection all pass here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

import asyncpg
from asyncpg import connect_utils

from tests.faults.knife import REPORTED, Boundary, CutProtocol, Fault, Knife, die


@dataclass(frozen=True, slots=True)
class Track:
    """Where connections to a name really go, and the knife they lie under."""

    knife: Knife
    database: Callable[[], str]


_TRACKS: dict[str, Track] = {}
_CONNECT = connect_utils._connect  # noqa: SLF001 -- the one place where all connections are made


def lead(name: str, knife: Knife, database: Callable[[], str]) -> None:
    """Let every new connection to `name` go to `database()`; the hub's own go under the knife."""
    _TRACKS[name] = Track(knife, database)
    connect_utils._connect = _connect  # noqa: SLF001 -- as above


def leave(name: str) -> None:
    """Lead nobody any more."""
    del _TRACKS[name]
    if not _TRACKS:
        connect_utils._connect = _CONNECT  # noqa: SLF001 -- as above


async def _connect(**named: Any) -> Any:
    wanted = named.get("database") or urlsplit(named.get("dsn") or "").path.lstrip("/")
    track = _TRACKS.get(wanted)
    if track is None:
        return await _CONNECT(**named)
    named["database"] = track.database()
    if not named.get("server_settings"):
        return await _CONNECT(**named)  # the owner, who arranges and inspects
    return await _cut(track.knife, named)


async def _cut(knife: Knife, named: dict[str, Any]) -> Any:
    """Connect as the hub does, unless that is cut."""
    number = len(knife.crossed)
    fault = knife.next_cut(Boundary("connect", ""))
    if knife.dying == (number, False):
        die()
    if fault in (Fault.HUNG_UP, Fault.HUNG_UP_IN_FLIGHT):
        await knife.hang_up()
    elif fault in REPORTED:
        raise asyncpg.TooManyConnectionsError("sorry, too many clients already")
    elif fault is not None and fault is not Fault.HUNG_UP_AFTER:
        raise ConnectionRefusedError("cut")
    connection = await _CONNECT(**named)
    connection._protocol = CutProtocol(connection._protocol, connection._transport, knife)  # noqa: SLF001 -- the wire itself has no other handle
    if knife.dying == (number, True):
        die()
    if fault is Fault.HUNG_UP_AFTER:
        try:
            await knife.hang_up()
        except BaseException:
            connection.terminate()
            raise
    return connection
