"""Who speaks to the driver itself, past SQLAlchemy, is cut as well."""

from __future__ import annotations

from collections.abc import AsyncIterator

import asyncpg
import pytest
import pytest_asyncio
from sqlalchemy.engine import make_url

from tests.faults.knife import Fault, Knife
from tests.faults.wire import lead, leave

HUBS = {"application_name": "hub"}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def led(database_url: str) -> AsyncIterator[tuple[str, Knife]]:
    """An address that leads under a knife, and the knife."""

    async def nobody(_: int) -> None:
        """End no backend."""

    url = make_url(database_url).set(drivername="postgresql")
    real, alias, knife = str(url.database), f"{url.database}_led", Knife(nobody)
    lead(alias, knife, lambda: real)
    yield url.set(database=alias).render_as_string(hide_password=False), knife
    leave(alias)


@pytest.mark.parametrize("method", ["fetch", "fetchrow", "fetchval", "execute", "executemany"])
async def test_each_way_to_ask_the_driver_is_a_round_trip_that_may_be_lost(
    led: tuple[str, Knife], method: str
) -> None:
    dsn, knife = led
    connection = await asyncpg.connect(dsn, server_settings=HUBS)
    arguments = ([[1], [2]],) if method == "executemany" else (1,)
    with knife.cutting({0: Fault.DROPPED}), pytest.raises(asyncpg.ConnectionDoesNotExistError):
        await getattr(connection, method)("SELECT $1::int", *arguments)
    assert [it.verb for it in knife.crossed] == ["run"]
    assert connection.is_closed()


async def test_a_prepared_statement_of_a_pool_is_cut_where_postgres_would_refuse_it(
    led: tuple[str, Knife],
) -> None:
    dsn, knife = led
    pool = asyncpg.create_pool(dsn, server_settings=HUBS, min_size=1)
    async with pool, pool.acquire() as connection:
        statement = await connection.prepare("SELECT $1::int AS one")
        with knife.cutting({1: Fault.SERIALIZATION}):
            assert await statement.fetchval(1) == 1
            with pytest.raises(asyncpg.SerializationError):
                await statement.fetchrow(1)
        assert await statement.fetchval(2) == 2, "the connection lives on"
    assert [str(it) for it in knife.crossed] == ["run SELECT", "run SELECT"]


async def test_a_pools_connecting_is_cut_and_its_owner_is_not(led: tuple[str, Knife]) -> None:
    dsn, knife = led
    with knife.cutting({0: Fault.DROPPED}):
        with pytest.raises(ConnectionRefusedError):
            await asyncpg.create_pool(dsn, server_settings=HUBS, min_size=1)
        owner = await asyncpg.connect(dsn)
        assert await owner.fetchval("SELECT 1") == 1
    assert [str(it) for it in knife.crossed] == ["connect"]
    await owner.close()
