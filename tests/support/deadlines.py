"""Verbs for deadlines: tick, and read what was done for which day."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

import sqlalchemy as sa

from app.deadlines.model import Act, DueAct, Tick
from app.deadlines.rules.acts import OF_THE_PRESENT
from app.deadlines.ticking import Ticker
from app.main import build_ticker
from tests.support.filing import filed
from tests.support.world import World

BEGINNING = "2025-09-01"


def ticker(world: World, name: str = "test") -> Ticker:
    """Return a ticker as a replica of its own would have it."""
    return build_ticker(world.hub, world.app.state.settings, f"hub:{name}")


async def ticked(world: World, day: str | None = None) -> Tick:
    """Let a day come, if one is named, and tick."""
    if day is not None:
        world.clock.set_day(day)
    found = await ticker(world).tick()
    assert not found.failed
    return found


def made_up(days: Sequence[date]) -> list[DueAct]:
    """Return what a tick does that makes such days up: what sees the present, on the newest."""
    *missed, newest = days
    found = [DueAct(day, act) for day in missed for act in Act if act not in OF_THE_PRESENT]
    return found + [DueAct(newest, act) for act in Act]


async def done_days(world: World, act: Act) -> list[date]:
    """Read for which days an act is done, in the order it was done for them."""
    kept = sa.text("SELECT day FROM due_act WHERE act = :act ORDER BY at, day")
    async with world.tx() as tx:
        return list((await tx.execute(kept, {"act": act.value})).scalars())


async def acts_in_order(world: World) -> list[tuple[str, str]]:
    """Read the trail of the due acts: day and act, as they came."""
    trail = sa.text(
        "SELECT facts ->> 'day' AS day, subject FROM audit_trail "
        "WHERE party = 'hub' AND action = 'deadline.act' ORDER BY seq"
    )
    async with world.tx() as tx:
        return [(row.day, row.subject) for row in await tx.execute(trail)]


async def filing_until(world: World, last_day: date) -> str:
    """File somebody for a term that ends on a day; return the filing's number."""
    number = str((await filed(world))["number"])
    ending = sa.text(
        "UPDATE filing SET first_day = :first, last_day = :last WHERE number = :number"
    )
    async with world.tx() as tx:
        await tx.execute(ending, {"first": date(2025, 1, 1), "last": last_day, "number": number})
    return number


async def expiries(world: World, number: str) -> list[sa.Row[tuple[object, ...]]]:
    """Read when a filing expired, by its history."""
    expired = sa.text(
        "SELECT h.at, h.client FROM filing_history h JOIN filing f ON f.id = h.filing_id "
        "WHERE f.number = :number AND h.event = 'expire'"
    )
    async with world.tx() as tx:
        return list(await tx.execute(expired, {"number": number}))
