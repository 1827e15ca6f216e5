"""Every table is walled in or open for a reason, and the service owns neither rows nor walls."""

from __future__ import annotations

from collections.abc import Mapping

import pytest
from sqlalchemy.exc import DBAPIError

from tests.support.settlement import ready, settled
from tests.support.visit import road
from tests.support.world import World

REFERENCE = "what every party looks up"
BEFORE = "looked at before it is known who asks"
SANDBOX = "a sandbox's own, where everything is made up"
OPEN: Mapping[str, str] = {
    "region": REFERENCE,
    "party": REFERENCE,
    "institution": REFERENCE,
    "institution_scope": REFERENCE,
    "institution_standing": REFERENCE,
    "catalogue_version": REFERENCE,
    "catalogue_item": REFERENCE,
    "settlement_month": REFERENCE,
    "cleared_month": REFERENCE,
    "policy_edition": REFERENCE,
    "clearing_year": REFERENCE,
    "due_act": "how far the hub's own daily acts are done",
    "sealing": "how far the journals are sealed",
    "turns_before": "what a server before this one had counted",
    "client": BEFORE,
    "client_secret": BEFORE,
    "client_key": BEFORE,
    "lock_out": BEFORE,
    "person": BEFORE,
    "database_mark": "what the database is for",
    "data_key": "which keys the hub needs; the keys themselves are nowhere in the database",
    "sandbox_clock": SANDBOX,
    "persona": SANDBOX,
    "sandbox_fault": SANDBOX,
    "sandbox_exchange": SANDBOX,
}
WALLED = """
    SELECT c.relname
      FROM pg_class c JOIN pg_policy p ON p.polrelid = c.oid
     WHERE c.relrowsecurity AND p.polroles = ARRAY['hub_app'::regrole::oid]
       AND pg_get_userbyid(c.relowner) <> 'hub_app'
"""


async def walled(world: World) -> set[str]:
    async with world.tx() as tx:
        return set((await tx.exec_driver_sql(WALLED)).scalars())


async def test_every_table_is_behind_a_wall_or_open_for_a_reason(world: World) -> None:
    behind = await walled(world)
    async with world.tx() as tx:
        tables = "SELECT tablename FROM pg_tables WHERE schemaname = 'public'"
        found = set((await tx.exec_driver_sql(tables)).scalars()) - {"alembic_version"}
    assert behind | set(OPEN) == found
    assert not behind & set(OPEN)


async def test_a_connection_that_works_for_nobody_sees_no_walled_row(world: World) -> None:
    await road(world)
    await settled(world, await ready(world))
    kept = 0
    async with world.tx() as owner, world.hub.engine.connect() as service:
        await service.exec_driver_sql("SELECT hub_as('', '', NULL, false)")
        for table in sorted(await walled(world)):
            count = f"SELECT count(*) FROM {table}"  # noqa: S608 -- names of our own
            kept += (await owner.exec_driver_sql(count)).scalar_one()
            assert (await service.exec_driver_sql(count)).scalar_one() == 0, table
    assert kept > len(OPEN)


@pytest.mark.parametrize(
    "statement",
    [
        "UPDATE posting SET fen = 1",
        "DELETE FROM posting",
        "DELETE FROM message",
        "UPDATE message SET fingerprint = ''",
        "UPDATE audit_trail SET subject = ''",
        "DELETE FROM audit_trail",
        "TRUNCATE audit_trail",
        "ALTER TABLE visit DISABLE ROW LEVEL SECURITY",
        "DROP POLICY wall ON visit",
        "CREATE POLICY all_of_it ON visit USING (true)",
    ],
)
async def test_the_service_tears_nothing_down(world: World, statement: str) -> None:
    async with world.hub.engine.connect() as service:
        with pytest.raises(DBAPIError, match=r"permission denied|must be owner"):
            await service.exec_driver_sql(statement)
