"""What was said once stays said, also when the service asks the database to change it."""

from __future__ import annotations

import pytest
import pytest_asyncio
from sqlalchemy.exc import DBAPIError

from tests.support.institutions import JINAN
from tests.support.settlement import cancelled, ready, settled
from tests.support.visit import road
from tests.support.world import World

NOBODYS = "S3701002509010099999"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def told(world: World) -> World:
    """A hub with a settlement that was cancelled, an applied message and a refused one."""
    await road(world)
    settlement = (await settled(world, await ready(world)))["number"]
    await cancelled(world, settlement)
    client = world.institution(JINAN)
    assert (await client.post(f"/v1/visits/{NOBODYS}/cancel", key="refused-1")).status_code == 404
    assert (await client.post("/v1/messages/unseen/fence", key="fence-1")).status_code < 300
    return world


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE settlement SET cancelled_by = NULL WHERE cancelled_by IS NOT NULL",
        "UPDATE settlement SET cancelled_by = id WHERE cancelled_by IS NOT NULL",
        "UPDATE filing SET decided_by = 'x' WHERE decided_by IS NOT NULL",
        "UPDATE message SET body = '' WHERE state = 'applied'",
        "UPDATE message SET status = 200, deed = 'x' WHERE state = 'applied'",
        "UPDATE message SET state = 'refused' WHERE state = 'applied'",
        "UPDATE message SET state = 'fenced' WHERE state = 'applied'",
        "UPDATE message SET state = 'reversed', reversed_by = 'x', body = '' WHERE subject <> ''",
        "UPDATE message SET state = 'applied' WHERE state = 'fenced'",
        "UPDATE message SET reversed_by = 'x' WHERE state = 'fenced'",
    ],
)
async def test_nobody_unsays_it(told: World, statement: str) -> None:
    with pytest.raises(DBAPIError, match="was said once"):
        async with told.service_tx() as tx:
            await tx.exec_driver_sql(statement)
    with pytest.raises(DBAPIError, match="was said once"):
        async with told.tx() as owner:
            await owner.exec_driver_sql(statement)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE message SET state = 'reversed', reversed_by = 'x' WHERE state = 'applied'",
        "UPDATE message SET at = now(), status = 409 WHERE state = 'refused'",
        "UPDATE settlement SET cancelled_by = cancelled_by WHERE cancelled_by IS NOT NULL",
    ],
)
async def test_what_may_follow_follows(told: World, statement: str) -> None:
    async with told.service_tx() as tx:
        assert (await tx.exec_driver_sql(statement)).rowcount > 0
        await tx.rollback()
