"""What old hospital software settles takes the lane as well, and leaves what the door leaves."""

from __future__ import annotations

import asyncio
import re
from typing import Any

import pytest
import pytest_asyncio

from app.settlement.store import lane as store
from tests.support.gateway import Gateway, bill, hospital, ready
from tests.support.institutions import JINAN
from tests.support.lane import NUMBER, carried, left
from tests.support.ledger import proven
from tests.support.settlement import at_the_door
from tests.support.visit import ready_worker, road
from tests.support.world import World, open_world

REFERENCE = re.compile(r'"inf_refmsgid":"\d+"')
SIGN_IN = {"signIn": {"opter_no": "0017", "mac": "00-00-00-00-00-00", "ip": "127.0.0.1"}}
LONGER = re.compile(r"number\d+")  # a message's id begins as a number does


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


async def asking(his: Gateway, **other: object) -> dict[str, object]:
    """A visit ready to be settled, and the message that asks for it."""
    worker = await ready_worker(his.world)
    visit = await ready(his, worker)
    return his.envelope("2304", bill(visit, worker.number, **other))


def alike(text: str) -> str:
    """Make two answers comparable: numbers and ids differ, nothing else may."""
    return REFERENCE.sub("", LONGER.sub("id", NUMBER.sub("number", text)))


async def test_what_the_lane_keeps_of_a_2304_is_what_the_door_keeps(
    world: World, database_url: str
) -> None:
    his = hospital(world)
    one, other = await asking(his), await asking(his)
    before = carried(world)
    in_lane = await his.post(one)
    assert in_lane.json()["infcode"] == 0, in_lane.text
    assert carried(world) == (before[0] + 1, before[1])
    async with at_the_door(world, database_url) as door:
        answer = await Gateway(door, his.client).post(other)
    assert alike(in_lane.text) == alike(answer.text)
    assert set(in_lane.headers) == set(answer.headers)
    rows = [
        await left(world, it.json()["output"]["setlinfo"]["setl_id"]) for it in (in_lane, answer)
    ]
    for found in rows:
        assert all(found.values())
        for message in found["message"]:
            message["body"] = alike(message["body"])
    assert rows[0] == rows[1]
    assert rows[0]["message"][0]["action"] == "gateway 2304"


async def test_both_faces_settle_in_one_call_and_each_is_answered_as_it_asked(
    world: World,
) -> None:
    his = hospital(world)
    messages = [await asking(his) for _ in range(6)]
    before = carried(world)
    answers = await asyncio.gather(*(his.post(message) for message in messages))
    assert {answer.json()["infcode"] for answer in answers} == {0}
    numbers = {it.json()["output"]["setlinfo"]["setl_id"] for it in answers}
    assert len(numbers) == 6
    assert carried(world) == (before[0] + 6, before[1])
    again = [await his.post(message) for message in messages]
    assert [it.content for it in again] == [it.content for it in answers]
    assert {it.headers["Idempotency-Replayed"] for it in again} == {"true"}
    assert (await proven(world)).holds


async def test_a_2304_that_names_another_worker_is_refused_by_the_door(world: World) -> None:
    his, other = hospital(world), await ready_worker(world)
    message = await asking(his, psn_no=other.number)
    before = carried(world)
    refused = (await his.post(message)).json()
    assert refused["output"]["errors"][0]["code"] == "PERSON_NOT_FOUND"
    assert carried(world) == (before[0], before[1] + 1)


async def test_another_total_is_refused_by_the_door_and_the_right_one_settles(
    world: World,
) -> None:
    his = hospital(world)
    message = await asking(his)
    data = dict(message["input"]["data"])  # type: ignore[index]  # our own envelope
    wrong = his.envelope("2304", {"data": {**data, "medfee_sumamt": "11.00"}})
    before = carried(world)
    assert (await his.post(wrong)).json()["output"]["errors"][0]["code"] == "TOTAL_MISMATCH"
    assert (await his.post(message)).json()["infcode"] == 0
    assert carried(world) == (before[0] + 1, before[1] + 1)


@pytest.mark.parametrize("after", [False, True], ids=["before it was kept", "after it was kept"])
async def test_a_2304_that_the_lane_loses_is_answered_by_the_door_and_settles_once(
    world: World, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    keep = store.keep

    async def breaking(*given: Any) -> Any:
        if after:
            await keep(*given)
        raise ConnectionResetError

    his = hospital(world)
    messages = [await asking(his) for _ in range(3)]
    monkeypatch.setattr(store, "keep", breaking)
    answers = await asyncio.gather(*(his.post(message) for message in messages))
    monkeypatch.undo()
    assert {it.json()["infcode"] for it in answers} == {0}
    assert ["Idempotency-Replayed" in it.headers for it in answers] == [after] * 3
    again = [await his.post(message) for message in messages]
    assert [it.content for it in again] == [it.content for it in answers]
    assert (await proven(world)).holds


async def test_amounts_as_text_and_unknown_fields_are_told_in_the_lane_as_at_the_door(
    database_url: str, world: World
) -> None:
    strict: dict[str, Any] = {"gateway_strict": True, "gateway_text_amounts": {JINAN}}
    told = []
    for calls in (2, 0):
        async with open_world(database_url, lane_calls=calls, **strict) as other:
            other.keys, other.clock.now = world.keys, world.clock.now
            his = hospital(other)
            his.sign_no = (await his.done("9001", SIGN_IN))["signinoutb"]["sign_no"]
            message = await asking(his, odd_field="1")
            answer = await his.post(message)
            assert answer.json()["infcode"] == 0, answer.text
            told.append(alike(answer.text))
            if calls:
                assert carried(other) == (1, 0)
    assert told[0] == told[1]
    assert "odd_field" in told[0]
