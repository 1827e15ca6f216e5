"""Postgres is slow, full, restarted, or loses backends: a definite answer, or 503 and later."""

from __future__ import annotations

import asyncio
import random
from collections.abc import AsyncIterator
from pathlib import Path

import httpx
import pytest_asyncio
import sqlalchemy as sa

from app.runtime import migrate
from app.runtime.embedded import EmbeddedPostgres
from tests.faults import books
from tests.faults.sender import Message, ask, check, send_once, send_until_definite
from tests.support.filing import FILINGS, wish
from tests.support.institutions import JINAN
from tests.support.ledger import proven
from tests.support.settlement import ready
from tests.support.visit import VISITS, ready_worker, road
from tests.support.world import World, open_world

WRITERS, ROUNDS = 8, 3
ENDED_MAX = 10
PARTY = "SELECT 1 FROM party WHERE code = '460000' FOR UPDATE"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


def settling(world: World, visit: str, key: str) -> Message:
    return Message(
        sender=world.institution(JINAN),
        path=f"{VISITS}/{visit}/settle",
        body={"total": "10.00"},
        key=key,
    )


async def answered(message: Message) -> httpx.Response:
    """Send once; the hub must answer."""
    answer = await send_once(message)
    assert answer is not None
    return answer


def is_busy(answer: httpx.Response) -> bool:
    check(answer)
    return answer.status_code == 503


async def test_an_exhausted_pool_answers_busy_within_its_deadline_and_recovers(
    database_url: str, world: World
) -> None:
    visits = [await ready(world) for _ in range(3)]
    few = {"pool_connections": 2, "pool_wait_seconds": 0.2, "lane_calls": 0}
    async with open_world(database_url, **few) as small:
        first = [settling(small, visit, f"pool-{n}") for n, visit in enumerate(visits[:2])]
        async with world.tx() as tx:
            await tx.execute(sa.text("LOCK TABLE visit IN ACCESS EXCLUSIVE MODE"))
            held = [asyncio.create_task(send_until_definite(it)) for it in first]
            await books.lent(small, 2)
            late = settling(small, visits[2], "pool-late")
            assert is_busy(await answered(late))
            reading = await small.operator.get(f"{VISITS}/{visits[2]}")
            assert is_busy(reading)
        assert {(await it).status_code for it in held} == {201}
        assert (await send_until_definite(late)).status_code == 201
        await books.still(small)


async def test_a_slow_postgres_is_given_up_on_within_the_deadline(
    database_url: str, world: World
) -> None:
    visit = await ready(world)
    async with open_world(database_url, statement_ms=1_000, lock_wait_ms=60_000) as hasty:
        message = settling(hasty, visit, "slow")
        async with world.tx() as tx:
            await tx.execute(sa.text("LOCK TABLE visit IN ACCESS EXCLUSIVE MODE"))
            assert is_busy(await answered(message))
            assert is_busy(await hasty.operator.get(f"{VISITS}/{visit}"))
            assert await ask(message) == "never_seen"
        assert (await send_until_definite(message)).status_code == 201
        await books.still(hasty)


async def test_backends_ended_at_random_under_eight_writers_cost_nothing(world: World) -> None:
    visits = [await ready(world) for _ in range(WRITERS * ROUNDS)]
    messages = [settling(world, visit, f"ended-{n}") for n, visit in enumerate(visits)]
    dice = random.Random(32)  # noqa: S311 -- a scattering, not a secret
    done, ended = asyncio.Event(), list[int]()

    async def write(mine: list[Message]) -> list[httpx.Response]:
        return [await send_until_definite(it) for it in mine]

    async def end_backends() -> None:
        mine = sa.text(
            "SELECT pid FROM pg_stat_activity WHERE datname = current_database() "
            "AND application_name = 'hub'"
        )
        while not done.is_set() and len(ended) < ENDED_MAX:
            async with world.tx() as tx:
                pids = list((await tx.execute(mine)).scalars())
                if pids:
                    end = sa.text("SELECT pg_terminate_backend(:pid)")
                    ended.append(dice.choice(pids))
                    await tx.execute(end, {"pid": ended[-1]})
            await asyncio.sleep(0.05)

    ending = asyncio.create_task(end_backends())
    answers = await asyncio.gather(*(write(messages[n::WRITERS]) for n in range(WRITERS)))
    done.set()
    await ending
    assert ended
    assert {it.status_code for mine in answers for it in mine} == {201}
    numbers = {it.json()["number"] for mine in answers for it in mine}
    assert len(numbers) == len(messages)
    for message in messages:
        assert (await answered(message)).headers["Idempotency-Replayed"] == "true"
    await books.still(world)
    assert await books.broken(world) == []
    assert (await proven(world)).holds


@pytest_asyncio.fixture(loop_scope="session")
async def own_server(embedded_home: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A server that this test may stop."""
    server = EmbeddedPostgres(embedded_home)
    await asyncio.to_thread(server.start)
    await asyncio.to_thread(migrate.upgrade, server.url())
    yield server
    await asyncio.to_thread(server.stop)


async def test_a_hub_outlives_a_restart_of_its_postgres(own_server: EmbeddedPostgres) -> None:
    async with open_world(own_server.url()) as world:
        await road(world)
        worker = await ready_worker(world)
        visit = await ready(world)
        kept = await send_until_definite(settling(world, visit, "before"))
        again = Message(
            sender=world.agency("110000"),
            path=FILINGS,
            body=wish(worker=worker.number, treatment_region="210100"),
            key="meanwhile",
        )
        await asyncio.to_thread(own_server.stop)
        assert is_busy(await answered(again))
        assert (await world.http.get("/v1/health/ready")).status_code == 503
        assert (await world.http.get("/v1/health/live")).status_code == 200
        await asyncio.to_thread(own_server.start)
        assert (await send_until_definite(again)).status_code == 201
        replayed = await answered(settling(world, visit, "before"))
        assert replayed.content == kept.content
        assert (await world.http.get("/v1/health/ready")).status_code == 200
        await books.still(world)
        assert await books.broken(world) == []
