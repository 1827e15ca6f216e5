"""Repairs of one difference at once, and days compared while they are settled."""

from __future__ import annotations

import asyncio

import pytest_asyncio

from tests.support.institutions import JINAN
from tests.support.ledger import proven
from tests.support.review import (
    RECONCILIATIONS,
    compare,
    day_of,
    ready_on,
    repair,
    settlements_on,
    shown,
    standing,
)
from tests.support.settlement import SETTLEMENTS, settle
from tests.support.visit import road
from tests.support.world import World

DAY, OTHER_DAY = "2025-09-03", "2025-09-10"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


async def test_a_difference_reversed_by_ten_hands_is_undone_once(world: World) -> None:
    (one,) = await settlements_on(world, DAY, 1)
    found = await compare(world.institution(JINAN), day_of(DAY, []))
    answers = await asyncio.gather(
        *(repair(world, found["number"], 1, "reverse") for _ in range(10))
    )
    assert sorted(it.status_code for it in answers) == [201, *[409] * 9]
    rows = (await world.operator.get(SETTLEMENTS, visit=one["visit"])).json()["items"]
    assert [it["kind"] for it in rows] == ["settlement", "cancellation"]
    assert (await shown(world, found["number"]))["state"] == "clean"
    assert (await proven(world)).holds


async def test_a_repair_and_a_reversal_of_its_message_undo_once(world: World) -> None:
    (one,) = await settlements_on(world, DAY, 1)
    found = await compare(world.institution(JINAN), day_of(DAY, [], cancelled="left_out"))
    lost = found["only_hub"][0]
    repaired, undone = await asyncio.gather(
        repair(world, found["number"], lost["row"], "reverse"),
        world.institution(JINAN).post("/v1/reversals", {"message": lost["message"]}),
    )
    assert repaired.status_code == 201, repaired.text
    assert undone.json()["outcome"] in ("reversed", "already_reversed")
    rows = (await world.operator.get(SETTLEMENTS, visit=one["visit"])).json()["items"]
    assert len(rows) == 2


async def test_what_is_settled_while_a_day_is_compared_is_found_later_never_lost(
    world: World,
) -> None:
    world.clock.set_day(OTHER_DAY)
    sender = world.institution(JINAN)
    visits = [await ready_on(world, OTHER_DAY) for _ in range(4)]
    answers = await asyncio.gather(
        *(settle(world, visit) for visit in visits),
        *(sender.post(RECONCILIATIONS, day_of(OTHER_DAY, [])) for _ in range(4)),
    )
    assert {it.status_code for it in answers} == {201}
    world.clock.advance(days=1)
    open_now = await standing(sender, since=OTHER_DAY)
    assert open_now["clean"] is False
    settled = [it.json() for it in answers[:4]]
    rows = [{name: it[name] for name in ("total", "fund")} for it in settled]
    mine = [row | {"settlement": it["number"]} for row, it in zip(rows, settled, strict=True)]
    assert (await compare(sender, day_of(OTHER_DAY, mine)))["result"] == "equal"
    after = await standing(sender, since=OTHER_DAY)
    assert OTHER_DAY not in [it["day"] for it in after["reconciliations"]]
    assert after["days"] == []
