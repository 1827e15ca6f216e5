"""Stays for the client's tests: a Beijing worker with a filing to Jinan, and what is charged."""

from __future__ import annotations

from datetime import datetime
from decimal import Decimal

from hub_client.orders import Admission, Diagnosis, FeeLine, Identity
from tests.support.catalogues import load_made_up
from tests.support.entitlement import KnownWorker, registered
from tests.support.filing import filed
from tests.support.institutions import seeded_institutions
from tests.support.world import START, World

ADMITTED_AT = datetime.fromisoformat("2025-09-01T08:00:00+08:00")
SUPPLIED_AT = datetime.fromisoformat("2025-09-01T08:30:00+08:00")
LEFT_AT = datetime.fromisoformat("2025-09-01T08:45:00+08:00")


async def ready(world: World) -> None:
    """Load everything a stay in Jinan needs."""
    world.clock.now = START
    await seeded_institutions(world)
    for place in ("110000", "370000"):
        await load_made_up(world, place)


async def expected(world: World, *cost_kinds: str) -> KnownWorker:
    """Return a Beijing worker who may be treated in Jinan."""
    kinds = {"medical": "injury", "device": "device"}
    wanted = cost_kinds or ("medical",)
    worker = await registered(world, kinds=[kinds[each] for each in wanted])
    await filed(world, worker, cost_kinds=list(wanted))
    return worker


def identity(worker: KnownWorker) -> Identity:
    """Return what the worker shows at the desk."""
    return Identity(
        certificate_number=worker.person.number,
        name=worker.person.name,
        card_kind="physical",
        card=worker.person.card_number,
    )


def admission(worker: KnownWorker) -> Admission:
    """Return the admission of a worker to the hospital in Jinan."""
    return Admission(
        worker=identity(worker),
        admitted_at=ADMITTED_AT,
        admission_no=f"ZY{worker.number[-7:]}",
        department="骨科",
        physician="示例医师",
        diagnoses=(Diagnosis("S82.201", "胫骨干骨折", True),),  # noqa: FBT003 -- the main one
    )


def lines(count: int, first: int = 1) -> list[FeeLine]:
    """Return charges of two yuan each for a listed drug."""
    return [
        FeeLine(
            serial=f"{number:06d}",
            category="drug",
            item_code="D010001",
            item_name="注射用头孢唑林钠",
            unit="支",
            quantity=Decimal(1),
            unit_price=Decimal("2.00"),
            amount=Decimal("2.00"),
            occurred_at=SUPPLIED_AT,
            injury_related=True,
        )
        for number in range(first, first + count)
    ]
