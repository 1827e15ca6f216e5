"""Identifications for tests: asked over HTTP, or put into one call of the desk's lane together."""

from __future__ import annotations

from typing import Any

import httpx
import sqlalchemy as sa

from app.runtime.auth import Caller
from app.visit.schemas import IdentificationView, IdentityIn
from app.visit.service.desk import Identifying
from app.visit.store.desk import Asked
from tests.support.entitlement import KnownWorker
from tests.support.institutions import JINAN
from tests.support.world import World

IDENTIFY = "/v1/workers/identify"
LEFT = "SELECT * FROM audit_trail WHERE request = :request ORDER BY seq"


async def identify(
    world: World, claim: object, institution: str = JINAN, **more: Any
) -> httpx.Response:
    """Ask who stands at the desk."""
    return await world.institution(institution).post(IDENTIFY, claim, **more)


def carried(world: World) -> tuple[float, float]:
    """How many the desk's lane carried, and how many it left to the door."""
    registry = world.app.state.metrics.registry
    counts = [
        registry.get_sample_value("hub_desk_lane_total", {"outcome": outcome})
        for outcome in ("carried", "left")
    ]
    return counts[0], counts[1]


def asked(
    world: World,
    worker: KnownWorker,
    request: str,
    caller: Caller | None = None,
    **claim: Any,
) -> Asked:
    """Return what the edge makes of a plain identification."""
    who = caller or world.institution(JINAN).caller
    return Asked(who, request, IdentityIn(**worker.claim(**claim)).claim())


def identifying(world: World) -> Identifying:
    """Return what carries the lane's calls."""
    return Identifying(world.hub, lambda it: IdentificationView.of(it).model_dump_json().encode())


async def traces(world: World, request: str) -> list[dict[str, Any]]:
    """Read what a request left on the trail, but for the line's own number."""
    async with world.tx() as tx:
        rows = (await tx.execute(sa.text(LEFT), {"request": request})).mappings()
        return [{name: it for name, it in row.items() if name != "seq"} for row in rows]
