"""Ticks of several replicas, ticks that break off, and days that were missed."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date, datetime, timedelta

import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.deadlines.model import Act, DueAct
from app.deadlines.rules.acts import OF_THE_PRESENT
from app.kernel.calendar import CHINA
from tests.support.deadlines import (
    BEGINNING,
    acts_in_order,
    done_days,
    expiries,
    filing_until,
    made_up,
    ticked,
    ticker,
)
from tests.support.parties import seeded
from tests.support.queries import recorded
from tests.support.world import World, open_world

FIRST = date.fromisoformat(BEGINNING)
_BLOCKED = sa.text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype IN ('tuple', 'transactionid')"
)
_HOLD = sa.text("SELECT FROM filing WHERE number = :number FOR UPDATE")


def midnight(day: date) -> datetime:
    return datetime.combine(day, datetime.min.time(), CHINA)


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def nothing_done(world: World) -> AsyncIterator[None]:
    """Begin each test with a hub that ticked on its first day and never since."""
    await seeded(world)
    async with world.tx() as tx:
        await tx.exec_driver_sql("TRUNCATE due_act, audit_trail")
        await tx.exec_driver_sql("DELETE FROM message WHERE party = 'hub'")
    await ticked(world, BEGINNING)
    yield


async def test_replicas_that_tick_at_once_do_every_act_once(world: World) -> None:
    number = await filing_until(world, FIRST)
    world.clock.set_day("2025-09-04")
    replicas = [ticker(world, f"replica-{index}") for index in range(6)]
    ticks = await asyncio.gather(*(it.tick() for it in replicas))
    await ticked(world)  # whoever left it to another, that one may have left it in turn
    days = [FIRST + timedelta(days=each) for each in range(4)]
    for act in set(Act) - OF_THE_PRESENT:
        assert await done_days(world, act) == days
    assert not any(it.failed for it in ticks)
    assert len(await expiries(world, number)) == 1
    order = await acts_in_order(world)
    first, *missed = days
    expected = made_up([first]) + made_up(missed)
    assert order == [(str(it.day), it.act.value) for it in expected]


async def test_a_replica_leaves_the_tick_to_the_one_that_is_at_it(world: World) -> None:
    number = await filing_until(world, FIRST)
    world.clock.set_day("2025-09-02")
    async with world.owner.connect() as other, other.begin():
        await other.execute(_HOLD, {"number": number})
        at_it = asyncio.create_task(ticker(world, "first").tick())
        await _until_blocked(world, at_it)
        second = await ticker(world, "second").tick()
        assert (second.elsewhere, second.done, second.failed) == (True, (), ())
        await other.rollback()
    assert len((await at_it).done) == len(Act)
    assert (await expiries(world, number))[0].client == "hub:first"


async def test_a_hub_that_dies_in_the_midst_has_done_nothing_and_another_does_it_once(
    world: World,
) -> None:
    number = await filing_until(world, FIRST)
    world.clock.set_day("2025-09-02")
    async with world.owner.connect() as other, other.begin():
        await other.execute(_HOLD, {"number": number})
        dying = asyncio.create_task(ticker(world, "dying").tick())
        await _until_blocked(world, dying)
        dying.cancel()
        await asyncio.wait([dying])
        await other.rollback()
    assert await done_days(world, Act.EXPIRE_FILINGS) == [FIRST]
    assert await expiries(world, number) == []
    assert len((await ticked(world)).done) == len(Act)
    assert len(await expiries(world, number)) == 1


async def test_an_act_whose_mark_is_lost_is_still_done_once(world: World) -> None:
    """The message says that it was done, whatever became of the mark."""
    number = await filing_until(world, FIRST)
    await ticked(world, "2025-09-03")
    async with world.tx() as tx:
        await tx.exec_driver_sql("DELETE FROM due_act WHERE day > '2025-09-01'")
    assert (await ticked(world)).done == ()
    found = await ticked(world, "2025-09-04")
    assert [it.due.day for it in found.done] == [date(2025, 9, 4)] * len(Act)
    assert len(await expiries(world, number)) == 1


async def test_forty_missed_days_are_made_up_in_order_each_seeing_its_own_day(
    world: World,
) -> None:
    spans = (0, 3, 17, 38)
    filings = {each: await filing_until(world, FIRST + timedelta(days=each)) for each in spans}
    found = await ticked(world, str(FIRST + timedelta(days=40)))
    days = [FIRST + timedelta(days=each) for each in range(1, 41)]
    assert [it.due for it in found.done] == made_up(days)
    expired = [it for it in found.done if it.found and it.due.act is Act.EXPIRE_FILINGS]
    assert [it.due.day for it in expired] == [FIRST + timedelta(days=each + 1) for each in spans]
    for each, number in filings.items():
        (expiry,) = await expiries(world, number)
        assert expiry.at == midnight(FIRST + timedelta(days=each + 1))
    # The trail says when it was really done.
    async with world.tx() as tx:
        marks = sa.text("SELECT DISTINCT at FROM audit_trail WHERE party = 'hub' ORDER BY at DESC")
        assert (await tx.execute(marks)).scalars().first() == world.clock.now


async def test_what_fails_stops_only_its_own_days_and_is_tried_again(
    world: World, database_url: str
) -> None:
    number = await filing_until(world, FIRST)
    async with open_world(database_url, lock_wait_ms=100) as impatient:
        impatient.clock.set_day("2025-09-03")
        async with world.owner.connect() as other, other.begin():
            await other.execute(_HOLD, {"number": number})
            found = await ticker(impatient).tick()
            assert found.failed == (DueAct(date(2025, 9, 2), Act.EXPIRE_FILINGS),)
            assert {it.due.act for it in found.done} == set(Act) - {Act.EXPIRE_FILINGS}
            late = "through 2025-09-01, behind: expire_filings"
            assert await health(impatient) == {"name": "tick", "passed": True, "found": late}
            await other.rollback()
        assert [it.due for it in (await ticked(impatient)).done] == [
            DueAct(date(2025, 9, day), Act.EXPIRE_FILINGS) for day in (2, 3)
        ]
        assert (await health(impatient))["found"] == "through 2025-09-03"
    assert len(await expiries(world, number)) == 1


async def messages_of(world: World, day: str) -> list[str]:
    """Read the ids of the hub's own messages of a day, in the order they were sent."""
    kept = sa.text("SELECT key FROM message WHERE party = 'hub' AND key LIKE :ids ORDER BY at, key")
    async with world.tx() as tx:
        return list((await tx.execute(kept, {"ids": f"tick-%-{day}"})).scalars())


