"""Whoever borrows the driver's end of a connection gives it back, whenever it is told to stop."""

from __future__ import annotations

import asyncio
from contextlib import suppress

import pytest

from app.runtime.lane import wired
from tests.support.world import World, open_world

QUESTION = "SELECT count(*) FROM generate_series(1, 20000)"  # long enough to be stopped within
TURNS = 40  # of the loop, which is more than borrowing, asking and giving back take


async def ask(world: World) -> None:
    async with wired(world.hub) as (_, wire):
        assert await wire.fetchval(QUESTION) == 20_000


@pytest.mark.parametrize("times", [1, 2], ids=["told once", "told again while it stops"])
@pytest.mark.parametrize("fresh", [False, True], ids=["of the pool", "made anew"])
async def test_a_connection_comes_back_wherever_its_borrower_is_stopped(
    database_url: str, *, fresh: bool, times: int
) -> None:
    async with open_world(database_url, pool_connections=1, pool_wait_seconds=30) as world:
        await ask(world)
        stopped = 0
        for turns in range(TURNS):
            if fresh:
                await world.hub.engine.dispose()
            asking = asyncio.create_task(ask(world))
            for _ in range(turns):
                await asyncio.sleep(0)
            for _ in range(times):
                asking.cancel()
                await asyncio.sleep(0)
            with suppress(asyncio.CancelledError):
                await asking
            stopped += asking.cancelled()
            pool = world.hub.engine.pool
            assert pool.checkedout() == 0, turns  # type: ignore[attr-defined]  # the queue pool's own figure
            await ask(world)
        assert stopped
        await asyncio.sleep(0)
