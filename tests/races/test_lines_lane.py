"""The lane of fee lines among rivals: a line is counted once, whoever comes beside it."""

from __future__ import annotations

import asyncio
import random
from datetime import timedelta
from typing import Any

import httpx
import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.visit.store import lane as store
from tests.support.institutions import JINAN
from tests.support.ledger import proven
from tests.support.settlement import cancel, ready, settle
from tests.support.visit import VISITS, admitted, charged, line, ready_worker, refund, road, upload
from tests.support.world import World, open_world

CALL = tuple(line(str(n)) for n in range(10))


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


def carried(world: World) -> float:
    """How many calls the lane carried."""
    registry = world.app.state.metrics.registry
    return registry.get_sample_value("hub_lines_lane_total", {"outcome": "carried"}) or 0.0


async def held(world: World, visit: str) -> tuple[int, str, list[str]]:
    """What a visit says it holds, and what it holds."""
    client = world.institution(JINAN)
    said = (await client.get(f"{VISITS}/{visit}")).json()
    shown = (await client.get(f"{VISITS}/{visit}/lines")).json()["items"]
    return said["line_count"], said["total"], [it["serial"] for it in shown]


async def persistent(world: World, visit: str, key: str, *lines: dict[str, Any]) -> httpx.Response:
    """Upload as a hospital does: until the hub has said yes or no."""
    client, body = world.institution(JINAN), {"lines": lines}
    for _ in range(1_200):
        answer = await client.post(f"{VISITS}/{visit}/lines", body, key=key)
        if answer.status_code != 503 and answer.json().get("code") != "message-running":
            return answer
        await asyncio.sleep(0.05)
    return answer


async def test_the_same_call_from_many_senders_is_counted_once(world: World) -> None:
    visit = await admitted(world)
    answers = await asyncio.gather(*(upload(world, visit, *CALL) for _ in range(8)))
    assert {it.status_code for it in answers} == {201}
    assert sum(it.json()["accepted"] for it in answers) == 10
    assert sum(it.json()["replayed"] for it in answers) == 70
    assert (await held(world, visit))[:2] == (10, "100.00")


async def test_the_same_message_from_many_senders_is_answered_with_the_same_bytes(
    world: World,
) -> None:
    visit = await admitted(world)
    sent = (persistent(world, visit, f"twin-{visit}", *CALL) for _ in range(8))
    answers = await asyncio.gather(*sent)
    assert {it.content for it in answers} == {answers[0].content}
    assert answers[0].json()["accepted"] == 10
    assert (await held(world, visit))[:2] == (10, "100.00")


async def test_calls_of_one_visit_at_once_leave_no_gap_and_no_double(world: World) -> None:
    visit = await admitted(world)
    calls = [[line(f"{call}-{n}") for n in range(20)] for call in range(8)]
    answers = await asyncio.gather(*(upload(world, visit, *call) for call in calls))
    assert {it.status_code for it in answers} == {201}
    assert sorted(it.json()["line_count"] for it in answers) == list(range(20, 180, 20))
    count, total, serials = await held(world, visit)
    assert (count, total, len(set(serials))) == (160, "1600.00", 160)
    async with world.tx() as tx:
        positions = await tx.scalars(
            sa.text(
                "SELECT position FROM fee_line l JOIN visit v ON v.id = l.visit_id"
                " WHERE v.number = :it ORDER BY position"
            ),
            {"it": visit},
        )
        assert list(positions) == list(range(1, 161))


@pytest.mark.parametrize("after", [False, True], ids=["before it was kept", "after it was kept"])
async def test_a_connection_that_breaks_in_keep_loses_nothing_and_doubles_nothing(
    world: World, monkeypatch: pytest.MonkeyPatch, *, after: bool
) -> None:
    keep = store.keep

    async def breaking(*given: Any) -> Any:
        if after:
            await keep(*given)
        raise ConnectionResetError

    visits = [await admitted(world) for _ in range(4)]
    monkeypatch.setattr(store, "keep", breaking)
    answers = await asyncio.gather(*(upload(world, visit, *CALL) for visit in visits))
    monkeypatch.undo()
    assert {it.status_code for it in answers} == {201}
    assert ["Idempotency-Replayed" in it.headers for it in answers] == [after] * 4
    assert {it.json()["accepted"] for it in answers} == {10}
    assert [(await held(world, visit))[:2] for visit in visits] == [(10, "100.00")] * 4


