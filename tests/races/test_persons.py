"""One person is one person in however many sessions, and an invitation is taken up once."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.parties import seeded
from tests.support.persons import agency_person, enrolled, enrolling, invited
from tests.support.world import World

PROPOSALS = "/v1/proposals"
SHANDONG = "370000"
ASKED = {"act": "person.create", "party": SHANDONG, "person": "sun", "name": "Sun"}


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def regions_and_parties(world: World) -> AsyncIterator[None]:
    await seeded(world)
    yield


async def test_sessions_of_one_person_are_one_person_however_many_decide_at_once(
    world: World,
) -> None:
    operators = (await enrolled(world, "chen"), await enrolled(world, "wang"))
    li, wu = [await agency_person(world, operators, SHANDONG, who) for who in ("li", "wu")]
    laid = await world.http.post(
        PROPOSALS, json={"asked": ASKED, "reason": "x"}, headers=await li.headers()
    )
    path = f"{PROPOSALS}/{laid.json()['number']}/approval"
    sessions = [await li.headers() for _ in range(3)]
    assert len({it["Authorization"] for it in sessions}) == len(sessions)
    sessions.append(await wu.headers())
    answers = await asyncio.gather(
        *(world.http.post(path, json={"reason": "x"}, headers=each) for each in sessions)
    )
    assert [it.status_code for it in answers] == [403, 403, 403, 200]
    assert {it.json()["code"] for it in answers[:3]} == {"second-person-needed"}


async def test_an_invitation_brought_twice_at_once_enrols_once(world: World) -> None:
    operators = (await enrolled(world, "zhang"), await enrolled(world, "zhou"))
    asked = ASKED | {"person": "twice"}
    invitation = await invited(world, operators, asked)
    answers = await asyncio.gather(
        *(enrolling(world, "twice", invitation, f"a long sentence, {n}th") for n in range(3))
    )
    assert sorted(it.status_code for it in answers) == [200, 401, 401]
