"""The desk's lane among rivals: nobody is answered without a trace, and nobody who has fallen."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import timedelta

import httpx
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.desk import IDENTIFY, carried, identify, traces
from tests.support.entitlement import KnownWorker
from tests.support.institutions import JINAN
from tests.support.visit import ready_worker, road
from tests.support.world import World, open_world

WAITING = sa.text(
    "SELECT pid FROM pg_stat_activity WHERE datname = current_database()"
    " AND wait_event_type = 'Lock' AND query LIKE '%desk_keep%'"
)
PATIENCE = 6_000  # looks, a hundredth of a second apart; what hangs would hang for ever


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(database_url: str) -> AsyncIterator[World]:
    """A hub that waits for a lock as long as a test holds it, on a slow machine too."""
    async with open_world(database_url, lock_wait_ms=50_000, statement_ms=50_000) as it:
        yield it


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


@asynccontextmanager
async def trail_held(world: World) -> AsyncIterator[AsyncConnection]:
    """Keep everybody from writing to the trail."""
    async with world.tx() as tx:
        await tx.exec_driver_sql("LOCK TABLE audit_trail IN SHARE MODE")
        yield tx


async def calls_waiting(world: World, wanted: int) -> list[int]:
    """Wait until so many calls of the lane wait for the trail; return their processes."""
    for _ in range(PATIENCE):
        async with world.tx() as tx:  # one transaction is shown one state of the others
            found = list((await tx.execute(WAITING)).scalars())
        if len(found) >= wanted:
            return found
        await asyncio.sleep(0.01)
    raise AssertionError("no call of the lane waits")


def asking(
    world: World, worker: KnownWorker, request: str, **more: str
) -> asyncio.Task[httpx.Response]:
    headers = {"X-Request-Id": request} | more
    return asyncio.create_task(identify(world, worker.claim(), headers=headers))


async def in_the_end(world: World, worker: KnownWorker) -> httpx.Response:
    """Ask again for as long as one is told to come again."""
    for _ in range(PATIENCE):
        answer = await identify(world, worker.claim())
        if answer.status_code != httpx.codes.SERVICE_UNAVAILABLE:
            return answer
        await asyncio.sleep(0.01)
    raise AssertionError("the hub does not recover")


async def test_who_is_revoked_while_waiting_in_the_lane_is_shown_nothing(world: World) -> None:
    worker = await ready_worker(world)
    client = replace(
        world.institution(JINAN).caller,
        client="revoked-in-the-lane",
        issued_at=world.clock.now - timedelta(minutes=1),
    )
    added = sa.text(
        "WITH owner AS (INSERT INTO party (code, kind, name, region, state, source)"
        " VALUES (:party, 'institution', '示例医院', '370100', 'active', 'synthetic')"
        " ON CONFLICT DO NOTHING) INSERT INTO client (id, party, state, created_at)"
        " VALUES ('revoked-in-the-lane', :party, 'active', now())"
    )
    async with world.tx() as tx:
        await tx.execute(added, {"party": JINAN})
    token = world.app.state.signer.issue(client, world.clock.now)
    headers = {"Authorization": f"Bearer {token}", "X-Request-Id": "revoked-waiting"}
    async with trail_held(world):
        calls = []
        for number in range(2):  # as many as the lane makes at once
            calls.append(asking(world, worker, f"first-{number:04d}"))
            await calls_waiting(world, number + 1)
        ask = world.http.post(IDENTIFY, json=worker.claim(), headers=headers)
        revoked = asyncio.create_task(ask)
        neighbour = asking(world, worker, "neighbour")
        await asyncio.sleep(0.05)
        assert not revoked.done()
        async with world.tx() as other:
            await other.exec_driver_sql(
                "UPDATE client SET tokens_valid_from = now() WHERE id = 'revoked-in-the-lane'"
            )
    answers = await asyncio.gather(*calls, neighbour, revoked)
    assert [it.status_code for it in answers] == [200, 200, 200, 401]
    assert await traces(world, "revoked-waiting") == []
    assert len(await traces(world, "neighbour")) == 1


async def test_calls_whose_connection_is_ended_are_answered_by_the_door_with_a_trace(
    world: World,
) -> None:
    workers = [await ready_worker(world) for _ in range(6)]
    before = carried(world)
    async with trail_held(world) as tx:
        sent = [asking(world, it, f"ended-{n:04d}") for n, it in enumerate(workers)]
        for pid in await calls_waiting(world, 1):
            await tx.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
    answers = await asyncio.gather(*sent)
    assert [it.json()["worker"] for it in answers] == [it.number for it in workers]
    assert carried(world)[1] > before[1]
    for n, it in enumerate(workers):
        (kept,) = await traces(world, f"ended-{n:04d}")
        assert (kept["action"], kept["subject"]) == ("worker.look", it.number)


async def test_where_the_trail_is_held_all_are_told_in_time_and_no_connection_is_lost(
    world: World, database_url: str
) -> None:
    workers = [await ready_worker(world) for _ in range(6)]
    async with open_world(database_url, request_seconds=0.5, pool_connections=3) as hasty:
        hasty.keys, hasty.clock.now = world.keys, world.clock.now
        async with trail_held(world):
            for _ in range(2):
                told = await asyncio.gather(*(identify(hasty, it.claim()) for it in workers))
                assert {it.status_code for it in told} == {503}
        answers = await asyncio.gather(*(in_the_end(hasty, it) for it in workers))
        assert [it.json()["worker"] for it in answers] == [it.number for it in workers]


async def test_a_sender_who_left_keeps_nobody_from_being_answered(world: World) -> None:
    workers = [await ready_worker(world) for _ in range(4)]
    async with trail_held(world):
        sent = [asking(world, it, f"left-{n:04d}") for n, it in enumerate(workers)]
        await calls_waiting(world, 1)
        sent[0].cancel()
        sent[3].cancel()
        await asyncio.sleep(0)
    answers = await asyncio.gather(*sent, return_exceptions=True)
    assert [isinstance(it, asyncio.CancelledError) for it in answers] == [True, False, False, True]
    for n in (1, 2):
        assert len(await traces(world, f"left-{n:04d}")) == 1


async def test_what_was_recorded_before_one_asks_is_what_one_is_told(world: World) -> None:
    worker = await ready_worker(world)
    ended = {"worker": worker.number, "kind": "death", "lost_on": "2025-08-20", "reason": "死亡"}
    agency = world.agency("110000")
    among = [asking(world, worker, f"among-{n:04d}") for n in range(8)]
    loss, *answers = await asyncio.gather(agency.post("/v1/entitlement-losses", ended), *among)
    assert loss.status_code == 201, loss.text
    assert {len(it.json()["determinations"]) for it in answers} <= {0, 3}
    after = await asyncio.gather(*(identify(world, worker.claim()) for _ in range(8)))
    assert {(*it.json()["determinations"], *it.json()["filings"]) for it in after} == {()}
