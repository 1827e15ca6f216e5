"""Filings for tests: what is asked for, and filings in any state."""

from __future__ import annotations

from typing import Any

from tests.support.entitlement import KnownWorker, registered
from tests.support.world import World

FILINGS = "/v1/filings"


def wish(**other: Any) -> dict[str, Any]:
    """Return what is to be filed: residence in Jinan for medical costs."""
    return {"kind": "residence", "treatment_region": "370100", "cost_kinds": ["medical"]} | other


async def filed(
    world: World, worker: KnownWorker | None = None, region: str = "110000", **other: Any
) -> dict[str, Any]:
    """Let the insured agency upload a filing; it is approved at once."""
    someone = worker or await registered(world, region)
    agency = world.agency(someone.person.region)
    answer = await agency.post(FILINGS, wish(worker=someone.number, **other))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def submitted(
    world: World, worker: KnownWorker | None = None, region: str = "110000", **other: Any
) -> dict[str, Any]:
    """Let a channel submit a filing; it waits for the insured agency."""
    someone = worker or await registered(world, region)
    answer = await world.channel().post(FILINGS, wish(claim=someone.claim(), **other))
    assert answer.status_code == 201, answer.text
    return dict(answer.json())
