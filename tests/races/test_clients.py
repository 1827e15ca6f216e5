"""What must happen once happens once, however many come at the same instant."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio
import sqlalchemy as sa

from tests.support.parties import ask, made_client, seeded
from tests.support.persons import enrolled
from tests.support.world import World

PROPOSALS = "/v1/proposals"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def regions_and_parties(world: World) -> AsyncIterator[None]:
    await seeded(world)
    yield


async def test_two_who_approve_at_once_make_one_client(world: World) -> None:
    chen, wang, li = [await enrolled(world, who) for who in ("chen", "wang", "li")]
    asked = {"asked": {"act": "client.create", "party": "370000"}, "reason": "x"}
    laid = await world.http.post(PROPOSALS, json=asked, headers=await chen.headers())
    number = laid.json()["number"]
    headers = [await wang.headers(), await li.headers()]
    answers = await asyncio.gather(
        *(
            world.http.post(f"{PROPOSALS}/{number}/approval", json={"reason": "x"}, headers=each)
            for each in headers
        )
    )
    assert sorted(it.status_code for it in answers) == [200, 409]
    async with world.tx() as owner:
        made = await owner.scalar(sa.text("SELECT count(*) FROM client WHERE party = '370000'"))
    assert made == 1


async def test_a_code_brought_twice_at_once_opens_one_session(world: World) -> None:
    twice = await enrolled(world, "twice")
    world.clock.advance(minutes=1)
    code = twice.code()
    answers = await asyncio.gather(*(twice.sign_in(code=code) for _ in range(3)))
    assert sorted(it.status_code for it in answers) == [200, 401, 401]


async def test_failures_at_once_are_all_counted(world: World) -> None:
    it = await made_client(world, "110000")
    wrong = [ask(world, client_id=it.id, client_secret="x") for _ in range(4)]
    assert {answer.status_code for answer in await asyncio.gather(*wrong)} == {401}
    assert (await ask(world, client_id=it.id, client_secret="x")).status_code == 401
    assert (await ask(world, client_id=it.id, client_secret=it.secret)).status_code == 429
