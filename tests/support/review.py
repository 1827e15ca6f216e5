"""Reconciliations and reviews for tests: a hospital's own books, its days and its months."""

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
DEDUCTIONS, REVIEWS = "/v1/deductions", "/v1/reviews"
SHANDONG = "370000"


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


# ── the month's review ──


def off(settlement: str, amount: str, **other: Any) -> dict[str, Any]:
    """Return one deduction as it is proposed."""
    told = {"settlement": settlement, "amount": amount, "reason": "overcharged"}
    return told | {"note": "与物价标准不符"} | other


async def propose(world: World, *items: dict[str, Any], by: Client | None = None) -> httpx.Response:
    """Ask for deductions."""
    agency = by or world.agency(SHANDONG)
    return await agency.post(DEDUCTIONS, {"items": list(items)})


async def deducted(world: World, settlement: str, amount: str, **other: Any) -> dict[str, Any]:
    """Propose one deduction and return it."""
    answer = await propose(world, off(settlement, amount, **other))
    assert answer.status_code == 201, answer.text
    return dict(answer.json()["items"][0])


async def appeal(world: World, number: str, institution: str = JINAN) -> httpx.Response:
    """Appeal against a deduction."""
    sender = world.institution(institution)
    return await sender.post(f"{DEDUCTIONS}/{number}/appeal", {"note": "附病历，费用合理"})


async def decide(
    world: World, number: str, decision: str, *, by: Client | None = None, **other: Any
) -> httpx.Response:
    """Decide on a deduction."""
    agency = by or world.agency(SHANDONG)
    body = {"decision": decision, "note": "经复核"} | other
    return await agency.post(f"{DEDUCTIONS}/{number}/decision", body)


async def given_back(world: World, number: str) -> httpx.Response:
    """Give a final deduction back."""
    path = f"{DEDUCTIONS}/{number}/return"
    return await world.agency(SHANDONG).post(path, {"note": "扣款有误"})


async def deduction(world: World, number: str) -> dict[str, Any]:
    """Read a deduction."""
    answer = await world.operator.get(f"{DEDUCTIONS}/{number}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def upheld(world: World, settlement: str, amount: str) -> dict[str, Any]:
    """Propose a deduction, have it appealed against, and uphold it: it is final."""
    number = (await deducted(world, settlement, amount))["number"]
    assert (await appeal(world, number)).status_code == 201
    answer = await decide(world, number, "upheld")
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def close(world: World, month: str, place: str = SHANDONG, **other: Any) -> httpx.Response:
    """Ask for a month to be closed."""
    return await world.agency(place).post(REVIEWS, {"place": place, "month": month} | other)


async def closed(world: World, month: str, place: str = SHANDONG, **other: Any) -> dict[str, Any]:
    """Close a month and return its statement."""
    answer = await close(world, month, place, **other)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def pay(
    world: World, amount: str, bank_reference: str, institution: str = JINAN, **other: Any
) -> httpx.Response:
    """Record a payment to an institution."""
    body = {
        "place": SHANDONG,
        "institution": institution,
        "amount": amount,
        "bank_reference": bank_reference,
        "paid_on": f"{world.clock.now:%Y-%m-%d}",
    }
    return await world.agency(SHANDONG).post(f"{REVIEWS}/payments", body | other)
