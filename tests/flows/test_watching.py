"""How the hub fares is told to whoever asks, at the cost of one look a second."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
import sqlalchemy as sa

from tests.support.world import World

ASKING = {"/v1/health/ready": "last_readiness", "/v1/metrics": "last_observed"}


@contextmanager
def lent(world: World) -> Iterator[list[object]]:
    """Note down every connection that is taken from the pool."""
    taken: list[object] = []

    def take(connection: object, *_: object) -> None:
        taken.append(connection)

    pool = world.hub.engine.sync_engine.pool
    sa.event.listen(pool, "checkout", take)
    try:
        yield taken
    finally:
        sa.event.remove(pool, "checkout", take)


@pytest.mark.parametrize("path", ASKING)
async def test_many_who_ask_without_a_token_cost_as_much_as_one(world: World, path: str) -> None:
    now = 0.0
    last = getattr(world.app.state, ASKING[path])
    last.seconds, last.clock = 1.0, lambda: now
    with lent(world) as taken:
        assert (await world.http.get(path)).status_code == 200
    one = len(taken)
    assert one > 0
    for now, times in ((0.9, 0), (1.0, 1), (1.9, 0), (2.5, 1)):
        with lent(world) as taken:
            answers = await asyncio.gather(*(world.http.get(path) for _ in range(20)))
        assert {it.status_code for it in answers} == {200}
        assert len(taken) == times * one, now


async def test_a_look_that_failed_is_not_what_the_next_is_told(world: World) -> None:
    last = world.app.state.last_observed
    last.seconds = 1_000.0

    async def fail() -> None:
        raise ConnectionError

    last.clock = lambda: 1_000_000.0
    with pytest.raises(ConnectionError):
        await last.of(fail)
    assert (await world.http.get("/v1/metrics")).status_code == 200
