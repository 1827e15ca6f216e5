"""The service ticks by itself, survives what goes wrong, and the sandbox's clock makes it tick."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from datetime import date, datetime, timedelta

import pytest_asyncio
import sqlalchemy as sa
from pydantic import SecretStr

from app.deadlines.model import Act
from app.deadlines.rules.acts import OF_THE_PRESENT
from app.kernel.calendar import CHINA
from app.main import create_app
from app.runtime.settings import Settings
from tests.support.deadlines import (
    acts_in_order,
    done_days,
    expiries,
    filing_until,
    made_up,
    ticker,
)
from tests.support.pg import fresh_database
from tests.support.sandbox import go, open_sandbox
from tests.support.world import TOKEN_KEY, World

COUNT = sa.text("SELECT count(*) FROM due_act")


@pytest_asyncio.fixture(loop_scope="session")
async def sandbox(database_server: tuple[str, str]) -> AsyncIterator[World]:
    """A sandbox of its own, on the first day of its world."""
    with fresh_database(*database_server) as url:
        async with open_sandbox(url) as it:
            yield it


async def counted(world: World) -> int:
    async with world.tx() as tx:
        return int((await tx.execute(COUNT)).scalar_one())


async def until(world: World, acts: int) -> None:
    """Wait until so many due acts are done."""
    found = 0
    while found < acts:
        found = await counted(world)


async def test_the_service_ticks_from_its_start_and_stops_with_it(
    world: World, database_url: str
) -> None:
    assert await counted(world) == 0
    settings = Settings(token_key=TOKEN_KEY, log_level="ERROR", tick_seconds=1)  # type: ignore[arg-type]  # pydantic makes a secret of it
    app = create_app(settings, url=database_url, clock=world.clock)
    async with app.router.lifespan_context(app):
        await until(world, len(Act))
    async with world.tx() as tx:
        clients = await tx.execute(sa.text("SELECT DISTINCT client FROM due_act"))
        assert list(clients.scalars()) == ["hub:service"]


async def test_a_service_told_not_to_never_ticks(database_server: tuple[str, str]) -> None:
    with fresh_database(*database_server) as url:
        settings = Settings(
            token_key=SecretStr(TOKEN_KEY), log_level="ERROR", tick_seconds=0, deliver_seconds=0
        )
        app = create_app(settings, url=url)
        before = asyncio.all_tasks()
        async with app.router.lifespan_context(app):
            assert asyncio.all_tasks() == before


async def test_no_tick_that_goes_wrong_is_the_last(world: World) -> None:
    world.clock.advance(days=1)
    before = await counted(world)
    async with world.tx() as tx:
        await tx.exec_driver_sql("ALTER TABLE due_act RENAME TO mislaid")
    ticking = asyncio.create_task(ticker(world).keep_ticking(0.01))
    try:
        while not await _was_asked_in_vain(world):
            assert not ticking.done()
        async with world.tx() as tx:
            await tx.exec_driver_sql("ALTER TABLE mislaid RENAME TO due_act")
        await until(world, before + len(Act))
    finally:
        ticking.cancel()
        await asyncio.wait([ticking])


async def test_the_sandboxs_clock_takes_what_is_due_along_day_by_day(sandbox: World) -> None:
    first, last_day = date(2025, 9, 1), date(2025, 9, 4)
    number = await filing_until(sandbox, last_day)
    moved = await go(sandbox, act="jump", to=f"{last_day + timedelta(days=3)}T10:00:00+08:00")
    assert moved["expired"] == 1
    days = [first + timedelta(days=each) for each in range(7)]
    for act in set(Act) - OF_THE_PRESENT:
        assert await done_days(sandbox, act) == days
    order = await acts_in_order(sandbox)
    first_day, *passed = days
    expected = made_up([first_day]) + made_up(passed)
    assert order == [(str(it.day), it.act.value) for it in expected]
    (expiry,) = await expiries(sandbox, number)
    assert expiry.at == datetime(2025, 9, 5, tzinfo=CHINA)  # on its day, not on the clock's new one
    again = await go(sandbox, act="advance", minutes=5)
    assert again["expired"] == 0
    assert len(await acts_in_order(sandbox)) == len(order)


async def test_a_reset_sandbox_begins_its_days_anew(sandbox: World) -> None:
    await go(sandbox, act="jump", to="2026-03-05T10:00:00+08:00")
    assert max(await done_days(sandbox, Act.EXPIRE_FILINGS)) == date(2026, 3, 5)
    start = {"starts_at": "2026-03-01T09:00:00+08:00"}
    assert (await sandbox.operator.post("/v1/sandbox/reset", start)).status_code == 200
    await go(sandbox, act="jump", to="2026-03-03T10:00:00+08:00")
    days = [date(2026, 3, day) for day in (1, 2, 3)]
    assert await done_days(sandbox, Act.EXPIRE_FILINGS) == days


async def _was_asked_in_vain(world: World) -> bool:
    """Say whether the hub asked for a table that is not there, by what its database counts."""
    async with world.tx() as tx:
        failed = "SELECT xact_rollback FROM pg_stat_database WHERE datname = current_database()"
        return bool((await tx.exec_driver_sql(failed)).scalar_one())
