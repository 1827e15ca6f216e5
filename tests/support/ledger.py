"""Verbs for the books: book through the door as any use case does, and look at what was kept."""

from __future__ import annotations

import itertools
from collections.abc import Sequence

from pydantic import BaseModel

from app.ledger import service
from app.ledger.model import Entry, Proof
from app.runtime.door import Door
from app.runtime.work import Work
from tests.support.world import World

_KEYS = itertools.count(1)


class Done(BaseModel):
    """The answer of a use case that has nothing to say."""


async def booked(world: World, *batches: Sequence[Entry]) -> None:
    """Book in one transaction, one call of the service per batch."""

    async def use_case(work: Work) -> None:
        for entries in batches:
            service.book(work, entries)
        work.record("ledger.book", "test")

    key = f"book-{next(_KEYS):08d}"
    door = Door(
        hub=world.hub,
        caller=world.operator.caller,
        key=key,
        fingerprint=key.encode(),
        action="test",
        request="test",
    )
    await door.write(use_case, show=lambda _: Done())


async def proven(world: World) -> Proof:
    """Add the books up, with the service's own rights."""
    async with world.rx() as rx:
        return await service.proof(rx)


async def balances(world: World) -> dict[str, tuple[int, int]]:
    """Return every account's balance in fen and version, by name, as the owner sees them."""
    page: dict[str, tuple[int, int]] = {}
    async with world.tx() as tx:
        rows = await tx.exec_driver_sql("SELECT name, balance_fen, version FROM account")
        page.update({row.name: (row.balance_fen, row.version) for row in rows})
    return page
