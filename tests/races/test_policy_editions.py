"""Of many who adopt at once one does, and editions stand in one line."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Coroutine
from dataclasses import replace
from typing import TypeVar

import pytest
import pytest_asyncio

from app.parties.errors import PolicyOvertaken
from app.parties.model import NewEdition
from app.parties.store import editions as store
from app.policy.book import PolicyBook
from tests.support.editions import PROPOSALS, adopted, another, editions, own, proposed
from tests.support.parties import seeded
from tests.support.persons import Staff, enrolled
from tests.support.world import World

T = TypeVar("T")
BLOCKED = "SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = 'transactionid'"
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


async def late(world: World, first: str, adopting: Coroutine[object, object, T]) -> T:
    """Adopt while another connection keeps an edition and has not committed; return what came."""
    async with world.service_tx() as tx:
        standing = await store.newest(tx)
        kept = await store.add(
            tx,
            NewEdition(
                version=(book := PolicyBook.parse(first)).version,
                digest=book.digest,
                book=first,
                follows=None if standing is None else standing.version,
                changes=(),
            ),
            store.Stamp(world.clock.now, "operator-other", None),
        )
        assert kept
        at_it = asyncio.create_task(adopting)
        async with asyncio.timeout(30):
            while not (await tx.exec_driver_sql(BLOCKED)).scalar_one():
                assert not at_it.done(), at_it.result()
                await asyncio.sleep(0.01)
    return await at_it


async def test_of_two_hubs_that_adopt_what_they_bring_at_once_both_go_on(
    world: World, three: Three
) -> None:
    del three
    assert await late(world, own().source, adopted(world)) is False
    assert [it["version"] for it in await editions(world)] == [own().version]


async def test_who_adopts_while_another_edition_is_being_kept_is_overtaken(
    world: World, three: Three
) -> None:
    chen, wang, _ = three
    number = (await proposed(world, chen, another("110000") + "# late"))["number"]
    found = await late(world, own().source + "# first", approving(world, [(wang, number)]))
    assert found == [(409, "policy-overtaken")]


async def test_a_hub_that_brings_another_edition_than_was_just_kept_is_overtaken(
    world: World, three: Three
) -> None:
    del three
    law = replace(world.hub.law, book=PolicyBook.parse(own().source + "# mine"))
    before, world.app.state.hub = world.hub, replace(world.hub, law=law)
    try:
        with pytest.raises(PolicyOvertaken):
            await late(world, own().source + "# yours", adopted(world))
    finally:
        world.app.state.hub = before


async def test_of_two_who_approve_one_proposal_at_once_one_does(world: World, three: Three) -> None:
    chen, wang, li = three
    before = len(await editions(world))
    number = (await proposed(world, chen, another("110000")))["number"]
    found = await approving(world, [(wang, number), (li, number)])
    assert sorted(found, key=str) == [(200, None), (409, "proposal-decided")]
    assert len(await editions(world)) == before + 1


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
