"""Arrivals: whoever comes to read is named to the database by the first statement that asks.

A reading takes a statement to name its caller, and one at least to ask. What is asked thousands of
times a second does both in one.
"""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa

from app.kernel.refusal import Refusal
from app.runtime import looks, walls
from app.runtime.auth import Caller
from app.runtime.door import Hub, lent
from app.runtime.vault import Vault, vault_of
from app.runtime.work import Reading


@dataclass(frozen=True, slots=True)
class Arrival:
    """Somebody who is not named yet: the connection is out of reach until they are."""

    _reading: Reading

    @property
    def vault(self) -> Vault:
        """Return the keys by which people are found: they are nobody's to be named for."""
        return vault_of(self._reading.rx)

    async def enter(
        self, statement: sa.Executable, binds: Mapping[str, object]
    ) -> tuple[Reading, Any]:
        """Name who asks and ask, by one statement with one row: the reading, and that row.

        Its column `refused` says why a client no longer stands.
        """
        it = self._reading
        return it, await walls.enter_by(it.rx, it.caller, it.now, (statement, binds))


@asynccontextmanager
async def arriving(hub: Hub, caller: Caller, request: str) -> AsyncIterator[Arrival]:
    """Let a caller arrive; looks are kept before the answer, also a no."""
    async with lent(hub) as rx:
        it = Reading(rx=rx, caller=caller, now=hub.clock(), law=hub.law)
        try:
            yield Arrival(it)
        except Refusal:
            await looks.keep(it, request)
            raise
        await looks.keep(it, request)
