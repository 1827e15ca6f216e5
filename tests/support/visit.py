"""Visits for tests: admissions, fee lines and everything they need beforehand."""

from __future__ import annotations

from typing import Any

import httpx
import sqlalchemy as sa

from tests.support.catalogues import load_made_up
from tests.support.entitlement import KnownWorker, registered
from tests.support.filing import filed
from tests.support.institutions import JINAN, JINAN_DEVICES, seeded_institutions
from tests.support.world import World

VISITS = "/v1/visits"
DIAGNOSIS = {"code": "S82.201", "name": "胫骨干骨折", "main": True}
KINDS = ("injury", "rehabilitation", "device")
COSTS = ["medical", "rehabilitation", "device"]


async def road(world: World) -> None:
    """Lay the road: places, institutions, and the lists of Beijing and Shandong."""
    await seeded_institutions(world)
    for place in ("110000", "370000"):
        await load_made_up(world, place)


async def ready_worker(world: World, region: str = "110000", **filing: Any) -> KnownWorker:
    """Register a worker with every determination and a filing to Jinan for every cost."""
    worker = await registered(world, region, KINDS)
    await filed(world, worker, **({"cost_kinds": COSTS} | filing))
    return worker


def admission(known: KnownWorker, /, **other: Any) -> dict[str, Any]:
    """Return the body of POST /v1/visits: an inpatient stay for the injury."""
    return {
        "kind": "inpatient",
        "cost_kind": "medical",
        "worker": known.claim(),
        "admitted_at": "2025-09-01T08:30:00+08:00",
        "admission_no": "ZY0001",
        "department": "骨科",
        "physician": "示例医师",
        "diagnoses": [DIAGNOSIS],
    } | other


async def admit(
    world: World, known: KnownWorker, institution: str = JINAN, /, **other: Any
) -> httpx.Response:
    """Ask for an admission."""
    return await world.institution(institution).post(VISITS, admission(known, **other))


async def admitted(
    world: World, worker: KnownWorker | None = None, institution: str = JINAN, **other: Any
) -> str:
    """Admit somebody and return the visit's number."""
    answer = await admit(world, worker or await ready_worker(world), institution, **other)
    assert answer.status_code == 201, answer.text
    return str(answer.json()["number"])


async def fitted(world: World, worker: KnownWorker | None = None, **other: Any) -> str:
    """Begin the fitting of a device and return the visit's number."""
    asked = {"kind": "fitting", "cost_kind": "device"} | other
    return await admitted(world, worker, JINAN_DEVICES, **asked)


def line(serial: str, /, **other: Any) -> dict[str, Any]:
    """Return a fee line: ten of something in no catalogue's way, for 10.00 each."""
    return {
        "serial": serial,
        "category": "drug",
        "item_code": "D010001",
        "item_name": "注射用头孢唑林钠",
        "quantity": "10",
        "unit_price": "1.00",
        "amount": "10.00",
        "occurred_at": "2025-09-01T08:40:00+08:00",
        "injury_related": True,
    } | other


def refund(serial: str, of: str, /, **other: Any) -> dict[str, Any]:
    """Return a line that takes back all of `line`."""
    return line(serial, refund_of=of, quantity="-10", amount="-10.00") | other


async def upload(
    world: World, visit: str, *lines: dict[str, Any], institution: str = JINAN
) -> httpx.Response:
    """Upload a call of lines."""
    return await world.institution(institution).post(f"{VISITS}/{visit}/lines", {"lines": lines})


async def charged(
    world: World, visit: str, *lines: dict[str, Any], institution: str = JINAN
) -> dict[str, Any]:
    """Upload lines that are taken in, and return the answer."""
    answer = await upload(world, visit, *lines, institution=institution)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def discharged(world: World, visit: str, institution: str = JINAN) -> None:
    """Discharge the worker."""
    answer = await world.institution(institution).post(
        f"{VISITS}/{visit}/discharge",
        {"discharged_at": world.clock.now.isoformat(), "way": "advised"},
    )
    assert answer.status_code == 200, answer.text


async def rows(world: World, statement: str, **binds: object) -> list[Any]:
    """Look at rows, or arrange them, as the owner of the database."""
    async with world.tx() as tx:
        found = await tx.execute(sa.text(statement), binds)
        return list(found) if found.returns_rows else []


def codes(answer: httpx.Response) -> list[str]:
    """Return every refusal of an answer, in order."""
    body = answer.json()
    return [body["code"], *(other["code"] for other in body.get("also", []))]


def faults(answer: httpx.Response) -> list[tuple[int, str, str]]:
    """Return index, field and code of every faulty line."""
    assert answer.json()["code"] == "lines-refused", answer.text
    return [(it["index"], it["field"], it["code"]) for it in answer.json()["lines"]]
