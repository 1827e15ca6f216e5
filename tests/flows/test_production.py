"""In production the operator acts by two people from its first day, and nobody by a lost token."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa

from tests.support.advance import CHANGES, RUNS, done
from tests.support.parties import made_client, seeded
from tests.support.persons import enrolled
from tests.support.world import Client, World

MODES = "/v1/advances/modes"
STANDS = sa.text("SELECT client_stands(:client, NULL, now())")
ASKED = {
    "insured_place": "110000",
    "treatment_place": "410000",
    "mode": "hold",
    "reason": "试",
}


def as_client(client: Client, client_id: str) -> Client:
    """Return a party's other client, or a session of one of its people."""
    return replace(client, caller=replace(client.caller, client=client_id))


async def machine(world: World, client: Client) -> Client:
    """Give a party one more client of its system."""
    return as_client(client, (await made_client(world, client.caller.party)).id)


def code(answer: Any) -> tuple[int, str | None]:
    """Return status and code of an answer."""
    return answer.status_code, answer.json().get("code")


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def parties(world: World) -> AsyncIterator[None]:
    """The parties of a hub that nobody has a person of yet, and the tests' own client."""
    await seeded(world)
    await made_client(world, "operator", "operator-test")
    yield


@pytest_asyncio.fixture(loop_scope="session")
async def production(world: World) -> AsyncIterator[None]:
    """The database is marked as one for production, as opening it for that marks it."""
    async with world.tx() as owner:
        await owner.execute(
            sa.text(
                "INSERT INTO database_mark (single, mode, marked_at)"
                " VALUES (true, 'production', now())"
            )
        )
    yield
    async with world.tx() as owner:
        await owner.execute(sa.text("DELETE FROM database_mark"))


async def test_elsewhere_the_operators_machines_are_compared_while_it_has_no_people(
    world: World,
) -> None:
    one, other = await machine(world, world.operator), await machine(world, world.operator)
    change = await done(one.post(MODES, ASKED), 201)
    path = f"{CHANGES}/{change['number']}/approval"
    assert code(await one.post(path)) == (403, "second-person-needed")
    assert (await done(other.post(path)))["state"] == "approved"


@pytest.mark.usefixtures("production")
async def test_in_production_no_machine_of_the_operators_does_what_takes_two(world: World) -> None:
    system = await machine(world, world.operator)
    run = {"scheme": "cross_province", "year": world.clock.now.year}
    for path, asked in ((MODES, ASKED), (RUNS, run)):
        assert code(await system.post(path, asked)) == (403, "person-required")


@pytest.mark.usefixtures("production")
async def test_in_production_the_operators_first_two_people_act_by_two(world: World) -> None:
    await enrolled(world, "chen")
    chen, wang = (as_client(world.operator, f"person:{who}") for who in ("chen", "wang"))
    system = await machine(world, world.operator)
    change = await done(chen.post(MODES, ASKED | {"mode": "hard"}), 201)
    path = f"{CHANGES}/{change['number']}/approval"
    assert code(await system.post(path)) == (403, "person-required")
    assert code(await chen.post(path)) == (403, "second-person-needed")
    await enrolled(world, "wang")
    assert (await done(wang.post(path)))["state"] == "approved"


async def stands(world: World, client: str) -> str | None:
    """Ask as the service does why a client stands no longer."""
    async with world.rx() as rx:
        why: str | None = await rx.scalar(STANDS, {"client": client})
    return why


async def test_elsewhere_a_client_without_a_row_is_a_party_that_the_hub_plays(
    world: World,
) -> None:
    assert [await stands(world, it) for it in ("nobody", "person:nobody")] == ["unknown"] * 2
    assert (await as_client(world.operator, "nobody").get("/v1/regions")).status_code == 200


@pytest.mark.usefixtures("production")
async def test_in_production_a_token_whose_client_is_gone_opens_nothing(world: World) -> None:
    system = await machine(world, world.agency("370000"))
    own = system.caller.client
    async with world.hub.engine.connect() as connection:
        asked = [{"client": it} for it in (own, "nobody", "person:nobody", "hub:tick")]
        found = [await connection.scalar(STANDS, it) for it in asked]
    assert found == [None, "gone", "gone", None]
    for client, status in ((own, 200), ("nobody", 401), ("person:nobody", 401)):
        answer = await as_client(system, client).get("/v1/filings")
        assert answer.status_code == status, client
    written = await as_client(world.operator, "nobody").post(MODES, ASKED)
    assert code(written) == (401, "unauthenticated")
