"""A copy of the list misses no change, however many write while it is being kept."""

from __future__ import annotations

import asyncio

import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from tests.support.institutions import entry, seeded_institutions
from tests.support.world import World

WRITERS, ENTRIES = 4, 12


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hub(world: World) -> World:
    await seeded_institutions(world, "institutions.csv")
    return world


async def test_a_reader_who_follows_the_revisions_sees_every_change(hub: World) -> None:
    """Without turns a later revision can commit first, and its forerunner is never asked for."""
    is_over = asyncio.Event()
    seen: dict[str, int] = {}

    async def follow() -> None:
        since = 0
        while True:
            was_over = is_over.is_set()
            answer = await hub.operator.get("/v1/institutions", since=since, limit=200)
            for item in answer.json()["items"]:
                assert item["revision"] > since
                seen[item["code"]] = item["revision"]
            since = max(seen.values(), default=0)
            if was_over:
                return

    async def write(writer: int) -> None:
        for n in range(ENTRIES):
            path = f"/v1/institutions/H370100{writer:02d}{n:03d}"
            answer = await hub.agency("370000").put(path, entry(name=f"济南示例医院{writer}-{n}"))
            assert answer.status_code == 200, answer.text

    following = asyncio.create_task(follow())
    await asyncio.gather(*(write(writer) for writer in range(10, 10 + WRITERS)))
    is_over.set()
    await following
    async with hub.tx() as tx:
        kept = await tx.exec_driver_sql("SELECT code, revision FROM institution")
        assert seen == dict(tuple(row) for row in kept)


WAITING = sa.text("""
SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted
AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
""")


async def until_one_waits(tx: AsyncConnection) -> None:
    """Return when a writer stands in line for its turn."""
    for _ in range(6_000):
        if (await tx.execute(WAITING)).scalar_one():
            return
        await asyncio.sleep(0.01)
    raise AssertionError("nobody waits")


async def test_writers_take_turns_before_they_take_a_revision(hub: World) -> None:
    """Whoever is at work on the list keeps the next writer waiting until the commit."""
    async with hub.tx() as tx:
        await tx.exec_driver_sql("SELECT pg_advisory_xact_lock(x'6875625F696E7374'::bigint)")
        putting = asyncio.create_task(
            hub.agency("370000").put("/v1/institutions/H37010000791", entry())
        )
        await until_one_waits(tx)
        assert not putting.done()
        numbers = await tx.exec_driver_sql("SELECT last_value FROM institution_revision")
        held = numbers.scalar_one()
    answer = await putting
    assert answer.json()["revision"] == held + 1


async def test_twenty_agencies_clerks_stating_one_entry_leave_one(hub: World) -> None:
    path = "/v1/institutions/H37010000792"
    answers = await asyncio.gather(
        *(hub.agency("370000").put(path, entry(), key=f"clerk-{n}") for n in range(20))
    )
    assert {answer.json()["revision"] for answer in answers} == {answers[0].json()["revision"]}


async def test_of_two_clerks_who_suspend_at_once_one_is_told_that_it_is_done(hub: World) -> None:
    path = "/v1/institutions/H37010000793"
    await hub.agency("370000").put(path, entry())
    answers = await asyncio.gather(
        *(hub.agency("370000").post(f"{path}/suspend", {"reason": "整改"}) for _ in range(2))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409]
