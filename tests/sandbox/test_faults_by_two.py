"""With two persons one asks for faults and another orders them; taking back takes one."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from dataclasses import replace
from typing import Any

import pytest_asyncio
import sqlalchemy as sa

from tests.support.parties import made_client
from tests.support.persons import enrolled
from tests.support.sandbox import open_sandbox
from tests.support.world import Client, World

FAULTS, HOSPITAL, SHANDONG = "/v1/sandbox/faults", "H37010000001", "370000"
DELAY, NONE = "delay=1", ""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(database_url: str) -> AsyncIterator[World]:
    """A sandbox whose operator is one machine, as a newcomer meets it."""
    async with open_sandbox(database_url) as world:
        await made_client(world, "operator", "operator-test")
        yield world


def person(world: World, who: str) -> Client:
    """Return a session of one of the operator's people."""
    client = world.operator
    return replace(client, caller=replace(client.caller, client=f"person:{who}"))


async def order(by: Client, faults: str, party: str = HOSPITAL) -> tuple[int, Any]:
    """Order faults; tell the status, and the code of a refusal or what is in force and asked."""
    answer = await by.put(FAULTS, {"party": party, "faults": faults})
    found = answer.json()
    return answer.status_code, found.get("code") or (
        found["faults"],
        found["asked"],
        found["asked_by"],
    )


def played(world: World, party: str = HOSPITAL) -> str:
    """Return what befalls a party's messages."""
    faults: dict[str, str] = world.app.state.playground.faults
    return faults.get(party, NONE)


async def test_a_newcomers_operator_orders_faults_alone(sandbox: World) -> None:
    assert await order(sandbox.operator, DELAY) == (200, (DELAY, None, None))
    assert played(sandbox) == DELAY
    assert await order(sandbox.operator, NONE) == (200, (NONE, None, None))
    assert played(sandbox) == NONE


async def test_with_two_persons_one_asks_and_another_orders_the_same(sandbox: World) -> None:
    await enrolled(sandbox, "chen")
    await enrolled(sandbox, "wang")
    chen, wang = person(sandbox, "chen"), person(sandbox, "wang")
    assert await order(sandbox.operator, DELAY) == (403, "person-required")
    waiting = (NONE, DELAY, "person:chen")
    assert await order(chen, DELAY) == (200, waiting)
    assert played(sandbox) == NONE
    listed = (await wang.get(FAULTS)).json()["items"]
    assert listed == [
        {"party": HOSPITAL, "faults": NONE, "asked": DELAY, "asked_by": "person:chen"}
    ]
    assert await order(chen, DELAY) == (403, "second-person-needed")
    assert await order(sandbox.operator, DELAY) == (403, "person-required")
    assert await order(wang, DELAY) == (200, (DELAY, None, None))
    assert played(sandbox) == DELAY
    # What another asks for instead is asked for anew; what is in force stays until it is ordered.
    assert await order(wang, "delay=2") == (200, (DELAY, "delay=2", "person:wang"))
    assert await order(chen, "delay=3") == (200, (DELAY, "delay=3", "person:chen"))
    assert await order(chen, "delay=2") == (200, (DELAY, "delay=2", "person:chen"))
    assert await order(wang, "delay=2") == (200, ("delay=2", None, None))
    # Taking back never waits, not for a person either.
    assert await order(sandbox.operator, NONE) == (200, (NONE, None, None))
    assert played(sandbox) == NONE


async def test_of_two_persons_who_ask_for_the_same_at_once_one_asks_and_one_orders(
    sandbox: World,
) -> None:
    chen, wang = person(sandbox, "chen"), person(sandbox, "wang")
    party = "A37010000001"
    answers = await asyncio.gather(*(order(it, DELAY, party) for it in (chen, wang)))
    assert sorted(found[0] for _, found in answers) == [NONE, DELAY]
    assert played(sandbox, party) == DELAY
    again = await asyncio.gather(*(order(chen, "delay=9", party) for _ in range(3)))
    assert sorted(str(it[0]) for it in again) == ["200", "403", "403"]
    assert played(sandbox, party) == DELAY


async def test_what_waits_for_a_second_person_is_not_played_after_a_restart(
    sandbox: World,
) -> None:
    chen = person(sandbox, "chen")
    assert (await order(chen, DELAY, SHANDONG))[0] == 200
    playground = sandbox.app.state.playground
    await playground.recall(sandbox.hub)
    assert SHANDONG not in playground.faults


async def test_a_party_without_persons_orders_its_own_alone(sandbox: World) -> None:
    hospital = sandbox.institution(HOSPITAL)
    assert await order(hospital, DELAY) == (200, (DELAY, None, None))
    listed = (await hospital.get(FAULTS)).json()["items"]
    assert [it["faults"] for it in listed] == [DELAY]
    assert (await order(hospital, NONE))[0] == 200


async def test_the_database_keeps_no_wish_of_nobody(sandbox: World) -> None:
    async with sandbox.tx() as owner:
        found = await owner.execute(
            sa.text("SELECT conname FROM pg_constraint WHERE conname = 'ck_sandbox_fault_asked'")
        )
        assert found.scalar_one()
