"""Verbs for proofs: seal as the daily round does, and look at what was sealed."""

from __future__ import annotations

import itertools
from datetime import date
from typing import Any

from pydantic import BaseModel

from app.proof.model.seals import Sealed
from app.proof.service import sealing
from app.runtime.door import Door
from app.runtime.work import Work
from tests.support.world import Client, World

_KEYS = itertools.count(1)


class Done(BaseModel):
    """The answer of a use case whose result is kept aside."""


async def sealed(
    world: World,
    *,
    through: date | None = None,
    wait_seconds: float = 60.0,
    caller: Client | None = None,
) -> Sealed:
    """Run one round of sealing through the door, as the operator unless another is named."""
    kept: list[Sealed] = []

    async def use_case(work: Work) -> None:
        kept.append(await sealing.seal_due(work, through=through, wait_seconds=wait_seconds))

    key = f"seal-{next(_KEYS):08d}"
    door = Door(
        hub=world.hub,
        caller=(caller or world.operator).caller,
        key=key,
        fingerprint=key.encode(),
        action="test",
        request="test",
    )
    await door.write(use_case, show=lambda _: Done())
    return kept[0]


async def seals_of(world: World, journal: str, participant: str) -> list[Any]:
    """Return a participant's seals as the owner sees them."""
    async with world.tx() as tx:
        found = await tx.exec_driver_sql(
            "SELECT * FROM seal WHERE journal = $1 AND participant = $2 ORDER BY number",
            (journal, participant),
        )
        return list(found)
