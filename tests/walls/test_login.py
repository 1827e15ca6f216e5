"""A login that is a member of the service's role alone gets no further by stepping out of it."""

from __future__ import annotations

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from tests.support.world import World

ROLE = sa.text(
    """
    SELECT rolsuper OR rolcreaterole OR rolcreatedb OR rolbypassrls OR rolreplication OR rolcanlogin
           AS is_more_than_a_role,
           ARRAY(SELECT roleid::regrole::text FROM pg_auth_members WHERE member = r.oid) AS within,
           ARRAY(SELECT c.oid::regclass::text FROM pg_class c WHERE c.relowner = r.oid) AS owns
      FROM pg_roles r WHERE rolname = 'hub_app'
    """
)


async def test_the_services_role_is_nobodys_member_and_owns_nothing(world: World) -> None:
    async with world.tx() as owner:
        assert tuple((await owner.execute(ROLE)).one()) == (False, [], [])


@pytest.mark.parametrize("step", ["RESET ROLE", "SET ROLE NONE", "SET ROLE hub_app"])
@pytest.mark.parametrize(
    "statement",
    [
        "DELETE FROM posting",
        "DELETE FROM message",
        "DELETE FROM audit_trail",
        "TRUNCATE audit_trail",
        "ALTER TABLE visit DISABLE ROW LEVEL SECURITY",
        "ALTER ROLE hub_app BYPASSRLS",
    ],
)
async def test_a_step_out_of_the_role_leads_nowhere(
    world: World, step: str, statement: str
) -> None:
    async with world.owner.connect() as login:
        # A member of the role has what the role has; a session of its own login, only that.
        await login.exec_driver_sql("SET LOCAL SESSION AUTHORIZATION hub_app")
        await login.exec_driver_sql(step)
        with pytest.raises(DBAPIError, match=r"permission denied|must be (owner|superuser)"):
            await login.exec_driver_sql(statement)
        await login.rollback()
    async with world.owner.connect() as owner:
        assert await owner.scalar(sa.text("SELECT current_user <> 'hub_app'"))


async def test_the_role_of_the_owner_is_not_open_to_it(world: World) -> None:
    async with world.owner.connect() as login:
        owner = await login.scalar(sa.text("SELECT quote_ident(current_user)"))
        await login.exec_driver_sql("SET LOCAL SESSION AUTHORIZATION hub_app")
        with pytest.raises(DBAPIError, match="permission denied"):
            await login.exec_driver_sql(f"SET ROLE {owner}")
        await login.rollback()
