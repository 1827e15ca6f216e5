"""Months close while hospitals settle: nobody waits for a run, and every settlement counts once."""

from __future__ import annotations

import asyncio

import pytest_asyncio
import sqlalchemy as sa

from app.clearing.model import PairTotal
from app.clearing.service import counting
from app.kernel.calendar import Month
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.runtime.db import Tx
from app.settlement.store import grounds, months
from tests.support.clearing import (
    a_hospital_with_one_drug,
    periods_of,
    ready_to_settle,
    settled,
)
from tests.support.ledger import proven
from tests.support.world import World

SHANDONG = "370000"
_LOCKS_AWAITED = sa.text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


async def _until_a_lock_is_awaited(world: World, closing: asyncio.Task[int]) -> None:
    async with world.hub.reading_engine.connect() as watch:
        while not (await watch.execute(_LOCKS_AWAITED)).scalar_one():
            assert not closing.done(), "it had a settlement to wait for"


@pytest_asyncio.fixture(autouse=True, loop_scope="session")
async def hospital(world: World) -> None:
    """Open one hospital, once."""
    async with world.tx() as tx:
        if (await tx.exec_driver_sql("SELECT count(*) FROM institution")).scalar_one():
            return
    await a_hospital_with_one_drug(world)


async def test_closing_waits_for_the_open_settlement_and_nobody_waits_for_closing(
    world: World,
) -> None:
    """One settles in September; September closes; a second settles meanwhile, in October."""
    september, now = Month(2024, 9), world.clock.now
    async with world.owner.connect() as first, world.owner.connect() as other:
        settling = await first.begin()
        assert await grounds.hold_month(Tx(first), SHANDONG, september)

        async def close() -> int:
            async with world.service_tx() as closer:
                return await months.close(closer, [SHANDONG], september, now)

        closing = asyncio.create_task(close())
        await _until_a_lock_is_awaited(world, closing)
        async with other.begin():
            assert not await grounds.hold_month(Tx(other), SHANDONG, september)
            held = await grounds.hold_months_after(Tx(other), SHANDONG, september)
            assert held[0] == Month(2024, 10)
            assert not closing.done()
            await settling.commit()
            assert await closing == 1
            assert await grounds.last_closed(Tx(other), SHANDONG) == september


async def test_settling_does_not_wait_for_a_run_under_way(world: World) -> None:
    """A run has closed September and has not committed: a desk settles into October and is done."""
    world.clock.set_day("2025-09-30")
    visit = await ready_to_settle(world, 40)
    september = Month(2025, 9)
    async with world.owner.connect() as run:
        running = await run.begin()
        await months.close(Tx(run), None, september, world.clock.now)
        await months.take(Tx(run), "C0000002510010000001", Scheme.CROSS_PROVINCE, [september])
        number = await settled(world, visit, 40)
        await running.rollback()
    it = (await world.operator.get(f"/v1/settlements/{number}")).json()
    assert (it["business_day"], it["month"]) == ("2025-09-30", "2025-10")


async def test_twenty_closes_while_eight_desks_settle_leave_each_settlement_in_one_period(
    world: World,
) -> None:
    """Month after month is closed and taken in, on one day, while the desks settle into the next.

    A close begins as soon as the one before has ended and a desk has settled since.
    """
    closes, writers, each = 20, 8, 5
    world.clock.set_day("2026-01-05")
    visits = [(await ready_to_settle(world, yuan), yuan) for yuan in range(1, writers * each + 1)]
    async with world.service_tx() as closer:
        await months.take(closer, "C-before", Scheme.CROSS_PROVINCE, [Month(2025, 12)])
    done: list[str] = []
    one_more, every_one = asyncio.Event(), asyncio.Event()

    async def desk(queue: list[tuple[str, int]]) -> None:
        for visit, yuan in queue:
            done.append(await settled(world, visit, yuan))
            one_more.set()
            if len(done) == len(visits):
                every_one.set()

    async def operator() -> list[PairTotal]:
        taken: list[PairTotal] = []
        for month in (Month(2026, 1).plus(n) for n in range(closes)):
            async with world.service_tx() as closer:
                await months.close(closer, None, month, world.clock.now)
                held = await months.take(closer, f"C-{month}", Scheme.CROSS_PROVINCE, [month])
                assert held == [month]
                taken += await counting.totals(closer, Scheme.CROSS_PROVINCE, held, [])
            if not every_one.is_set():
                one_more.clear()
                await one_more.wait()
        return taken

    async with asyncio.TaskGroup() as together:
        clearing = together.create_task(operator())
        for n in range(writers):
            together.create_task(desk(visits[n::writers]))
    async with world.service_tx() as closer:
        held = await months.take(closer, "C-rest", Scheme.CROSS_PROVINCE, [Month(2028, 1)])
        rest = await counting.totals(closer, Scheme.CROSS_PROVINCE, held, [])

    found = await periods_of(world, done)
    assert None not in found
    assert len(set(found) - {"C-rest"}) > 1, "closes and settlements ran beside one another"
    counted = [it.totals for it in (*clearing.result(), *rest)]
    assert len(done) == len(visits) == sum(it.settlements for it in counted)
    everything = Money(100 * sum(yuan for _, yuan in visits))
    assert Money.total(it.total for it in counted) == everything
    async with world.tx() as tx:
        rows = await tx.exec_driver_sql(
            "SELECT month, clearing FROM settlement JOIN cleared_month USING (scheme, month) "
            "WHERE number = ANY ($1)",
            (done,),
        )
        kept = [(row.month, row.clearing) for row in rows]
    assert all(clearing in (f"C-{month}", "C-rest") for month, clearing in kept)
    assert (await proven(world)).holds
