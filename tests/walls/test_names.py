"""A connection works for whoever took it last, and for nobody else: names do not leak."""

from __future__ import annotations

from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy.exc import DBAPIError

from app.runtime.door import lend, reading
from app.runtime.walls import NAMED
from tests.support.institutions import JINAN, JINAN_DEVICES
from tests.support.visit import admitted, road
from tests.support.world import Client, World, open_world

NOBODYS = "S3701002509010099999"
DISABLED = (
    """
    INSERT INTO party (code, kind, name, region, state, source)
    VALUES ('H37010000001', 'institution', 'x', '370100', 'active', 'synthetic')
    ON CONFLICT DO NOTHING
    """,
    """
    INSERT INTO client (id, party, state, created_at)
    VALUES ('H37010000001-test', 'H37010000001', 'disabled', now())
    """,
)
VISITS = "SELECT count(*) FROM visit"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def narrow(database_url: str) -> AsyncIterator[World]:
    """A hub with one connection, which everybody takes in turn, and one visit in Jinan."""
    async with open_world(database_url, pool_connections=1) as world:
        await road(world)
        await admitted(world)
        yield world


async def seen_by(world: World, client: Client) -> int:
    async with reading(world.hub, client.caller, "test") as it:
        return int((await it.rx.exec_driver_sql(VISITS)).scalar_one())


async def seen_by_nobody(world: World) -> int:
    async with lend(world.hub) as rx:
        return int((await rx.exec_driver_sql(VISITS)).scalar_one())


async def test_readings_that_share_a_connection_share_no_rows(narrow: World) -> None:
    hospital, other = narrow.institution(JINAN), narrow.institution(JINAN_DEVICES)
    assert [await seen_by(narrow, it) for it in (hospital, other, hospital)] == [1, 0, 1]
    assert await seen_by(narrow, narrow.agency("110000")) == 1
    assert await seen_by(narrow, narrow.agency("440000")) == 0
    assert await seen_by(narrow, narrow.channel()) == 0


async def test_whoever_is_nobody_sees_nothing_of_the_reading_before(narrow: World) -> None:
    assert await seen_by(narrow, narrow.operator) == 1
    assert await seen_by_nobody(narrow) == 0


async def test_a_reading_that_broke_leaves_nothing_to_the_next(narrow: World) -> None:
    with pytest.raises(DBAPIError):
        async with reading(narrow.hub, narrow.operator.caller, "test") as it:
            await it.rx.exec_driver_sql("SELECT 1 / 0")
    assert await seen_by(narrow, narrow.institution(JINAN_DEVICES)) == 0
    with pytest.raises(DBAPIError):
        async with reading(narrow.hub, narrow.operator.caller, "test") as it:
            await it.rx.exec_driver_sql("SELECT 1 / 0")
    assert await seen_by_nobody(narrow) == 0


async def test_a_write_leaves_no_name_behind(narrow: World) -> None:
    assert await seen_by_nobody(narrow) == 0
    answer = await narrow.institution(JINAN).post(f"/v1/visits/{NOBODYS}/cancel")
    assert answer.status_code == 404
    async with narrow.hub.engine.connect() as raw:
        assert not raw.info.get(NAMED)
        assert (await raw.exec_driver_sql(VISITS)).scalar_one() == 0


async def test_a_write_after_a_reading_works_for_its_own_caller(narrow: World) -> None:
    number = (await narrow.operator.get("/v1/visits")).json()["items"][0]["number"]
    answer = await narrow.institution(JINAN_DEVICES).post(f"/v1/visits/{number}/cancel")
    assert answer.json()["code"] == "visit-unknown"


async def test_a_refusal_is_kept_under_the_name_of_who_was_refused(narrow: World) -> None:
    client = narrow.institution(JINAN)
    assert (await narrow.operator.get("/v1/visits")).status_code == 200
    refused = await client.post(f"/v1/visits/{NOBODYS}/cancel", key="refused-1")
    told = await client.get("/v1/messages/refused-1")
    assert (refused.status_code, told.json()["outcome"]) == (404, "refused")
    other = await narrow.institution(JINAN_DEVICES).get("/v1/messages/refused-1")
    assert other.json()["outcome"] == "never_seen"


async def test_a_client_that_stands_no_more_reads_nothing_and_writes_nothing(
    narrow: World,
) -> None:
    client = narrow.institution(JINAN)
    async with narrow.tx() as tx:
        for row in DISABLED:
            await tx.exec_driver_sql(row)
    read, written = (
        await client.get("/v1/visits"),
        await client.post(f"/v1/visits/{NOBODYS}/cancel"),
    )
    async with narrow.tx() as tx:
        await tx.exec_driver_sql("DELETE FROM client WHERE id = 'H37010000001-test'")
    assert (read.status_code, read.json()["code"]) == (401, "unauthenticated")
    assert (written.status_code, written.json()["code"]) == (401, "unauthenticated")
