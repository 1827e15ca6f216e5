"""Reconciliations for tests: a hospital's own books, and the days it compares."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import httpx

from app.kernel.money import Money
from tests.support.institutions import JINAN
from tests.support.settlement import settled
from tests.support.visit import admitted, charged, discharged, line
from tests.support.world import Client, World

RECONCILIATIONS = "/v1/reconciliations"


def row_of(settlement: dict[str, Any], **other: Any) -> dict[str, Any]:
    """Return a settlement as a row of the sender's books."""
    told = {"settlement": settlement["number"], "total": settlement["total"]}
    return told | {"fund": settlement["fund"]} | other


def day_of(day: str, rows: Sequence[dict[str, Any]], **other: Any) -> dict[str, Any]:
    """Return the body that compares a day by its totals and rows."""
    return {
        "day": day,
        "count": len(rows),
        "total": str(Money.total(Money.yuan(row["total"]) for row in rows)),
        "fund": str(Money.total(Money.yuan(row["fund"]) for row in rows)),
        "rows": list(rows),
    } | other


async def settlements_on(world: World, day: str, count: int) -> list[dict[str, Any]]:
    """Settle stays of 10.00 on a day and return the settlements."""
    world.clock.set_day(day)
    return [await settled(world, await ready_on(world, day)) for _ in range(count)]


async def ready_on(world: World, day: str) -> str:
    """Bring a stay of a day to where it can be settled."""
    visit = await admitted(world, admitted_at=f"{day}T08:30:00+08:00")
    await charged(world, visit, line("1", occurred_at=f"{day}T08:40:00+08:00"))
    await discharged(world, visit)
    return visit


async def compare(sender: Client, body: dict[str, Any]) -> dict[str, Any]:
    """Compare a day and return the answer."""
    answer = await sender.post(RECONCILIATIONS, body)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def repair(
    world: World, number: str, row: int, act: str, *, by: Client | None = None, **other: Any
) -> httpx.Response:
    """Ask for a repair."""
    sender = by or world.institution(JINAN)
    return await sender.post(
        f"{RECONCILIATIONS}/{number}/repairs", {"row": row, "act": act} | other
    )


async def shown(world: World, number: str) -> dict[str, Any]:
    """Return a reconciliation as it stands."""
    answer = await world.institution(JINAN).get(f"{RECONCILIATIONS}/{number}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def standing(sender: Client, **asked: Any) -> dict[str, Any]:
    """Ask whether a party is clean."""
    answer = await sender.get(f"{RECONCILIATIONS}/open", **asked)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())
