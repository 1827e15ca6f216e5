"""Every field of every operation at its edges: what works is sent again with one field changed.

A first walk keeps nothing, so that each change meets the same laid-out hub; what it would have
taken in is then sent to be kept, and the whole hub read once more. No answer is a fault of the hub,
and each has a status that the document names. A usual run takes every so manieth change;
`HUB_FUZZ_SECONDS=1` takes all.
"""

from __future__ import annotations

import os
import re
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio

from app.gateway.mapping import transactions
from tests.flows.test_examples import EXCEPTIONS
from tests.fuzz.edges import Document, Edge
from tests.fuzz.walk import READERS, Request, Walk, is_taken
from tests.support.laid import laid_out
from tests.support.world import World
from tests.walls.matrix import VETO, Stage, vetoing

WHOLE = int(os.environ.get("HUB_FUZZ_SECONDS", "0")) > 0
DATED = re.compile(r"\d{4}-")  # what tells later readers most is kept first
# Of a hundred changes so many are taken in, or get as far as a rule; and so many of those that
# would be taken in are kept one after the other. Less, and this would test what is malformed alone.
TAKEN_MIN, RULED_MIN, KEPT_MIN = 22, 2.5, 6  # the fewer, the more there are of one thing
STRIDE = 1 if WHOLE else 11


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def walk(
    world: World, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[Walk]:
    """A hub laid out for its documentation page, that keeps nothing for now."""
    laid = await laid_out(world, database_url, tmp_path_factory.mktemp("home"))
    async with world.tx() as tx:
        for statement in VETO:
            await tx.exec_driver_sql(statement)
    stage = Stage(world, laid)
    with vetoing(stage):
        it = Walk(stage, Document(world.app.openapi()["components"]["schemas"]))
        await it.lay()
        it.wrong.clear()
        yield it


async def test_what_is_changed_works_unchanged(walk: Walk) -> None:
    fallen, taken = {}, set()
    for it in walk.requests:
        told = await walk.answered(it)
        if it.number and is_taken(told):
            taken.add(it.number)
        elif not is_taken(told) and not it.number and it.name not in EXCEPTIONS:
            fallen[it.name] = told
    assert fallen == {}
    assert len(taken) >= len(transactions()) // 2
    assert walk.wrong == {}


async def kept(walk: Walk, taken: list[tuple[Request, Edge]]) -> None:
    """Send what would have been taken in, to be kept; then have all that can be read, read."""
    async with walk.stage.world.tx() as tx:
        await tx.exec_driver_sql("DROP TRIGGER veto ON message")
    for it, edge in sorted(taken, key=lambda it: DATED.match(str(it[1].value)) is None):
        await walk.answered(it, edge)
    for party in READERS if WHOLE else READERS[:3]:
        for it in walk.bare(party):
            await walk.answered(it)


async def test_no_field_at_its_edge_is_a_fault_of_the_hub(walk: Walk) -> None:
    walk.told.clear()
    taken = []
    for it, edge in walk.edges(STRIDE):
        told = await walk.answered(it, edge)
        if is_taken(told) and not it.reads:
            taken.append((it, edge))
    first = walk.told.copy()
    await kept(walk, taken)
    assert walk.wrong == {}
    share = 100 / first.total()
    assert sum(count for told, count in first.items() if is_taken(told)) * share >= TAKEN_MIN
    assert first["422"] * share >= RULED_MIN
    assert (walk.told["201"] - first["201"]) * 100 / len(taken) >= KEPT_MIN, (first, walk.told)
