"""National traffic in a hub: everything arrives, again changes nothing, the books add up."""

from __future__ import annotations

from dataclasses import replace

from app.cli.seeding import seed
from app.kernel.calendar import Month
from app.ledger import service as ledger
from app.sandbox.load import Loaded, Traffic, load
from tests.support.world import World

SMALL = Traffic(workers=20, months=2, seed=11, first_month=Month(2025, 10))
AT_ONCE = 4


async def fill(world: World, traffic: Traffic) -> tuple[Loaded, int]:
    """Load a plan; return what is in the hub and how many cases were reported as done."""
    done = 0

    def advance() -> None:
        nonlocal done
        done += 1

    await seed(world.hub, lambda _: None)
    return await load(world.hub, traffic, at_once=AT_ONCE, advance=advance), done


async def test_small_traffic_loads_whole_once_and_the_books_add_up(world: World) -> None:
    cases = list(SMALL.cases())
    visits = [visit for case in cases for visit in case.visits]
    charged = sum(line.amount.fen for visit in visits for line in visit.lines)

    loaded, done = await fill(world, SMALL)

    assert done == len(cases)
    assert not loaded.refusals
    assert loaded.applied_now == sum(loaded.messages.values())
    assert loaded.messages["register"] == loaded.messages["file"] == len(cases)
    assert loaded.messages["admit"] == loaded.messages["settle"] == len(visits)
    assert loaded.total.fen == charged
    assert 0 < loaded.fund.fen < charged
    async with world.rx() as rx:
        proof = await ledger.proof(rx)
    assert proof.holds
    assert proof.turnover == loaded.fund

    again, done_again = await fill(world, SMALL)

    assert done_again == len(cases)
    assert again.applied_now == 0
    assert (again.messages, again.total, again.fund) == (
        loaded.messages,
        loaded.total,
        loaded.fund,
    )
    async with world.rx() as rx:
        assert await ledger.proof(rx) == proof


async def test_more_workers_continue_the_same_plan(world: World) -> None:
    few, _ = await fill(world, SMALL)
    more, _ = await fill(world, replace(SMALL, workers=SMALL.workers + 3))
    assert more.messages["register"] == few.messages["register"] + 3
    assert more.applied_now == sum(more.messages.values()) - sum(few.messages.values())


async def test_another_seed_brings_other_people(world: World) -> None:
    loaded, _ = await fill(world, replace(SMALL, workers=5, seed=12))
    assert not loaded.refusals
    assert loaded.applied_now == sum(loaded.messages.values())
