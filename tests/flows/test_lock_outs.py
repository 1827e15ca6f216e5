"""Guesses are forgotten a day later, by the tick and by nobody else; a lock stays until it ends."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.deadlines.model import Act
from app.parties.service.forgetting import STEP, forget_guesses
from app.runtime.db import Tx
from tests.support.deadlines import ticked
from tests.support.parties import as_operator, ask, seeded
from tests.support.world import World

MADE = sa.text(
    """
    INSERT INTO lock_out (who, address, failures, last_at, until)
    SELECT convert_to(:name || i, 'UTF8'), '192.0.2.1', 1,
           :now - make_interval(hours => :ago), :now + make_interval(hours => :locked)
      FROM generate_series(1, :rows) AS i
    """
).bindparams(
    sa.bindparam("name", type_=sa.Text),
    sa.bindparam("now", type_=sa.DateTime(timezone=True)),
    sa.bindparam("ago", type_=sa.Integer),
    sa.bindparam("locked", type_=sa.Integer),
    sa.bindparam("rows", type_=sa.Integer),
)
KEPT = sa.text("SELECT convert_from(who, 'UTF8') FROM lock_out ORDER BY who")
PRUNE = sa.text("SELECT prune_lock_outs(:at, :days, 1000)").bindparams(
    sa.bindparam("at", type_=sa.DateTime(timezone=True)), sa.bindparam("days", type_=sa.Integer)
)


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def regions_and_parties(world: World) -> AsyncIterator[None]:
    await seeded(world)
    yield


@pytest_asyncio.fixture(loop_scope="session", autouse=True)
async def nothing_guessed(world: World) -> None:
    async with world.tx() as owner:
        await owner.execute(sa.text("DELETE FROM lock_out"))


async def guessed(
    world: World, name: str, ago: int, *, locked: int | None = None, rows: int = 1
) -> None:
    asked = {"name": name, "now": world.clock.now, "ago": ago, "locked": locked, "rows": rows}
    async with world.tx() as owner:
        await owner.execute(MADE, asked)


async def kept(world: World) -> list[str]:
    async with world.tx() as owner:
        return list((await owner.execute(KEPT)).scalars())


async def forgotten(world: World) -> int:
    """Do what the tick does, on any day and as often as is asked."""
    return await as_operator(world, forget_guesses)


async def prunes(tx: Tx, world: World, days: int) -> int:
    return int((await tx.execute(PRUNE, {"at": world.clock.now, "days": days})).scalar_one())


async def test_ids_that_nobody_has_leave_nothing_behind_for_good(world: World) -> None:
    world.clock.set_day("2025-09-01")
    for each in range(6):
        answer = await ask(world, client_id=f"nobody-{each}", client_secret="guess")
        assert answer.status_code == 401
    async with world.tx() as owner:
        rows = await owner.scalar(sa.text("SELECT count(*) FROM lock_out"))
    assert rows == 6 + 1  # and all of them together, for the address
    found = await ticked(world, "2025-09-03")
    assert [it.found for it in found.done if it.due.act is Act.PRUNE_LOCK_OUTS] == [rows]
    assert await kept(world) == []


async def test_what_is_locked_and_what_is_of_the_last_day_stays(world: World) -> None:
    world.clock.set_day("2025-09-04")
    await guessed(world, "old", ago=25)
    await guessed(world, "old-lock", ago=25, locked=-1)
    await guessed(world, "locked", ago=25, locked=1)
    await guessed(world, "recent", ago=23)
    await guessed(world, "ahead", ago=-1)
    assert await forgotten(world) == 2
    assert await kept(world) == ["ahead1", "locked1", "recent1"]


async def test_what_is_more_than_a_step_goes_in_several(world: World) -> None:
    world.clock.set_day("2025-09-05")
    await guessed(world, "many", ago=25, rows=STEP + 1)
    assert await forgotten(world) == STEP + 1


async def test_a_clock_ahead_of_the_walls_forgets_nothing_of_today(world: World) -> None:
    async with world.tx() as owner:
        await owner.execute(
            sa.text(
                "INSERT INTO lock_out (who, address, failures, last_at) "
                "VALUES ('today', '192.0.2.1', 1, now())"
            )
        )
    world.clock.set_day("2099-09-05")
    assert await forgotten(world) == 0
    assert await kept(world) == ["today"]


async def test_the_service_removes_nothing_but_what_is_old(world: World) -> None:
    world.clock.set_day("2025-09-06")
    await guessed(world, "recent", ago=23)
    with pytest.raises(DBAPIError, match="permission denied"):
        async with world.service_tx() as tx:
            await tx.exec_driver_sql("DELETE FROM lock_out")
    async with world.service_tx() as tx:
        assert await prunes(tx, world, -9) == 0


async def test_nobody_but_the_hub_removes_anything(world: World) -> None:
    world.clock.set_day("2025-09-07")
    await guessed(world, "old", ago=25)
    async with world.hub.engine.begin() as connection:
        await connection.exec_driver_sql("SELECT hub_as('agency', '370000', '37', false)")
        assert await prunes(Tx(connection), world, 1) == 0
    assert await kept(world) == ["old1"]


async def test_what_somebody_guesses_at_meanwhile_is_left_to_the_next_day(world: World) -> None:
    world.clock.set_day("2025-09-08")
    await guessed(world, "stale", ago=25, rows=2)
    async with world.tx() as guesser:
        touch = "UPDATE lock_out SET last_at = last_at WHERE convert_from(who, 'UTF8') = 'stale2'"
        await guesser.exec_driver_sql(touch)
        assert await forgotten(world) == 1
    assert await kept(world) == ["stale2"]
