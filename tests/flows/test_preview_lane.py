"""A preview in the lane is the one at the route: the same bytes, the same trace, nothing else."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from tests.flows.test_lane import BILLS
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.lane import NUMBER, carried
from tests.support.settlement import at_the_door, preview, ready, settled
from tests.support.visit import VISITS, admitted, charged, fitted, line, road
from tests.support.world import World

LANE = "hub_preview_lane"
TRAIL = """
    SELECT at, party, client, action, subject, facts, message FROM audit_trail
     WHERE subject = :visit AND action = 'settlement.preview' ORDER BY seq
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


async def trail(world: World, visit: str) -> list[dict[str, Any]]:
    async with world.tx() as tx:
        rows = (await tx.execute(sa.text(TRAIL), {"visit": visit})).mappings()
        return [dict(row) for row in rows]


@pytest.mark.parametrize("bill", BILLS.values(), ids=BILLS)
async def test_a_preview_in_the_lane_says_what_the_route_says_and_leaves_the_same_trace(
    world: World, database_url: str, bill: tuple[dict[str, Any], ...]
) -> None:
    visit = await ready(world, None, *bill)
    before = carried(world, LANE)
    in_lane = await preview(world, visit)
    assert carried(world, LANE) == (before[0] + 1, before[1])
    (trace,) = await trail(world, visit)
    async with at_the_door(world, database_url) as door:
        answer = await preview(door, visit)
    assert (in_lane.status_code, in_lane.content) == (answer.status_code, answer.content)
    assert set(in_lane.headers) == set(answer.headers)
    assert await trail(world, visit) == [trace, trace]
    assert trace["facts"]["worker"]


async def test_many_are_previewed_together_and_each_sees_its_own(world: World) -> None:
    small = [await ready(world) for _ in range(4)]
    large = [await ready(world, None, line("1"), line("2")) for _ in range(4)]
    before = carried(world, LANE)
    answers = await asyncio.gather(*(preview(world, visit) for visit in (*small, *large, *small)))
    assert [it.json()["visit"] for it in answers] == [*small, *large, *small]
    assert [it.json()["total"] for it in answers] == ["10.00"] * 4 + ["20.00"] * 4 + ["10.00"] * 4
    assert carried(world, LANE) == (before[0] + 12, before[1])
    assert [len(await trail(world, visit)) for visit in (*small, *large)] == [2] * 4 + [1] * 4


async def test_a_visit_that_is_still_open_is_previewed_in_the_lane(world: World) -> None:
    visit = await admitted(world)
    await charged(world, visit, line("1"))
    before = carried(world, LANE)
    assert (await preview(world, visit)).json()["fund"] == "10.00"
    assert carried(world, LANE) == (before[0] + 1, before[1])


async def test_what_cannot_be_previewed_is_refused_by_the_route_and_its_neighbours_are_not(
    world: World, database_url: str
) -> None:
    good, done = await ready(world), await ready(world)
    await settled(world, done)
    empty = await admitted(world)
    device = await fitted(world)
    one = line("1", category="device", item_code="F010101", item_name="假肢")
    await charged(world, device, one, institution=JINAN_DEVICES)
    odd = [(done, JINAN), (empty, JINAN), (good, JINAN_DEVICES), (device, JINAN_DEVICES)]

    async def ask(at: World) -> list[tuple[int, str]]:
        asked = ((visit, at.institution(code)) for visit, code in (*odd, (good, JINAN)))
        paths = [(it, f"{VISITS}/{visit}/preview") for visit, it in asked]
        answers = await asyncio.gather(
            *(at.http.post(path, headers=it.headers("")) for it, path in paths)
        )
        said = [it.json() | {"instance": None} for it in answers]
        return [(it.status_code, str(body)) for it, body in zip(answers, said, strict=True)]

    before = carried(world, LANE)
    in_lane = await ask(world)
    assert carried(world, LANE) == (before[0] + 1, before[1] + 4)
    async with at_the_door(world, database_url) as door:
        assert await ask(door) == in_lane
    assert [status for status, _ in in_lane] == [409, 422, 404, 200, 200]
    assert NUMBER.search(in_lane[-1][1])


async def test_a_preview_with_something_beside_it_goes_to_the_route(world: World) -> None:
    visit = await ready(world)
    his, path = world.institution(JINAN), f"{VISITS}/{visit}/preview"
    before = carried(world, LANE)
    more: tuple[dict[str, Any], ...] = ({"content": b"{}"}, {"params": {"a": "b"}})
    answers = [await world.http.post(path, headers=his.headers(""), **it) for it in more]
    nobody = await world.http.post(path, headers={"Authorization": "Bearer nonsense"})
    agency = await world.http.post(path, headers=world.agency("110000").headers(""))
    assert [it.status_code for it in answers] == [200, 200]
    assert (nobody.status_code, agency.status_code) == (401, 403)
    assert carried(world, LANE) == before
