"""Verbs for clearings: arrange settlements as rows with their entries, run, and recompute."""

from __future__ import annotations

import hashlib
import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, time
from typing import Any

import httpx
import sqlalchemy as sa

from app.kernel.calendar import CHINA
from app.kernel.money import Money
from app.ledger.entries import settlement_booked
from app.settlement.tables import settlement
from tests.support.ledger import booked
from tests.support.world import Client, World

_IDS = itertools.count(1_000_000)


@dataclass(frozen=True, slots=True)
class Arranged:
    """A settlement that clearing can find; below zero it is a cancellation."""

    insured: str
    treatment: str
    fund: int
    day: date
    total: int | None = None
    scheme: str = "cross_province"

    def row(self) -> dict[str, object]:
        """Return the columns that clearing reads; the others only satisfy the table."""
        n = next(_IDS)
        place = self.treatment
        total = self.fund if self.total is None else self.total
        return {
            "number": f"A{place}{self.day:%y%m%d}{n:07d}",
            "visit_id": n,
            "kind": "settlement" if total >= 0 else "cancellation",
            "cancels": None if total >= 0 else n,
            "settled_at": datetime.combine(self.day, time(9), CHINA),
            "business_day": self.day,
            "month": f"{self.day:%Y-%m}",
            "institution": f"H{place[:4]}0000001",
            "worker_id": n,
            "filing_id": n,
            "insured_region": self.insured,
            "treatment_region": place,
            "insured_place": self.insured,
            "treatment_place": place,
            "scheme": self.scheme,
            "cost_kind": "medical",
            "line_count": 1,
            "total_fen": total,
            "fund_fen": self.fund,
            "own_fen": total - self.fund,
            "policy_version": "test",
            "confirmed_on": self.day,
            "adjustment": False,
        }


async def arranged(world: World, *wanted: Arranged) -> list[str]:
    """Keep settlements as if they had been settled, with their entries; return their numbers.

    Visits and workers are left out: nothing in a clearing looks at them.
    """
    rows = [each.row() for each in wanted]
    async with world.tx() as tx:
        await tx.exec_driver_sql("SET LOCAL session_replication_role = replica")
        await tx.execute(settlement.insert(), rows)
    numbers = [str(row["number"]) for row in rows]
    entries = [
        settlement_booked(
            number,
            each.day,
            each.insured,
            each.treatment,
            f"H{each.treatment[:4]}0000001",
            Money(each.fund),
        )
        for number, each in zip(numbers, wanted, strict=True)
    ]
    await booked(world, entries)
    return numbers


async def run(world: World, period: str, scheme: str = "cross_province") -> httpx.Response:
    """Run a clearing as the operator."""
    asked = {"scheme": scheme, "period": period}
    return await world.operator.post("/v1/clearings", asked)


async def cleared(world: World, period: str, scheme: str = "cross_province") -> str:
    """Run a clearing and return its number."""
    answer = await run(world, period, scheme)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])


async def all_items(client: Client, number: str, **asked: Any) -> list[dict[str, Any]]:
    """Read every page of a clearing's settlements."""
    found: list[dict[str, Any]] = []
    while True:
        answer = await client.get(f"/v1/clearings/{number}/items", **asked, limit=3)
        assert answer.status_code == 200, answer.text
        page = answer.json()
        found += page["items"]
        if page["next"] is None:
            return found
        asked["cursor"] = page["next"]


def root_of(items: Sequence[dict[str, Any]]) -> str:
    """Recompute a claim's root from the items, as the interface's description says."""

    def fen(yuan: str) -> int:
        return int(yuan.replace(".", ""))

    lines = [f"{it['number']} {fen(it['total'])} {fen(it['fund'])}" for it in items]
    return hashlib.sha256("\n".join(lines).encode()).hexdigest()


async def periods_of(world: World, numbers: Sequence[str]) -> list[str | None]:
    """Tell in which clearing each settlement is."""
    async with world.tx() as tx:
        rows = await tx.execute(
            sa.select(settlement.c.number, settlement.c.clearing).where(
                settlement.c.number.in_(numbers)
            )
        )
        found = {row.number: row.clearing for row in rows}
    return [found[number] for number in numbers]
