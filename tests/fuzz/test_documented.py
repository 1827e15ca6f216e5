"""What the document says of the interface as a whole, and what the hub says of itself."""

from __future__ import annotations

import re

import pytest_asyncio

from tests.support.parties import seeded
from tests.support.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def regions_and_parties(world: World) -> None:
    await seeded(world)


async def test_a_wrong_method_is_told_every_method_of_the_path(world: World) -> None:
    told, meant = {}, {}
    for path, operations in world.app.openapi()["paths"].items():
        at = re.sub(r"\{\w+(:path)?\}", "x", path)
        answer = await world.http.request("TRACE", at, headers=world.operator.headers())
        told[path] = (answer.status_code, answer.headers.get("Allow"))
        meant[path] = (405, ", ".join(sorted(it.upper() for it in operations)))
    assert told == meant
