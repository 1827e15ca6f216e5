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

from app.catalogues.model import CatalogueKind
from app.kernel.calendar import CHINA
from app.kernel.money import Money
from app.ledger.entries import deduction_made, settlement_booked
from app.settlement.tables import cleared_month, settlement
from tests.support.catalogues import edition, item, loaded
from tests.support.entitlement import registered
from tests.support.filing import filed
from tests.support.institutions import JINAN, seeded_institutions
from tests.support.ledger import booked
from tests.support.world import Client, World

DRUG = "D000001"
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
    month: str | None = None  # where it is not the day's own

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
            "month": self.month or f"{self.day:%Y-%m}",
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
            "message_key": f"test-{n}",
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


async def deducted(world: World, settlement: str, yuan: int, month: str) -> str:
    """Keep a final deduction of a month with its entry, as review makes it; return its number."""
    place = settlement[1:7]
    number = f"K{place}{month[2:4]}{month[5:7]}01{next(_IDS):07d}"
    keep = sa.text(
        """
        INSERT INTO deduction (number, settlement_id, settlement, institution, insured_region,
            treatment_region, insured_place, treatment_place, scheme, reason, note, proposed_fen,
            amount_fen, state, proposed_at, proposed_by, appeal_by, final_at, month,
            policy_version)
        SELECT :number, id, number, institution, insured_region, treatment_region, insured_place,
               treatment_place, scheme, 'overcharged', '超标准收费', :fen, :fen, 'final',
               settled_at, 'test', business_day, settled_at, :month, 'test'
          FROM settlement WHERE number = :settlement
        RETURNING appeal_by, insured_place, treatment_place, institution
        """
    )
    row = {"number": number, "fen": yuan * 100, "month": month, "settlement": settlement}
    async with world.tx() as tx:
        it = (await tx.execute(keep, row)).one()
    pair = (it.insured_place, it.treatment_place)
    amount = Money(yuan * 100)
    entry = deduction_made(number, it.appeal_by, *pair, it.institution, amount)
    await booked(world, [entry])
    return number


async def run(world: World, period: str, scheme: str = "cross_province") -> httpx.Response:
    """Run a clearing as the operator."""
    asked = {"scheme": scheme, "period": period}
    return await world.operator.post("/v1/clearings", asked)


async def cleared(world: World, period: str, scheme: str = "cross_province") -> str:
    """Run a clearing and return its number."""
    answer = await run(world, period, scheme)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])


def digest_of(claim: dict[str, Any]) -> dict[str, Any]:
    """Return the three figures by which a claim is confirmed."""
    totals = claim["totals"]
    return {
        "settlements": totals["settlements"],
        "fund": totals["fund"],
        "root": claim["root"],
    }


def claim_path(number: str, claim: dict[str, Any]) -> str:
    """Return where a claim is found."""
    pair = f"{claim['insured_place']}/{claim['treatment_place']}"
    return f"/v1/clearings/{number}/claims/{pair}"


async def all_claims(world: World, number: str) -> list[dict[str, Any]]:
    """Read every claim of a clearing with what was said of it."""
    answer = await world.operator.get(f"/v1/clearings/{number}/claims", limit=200)
    assert answer.status_code == 200, answer.text
    return list(answer.json()["items"])


async def confirmed(world: World, number: str) -> None:
    """Let both sides confirm, by digest, every claim they have not confirmed."""
    for it in await all_claims(world, number):
        claim = it["claim"]
        for side in ("insured", "treatment"):
            if it[side] is not None:
                continue
            path = f"{claim_path(number, claim)}/confirmations"
            answer = await world.agency(claim[f"{side}_place"]).post(path, digest_of(claim))
            assert answer.status_code == 201, answer.text


async def noticed(world: World, number: str) -> dict[str, Any]:
    """Let both sides confirm everything, and issue the notices."""
    await confirmed(world, number)
    answer = await world.operator.post(f"/v1/clearings/{number}/notices")
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


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
            sa.select(settlement.c.number, cleared_month.c.clearing)
            .outerjoin(
                cleared_month,
                (cleared_month.c.scheme == settlement.c.scheme)
                & (cleared_month.c.month == settlement.c.month),
            )
            .where(settlement.c.number.in_(numbers))
        )
        found = {row.number: row.clearing for row in rows}
    return [found[number] for number in numbers]


async def a_hospital_with_one_drug(world: World) -> None:
    """Load the institutions, and a list for Shandong with one drug on it."""
    await seeded_institutions(world, "institutions.csv")
    heading = edition(place="370000", kind=CatalogueKind.DRUG)
    await loaded(world, heading, [item(DRUG)])


async def ready_to_settle(world: World, yuan: int) -> str:
    """Bring a Beijing worker's stay in Jinan to its discharge; return the visit's number."""
    worker = await registered(world)
    await filed(world, worker)
    hospital = world.institution(JINAN)
    moment = world.clock.now.isoformat()
    admission = {
        "kind": "inpatient",
        "cost_kind": "medical",
        "worker": worker.claim(),
        "admitted_at": moment,
        "admission_no": f"ZY-{yuan}",
        "department": "骨科",
        "physician": "示例医师",
        "diagnoses": [{"code": "S82.201", "name": "胫骨干骨折", "main": True}],
    }
    answer = await hospital.post("/v1/visits", admission)
    assert answer.status_code == 201, answer.text
    visit = str(answer.json()["number"])
    line = {
        "serial": "1",
        "category": "drug",
        "item_code": DRUG,
        "item_name": "示例药品",
        "quantity": "1",
        "unit_price": f"{yuan}.00",
        "amount": f"{yuan}.00",
        "occurred_at": moment,
        "injury_related": True,
    }
    answer = await hospital.post(f"/v1/visits/{visit}/lines", {"lines": [line]})
    assert answer.is_success, answer.text
    left = {"discharged_at": moment, "way": "advised"}
    answer = await hospital.post(f"/v1/visits/{visit}/discharge", left)
    assert answer.is_success, answer.text
    return visit


async def settled(world: World, visit: str, yuan: int) -> str:
    """Settle a visit as its hospital; return the settlement's number."""
    hospital = world.institution(JINAN)
    answer = await hospital.post(f"/v1/visits/{visit}/settle", {"total": f"{yuan}.00"})
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])