async def test_a_day_on_which_nothing_falls_due_is_one_message(world: World) -> None:
    assert len((await ticked(world, "2025-09-02")).done) == len(Act)
    assert await messages_of(world, "2025-09-02") == ["tick-expire_filings-2025-09-02"]
    # Missed days are each a day, and one message.
    await ticked(world, "2025-09-05")
    for day in ("2025-09-03", "2025-09-04", "2025-09-05"):
        assert await messages_of(world, day) == [f"tick-expire_filings-{day}"]
    assert [act for _, act in await acts_in_order(world)][: len(Act)] == list(Act)


async def test_what_meets_with_something_ends_its_message(world: World) -> None:
    await filing_until(world, FIRST)
    found = await ticked(world, "2025-09-02")
    assert [it.due.act for it in found.done] == list(Act)
    assert sorted(await messages_of(world, "2025-09-02")) == [
        "tick-expire_filings-2025-09-02",
        "tick-finish_deductions-2025-09-02",
    ]


REFUSE = """
    CREATE FUNCTION refuse_mark() RETURNS trigger LANGUAGE plpgsql AS $$
    BEGIN IF NEW.act = TG_ARGV[0] THEN RAISE EXCEPTION 'refused'; END IF; RETURN NULL; END $$
"""
ARM = """
    CREATE CONSTRAINT TRIGGER refuse_mark AFTER INSERT ON due_act
    DEFERRABLE INITIALLY {when} FOR EACH ROW EXECUTE FUNCTION refuse_mark('{act}')
"""


@asynccontextmanager
async def failing(world: World, act: Act, *, when: str) -> AsyncIterator[None]:
    """Let the database refuse the mark of an act, at once or only in the commit."""
    async with world.tx() as tx:
        await tx.exec_driver_sql(REFUSE)
        await tx.exec_driver_sql(ARM.format(when=when, act=act.value))
    yield
    async with world.tx() as tx:
        await tx.exec_driver_sql("DROP FUNCTION refuse_mark CASCADE")


@pytest.mark.parametrize("when", ["IMMEDIATE", "DEFERRED"])
async def test_what_fails_among_others_fails_alone_at_once_or_in_the_commit(
    world: World, when: str
) -> None:
    world.clock.set_day("2025-09-03")
    async with failing(world, Act.CONFIRM_SILENT, when=when):
        found = await ticker(world).tick()
    assert found.failed == (DueAct(date(2025, 9, 2), Act.CONFIRM_SILENT),)
    others = made_up([date(2025, 9, 2), date(2025, 9, 3)])
    assert [it.due for it in found.done] == [it for it in others if it.act != "confirm_silent"]
    assert "confirm_silent" not in {act for _, act in (await acts_in_order(world))[len(Act) :]}
    again = await ticked(world)
    assert [it.due for it in again.done] == [it for it in others if it.act == "confirm_silent"]


async def test_a_tick_with_nothing_due_costs_one_statement(world: World) -> None:
    with recorded(world) as statements:
        assert (await ticked(world)).done == ()
    assert len(statements) == 1, statements


async def health(world: World) -> dict[str, object]:
    """Read what readiness tells of the tick."""
    answer = await world.http.get("/v1/health/ready")
    assert answer.status_code == 200, answer.text
    return next(it for it in answer.json()["checks"] if it["name"] == "tick")


async def _until_blocked(world: World, at_it: asyncio.Task[object]) -> None:
    async with world.tx() as watch:
        while not (await watch.execute(_BLOCKED)).scalar_one():
            assert not at_it.done(), "the filing is held"
