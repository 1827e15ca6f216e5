"""Of many who adopt at once one does, and editions stand in one line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator

import pytest_asyncio

from tests.support.editions import PROPOSALS, adopted, another, editions, own, proposed
from tests.support.parties import seeded
from tests.support.persons import Staff, enrolled
from tests.support.world import World

Three = tuple[Staff, Staff, Staff]


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def three(world: World) -> AsyncIterator[Three]:
    """Three persons of the operator."""
    await seeded(world)
    chen, wang, li = [await enrolled(world, who) for who in ("chen", "wang", "li")]
    yield chen, wang, li


async def approving(world: World, of: list[tuple[Staff, str]]) -> list[tuple[int, str | None]]:
    """Approve all at once; return statuses and codes."""
    headers = [await by.headers() for by, _ in of]
    answers = await asyncio.gather(
        *(
            world.http.post(f"{PROPOSALS}/{number}/approval", json={"reason": "x"}, headers=each)
            for (_, number), each in zip(of, headers, strict=True)
        )
    )
    return [(it.status_code, it.json().get("code")) for it in answers]


async def test_a_first_edition_adopted_by_many_at_once_is_adopted_once(
    world: World, three: Three
) -> None:
    del three
    found = await asyncio.gather(*(adopted(world) for _ in range(4)))
    assert sorted(found) == [False, False, False, True]
    assert [it["version"] for it in await editions(world)] == [own().version]


async def test_of_two_who_approve_one_proposal_at_once_one_does(world: World, three: Three) -> None:
    chen, wang, li = three
    number = (await proposed(world, chen, another("110000")))["number"]
    found = await approving(world, [(wang, number), (li, number)])
    assert sorted(found, key=str) == [(200, None), (409, "proposal-decided")]
    assert len(await editions(world)) == 2


async def test_of_two_editions_compared_with_the_same_one_is_adopted(
    world: World, three: Three
) -> None:
    chen, wang, li = three
    numbers = [
        (await proposed(world, chen, another("110000") + f"# {each}"))["number"]
        for each in range(2)
    ]
    found = await approving(world, [(wang, numbers[0]), (li, numbers[1])])
    assert sorted(found, key=str) == [(200, None), (409, "policy-overtaken")]
    told = await editions(world)
    assert [it["follows"] for it in told[1:]] == [it["version"] for it in told[:-1]]
