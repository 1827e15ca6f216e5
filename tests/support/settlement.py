"""Settlements for tests: visits made ready to settle, settled and cancelled."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from typing import Any

import httpx

from tests.support.entitlement import KnownWorker
from tests.support.institutions import JINAN
from tests.support.visit import VISITS, admitted, charged, discharged, line
from tests.support.world import World, open_world

SETTLEMENTS = "/v1/settlements"


async def ready(world: World, worker: KnownWorker | None = None, *lines: dict[str, Any]) -> str:
    """Bring a stay to the day it can be settled; by default with one line of 10.00."""
    visit = await admitted(world, worker)
    await charged(world, visit, *(lines or (line("1"),)))
    await discharged(world, visit)
    return visit


async def settle(
    world: World,
    visit: str,
    total: str = "10.00",
    *,
    institution: str = JINAN,
    key: str | None = None,
    **other: Any,
) -> httpx.Response:
    """Ask for a settlement."""
    body = {"total": total} | other
    return await world.institution(institution).post(f"{VISITS}/{visit}/settle", body, key=key)


async def settled(
    world: World, visit: str, total: str = "10.00", institution: str = JINAN
) -> dict[str, Any]:
    """Settle a visit and return the answer."""
    answer = await settle(world, visit, total, institution=institution)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def cancel(
    world: World, settlement: str, institution: str = JINAN, **other: Any
) -> httpx.Response:
    """Ask for a cancellation."""
    return await world.institution(institution).post(f"{SETTLEMENTS}/{settlement}/cancel", other)


async def cancelled(
    world: World, settlement: str, institution: str = JINAN, **other: Any
) -> dict[str, Any]:
    """Cancel a settlement and return the answer."""
    answer = await cancel(world, settlement, institution, **other)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def preview(world: World, visit: str, institution: str = JINAN) -> httpx.Response:
    """Ask what a settlement would decide."""
    return await world.institution(institution).post(f"{VISITS}/{visit}/preview")


async def bill(world: World, settlement: str) -> dict[str, dict[str, Any]]:
    """Return the decided lines of a settlement by serial."""
    answer = await world.operator.get(f"{SETTLEMENTS}/{settlement}")
    assert answer.status_code == 200, answer.text
    return {it["serial"]: it for it in answer.json()["lines"]}


@asynccontextmanager
async def at_the_door(world: World, database_url: str) -> AsyncIterator[World]:
    """The same hub with its lane closed."""
    async with open_world(database_url, lane_calls=0) as other:
        other.keys = world.keys
        other.clock.now = world.clock.now
        yield other