async def _discharge(world: World, visit: str, _: str) -> httpx.Response:
    yesterday = world.clock.now - timedelta(days=1)
    way = {"discharged_at": yesterday.isoformat(), "way": "advised"}
    return await world.institution(JINAN).post(f"{VISITS}/{visit}/discharge", way)


async def _cancel(world: World, visit: str, _: str) -> httpx.Response:
    return await world.institution(JINAN).post(f"{VISITS}/{visit}/cancel", {})


async def _use_its_serial(world: World, visit: str, _: str) -> httpx.Response:
    return await upload(world, visit, line("9", unit="支"))


async def _use_its_id(world: World, visit: str, elsewhere: str) -> httpx.Response:
    return await persistent(world, elsewhere, f"between-{visit}", line("1"))


BETWEEN = {
    "discharged": (_discharge, "lines-refused", 0),
    "cancelled": (_cancel, "lines-closed", 0),
    "its serial taken": (_use_its_serial, "lines-refused", 1),
    "its id taken": (_use_its_id, "message-id-reused", 0),
}


@pytest.mark.parametrize(("act", "code", "count"), BETWEEN.values(), ids=BETWEEN)
async def test_what_happens_between_look_and_keep_is_met_by_the_door(
    world: World, monkeypatch: pytest.MonkeyPatch, act: Any, code: str, count: int
) -> None:
    visit, elsewhere = await admitted(world), await admitted(world)
    look, begun = store.look, world.clock.now
    acted: list[httpx.Response] = []

    async def look_then_act(*given: Any) -> Any:
        found = await look(*given)
        monkeypatch.undo()
        acted.append(await act(world, visit, elsewhere))
        return found

    world.clock.now = begun + timedelta(days=1)
    sent = line("9", occurred_at=world.clock.now.isoformat())
    monkeypatch.setattr(store, "look", look_then_act)
    before = carried(world)
    try:
        answer = await persistent(world, visit, f"between-{visit}", sent)
    finally:
        world.clock.now = begun
    assert [it.is_success for it in acted] == [True]
    assert answer.json()["code"] == code, answer.text
    assert (await held(world, visit))[0] == count
    assert carried(world) == before + (code == "message-id-reused" or count)


async def test_one_id_for_two_visits_at_once_is_taken_once(world: World) -> None:
    visits = [await admitted(world) for _ in range(6)]
    key = f"one-for-all-{visits[0]}"
    answers = await asyncio.gather(*(persistent(world, it, key, *CALL) for it in visits))
    assert sorted(it.status_code for it in answers) == [201] + [422] * 5
    assert {it.json().get("code") for it in answers} == {None, "message-id-reused"}
    assert sorted([(await held(world, it))[0] for it in visits]) == [0] * 5 + [10]


async def test_no_refund_outlives_its_charge_that_is_removed_at_the_same_moment(
    world: World,
) -> None:
    """No foreign key ties the one to the other: who changes a bill holds its visit."""
    client, chance = world.institution(JINAN), random.Random(3)  # noqa: S311 -- an order of acts
    visits = [await admitted(world) for _ in range(12)]
    acts: list[Any] = []
    for visit in visits:
        await charged(world, visit, line("1"), line("2"))
        acts += [upload(world, visit, refund("3", "1")), client.delete(f"{VISITS}/{visit}/lines/1")]
        acts.append(upload(world, visit, line("4")))
        if chance.random() < 1 / 2:
            acts.append(client.delete(f"{VISITS}/{visit}/lines"))
    chance.shuffle(acts)
    answers = await asyncio.gather(*acts)
    assert {it.status_code for it in answers} <= {200, 201, 404, 409, 422}
    for visit in visits:
        count, _, serials = await held(world, visit)
        assert count == len(serials)
        assert "3" not in serials or "1" in serials
    assert (await proven(world)).holds


async def test_a_visit_that_is_held_waits_alone(world: World) -> None:
    slow, free = await admitted(world), await admitted(world)
    before = carried(world)
    async with world.tx() as tx:
        await tx.execute(sa.text("SELECT FROM visit WHERE number = :it FOR UPDATE"), {"it": slow})
        waiting = asyncio.create_task(upload(world, slow, *CALL))
        await charged(world, free, *CALL)
        assert not waiting.done()
    assert (await waiting).status_code == 201
    assert carried(world) == before + 1


async def test_where_the_lines_are_locked_all_are_told_in_time(
    world: World, database_url: str
) -> None:
    visits = [await admitted(world) for _ in range(6)]
    async with open_world(database_url, request_seconds=0.5, pool_connections=3) as hasty:
        hasty.keys, hasty.clock.now = world.keys, world.clock.now
        async with world.tx() as tx:
            await tx.execute(sa.text("LOCK TABLE fee_line IN EXCLUSIVE MODE"))
            told = await asyncio.gather(*(_sent(hasty, visit) for visit in visits))
            assert {it.status_code for it in told} <= {409, 503}
        keyed = ((visit, f"hasty-{visit}") for visit in visits)
        answers = await asyncio.gather(*(persistent(hasty, *it, *CALL) for it in keyed))
        assert {it.status_code for it in answers} == {201}
        assert [(await held(world, visit))[:2] for visit in visits] == [(10, "100.00")] * 6
        pool = hasty.hub.engine.pool
        assert pool.checkedout() == 0  # type: ignore[attr-defined]  # the queue pool's own figure


async def _sent(world: World, visit: str) -> httpx.Response:
    client = world.institution(JINAN)
    return await client.post(f"{VISITS}/{visit}/lines", {"lines": CALL}, key=f"hasty-{visit}")


async def rival(world: World, visit: str, chance: random.Random) -> None:
    """Do to one visit what many clients might at once; what was answered is what is there."""
    client = world.institution(JINAN)
    for n in range(4):
        total = (await client.get(f"{VISITS}/{visit}")).json()["total"]
        plain, more = line(f"{n}-1"), line(f"{n}-2")
        acts: list[Any] = [
            upload(world, visit, plain, more),
            upload(world, visit, more, line(f"{n}-3")),
            upload(world, visit, line(f"{n}-4"), refund(f"{n}-5", f"{n}-4")),
            persistent(world, visit, f"rival-{visit}-{n}", line(f"{n}-6")),
            persistent(world, visit, f"rival-{visit}-{n}", line(f"{n}-6")),
            client.delete(f"{VISITS}/{visit}/lines/{n}-1"),
            settle(world, visit, total),
        ]
        chance.shuffle(acts)
        answers = await asyncio.gather(*acts)
        assert {it.status_code for it in answers} <= {200, 201, 404, 409, 422}
        for it in answers:
            if it.status_code == 201 and "number" in it.json():
                assert (await cancel(world, it.json()["number"])).status_code == 201


async def test_rivals_over_many_visits_leave_bills_that_add_up(world: World) -> None:
    workers = [await ready_worker(world) for _ in range(6)]
    visits = [await ready(world, worker) for worker in workers]
    chance = random.Random(6)  # noqa: S311 -- an order of acts
    before = carried(world)
    async with asyncio.timeout(60):
        await asyncio.gather(*(rival(world, visit, chance) for visit in visits))
    assert carried(world) > before
    async with world.tx() as tx:
        wrong = await tx.scalar(
            sa.text(
                "SELECT count(*) FROM visit v WHERE (v.line_count, v.total_fen) IS DISTINCT FROM"
                " (SELECT (count(*)::int, coalesce(sum(l.amount_fen), 0)::bigint)"
                " FROM fee_line l WHERE l.visit_id = v.id) AND v.number = ANY (:visits)"
            ),
            {"visits": visits},
        )
    assert wrong == 0
    assert (await proven(world)).holds
