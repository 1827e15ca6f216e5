"""Deductions become final while months close, and rivals meet: no fen is counted twice or lost."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest_asyncio
import sqlalchemy as sa

from app.kernel.calendar import Month
from app.review.service import deducting
from app.settlement import service as settlements
from tests.support.institutions import JINAN
from tests.support.ledger import balances, proven
from tests.support.parties import as_operator
from tests.support.review import (
    DEDUCTIONS,
    REVIEWS,
    appeal,
    close,
    closed,
    decide,
    deducted,
    given_back,
    off,
    pay,
    propose,
    settlements_on,
)
from tests.support.settlement import cancel
from tests.support.visit import road, rows
from tests.support.world import World

PAYABLE = f"payable:370000:{JINAN}"
_LOCKS_AWAITED = sa.text(
    "SELECT count(*) FROM pg_locks WHERE locktype = 'advisory' AND NOT granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


async def together(*asked: Any) -> list[int]:
    """Ask all at once; return the statuses, sorted."""
    return sorted(answer.status_code for answer in await asyncio.gather(*asked))


async def test_rivals_never_take_more_than_the_fund_bears(world: World) -> None:
    number = str((await settlements_on(world, "2025-09-01", 1))[0]["number"])
    found = await together(*(propose(world, off(number, "3.00")) for _ in range(8)))
    assert found == [201, 201, 201, 422, 422, 422, 422, 422]
    taken = await rows(
        world,
        "SELECT deducted_fen,"
        " (SELECT sum(amount_fen) FROM deduction d WHERE d.settlement_id = s.id)"
        " AS summed FROM settlement s WHERE number = :number",
        number=number,
    )
    assert [(row.deducted_fen, int(row.summed)) for row in taken] == [(900, 900)]


async def test_a_deduction_and_a_cancellation_at_once_leave_one_of_them(world: World) -> None:
    for it in await settlements_on(world, "2025-09-02", 6):
        number = str(it["number"])
        found = await together(propose(world, off(number, "3.00")), cancel(world, number))
        assert found == [201, 422]
    kept = await rows(
        world, "SELECT 1 FROM settlement WHERE cancelled_by IS NOT NULL AND deducted_fen <> 0"
    )
    assert not kept


async def test_a_deduction_is_appealed_decided_and_given_back_once(world: World) -> None:
    number = str((await settlements_on(world, "2025-09-03", 1))[0]["number"])
    it = (await deducted(world, number, "3.00"))["number"]
    assert await together(*(appeal(world, it) for _ in range(4))) == [201, 409, 409, 409]
    said = await together(*(decide(world, it, "upheld") for _ in range(4)))
    assert said == [201, 409, 409, 409]
    assert await together(*(given_back(world, it) for _ in range(4))) == [201, 409, 409, 409]
    assert (await proven(world)).holds


async def test_two_ticks_at_once_finish_every_term_once(world: World) -> None:
    numbers = [str(it["number"]) for it in await settlements_on(world, "2025-09-04", 6)]
    world.clock.set_day("2025-09-04")
    for number in numbers:
        await deducted(world, number, "2.00")
    before = -(await balances(world))[PAYABLE][0]
    world.clock.set_day("2025-09-20")
    found = await asyncio.gather(
        *(as_operator(world, deducting.finish_unappealed) for _ in range(3))
    )
    assert sum(found) >= 6
    final = await rows(
        world, "SELECT sum(amount_fen) AS fen FROM deduction WHERE decision = 'unappealed'"
    )
    assert before - -(await balances(world))[PAYABLE][0] == int(final[0].fen)
    assert (await proven(world)).holds


async def test_a_closing_waits_for_a_deduction_that_is_becoming_final_and_counts_it(
    world: World,
) -> None:
    made = await settlements_on(world, "2025-09-29", 2)
    world.clock.set_day("2025-10-09")
    numbers = [(await deducted(world, str(it["number"]), "1.00"))["number"] for it in made]
    for number in numbers:
        await appeal(world, number)
    reached, go = asyncio.Event(), asyncio.Event()

    async def slow(work: Any) -> None:
        await settlements.open_months(work, {("370000", Month(2025, 9))})
        work.record("test", "test")
        reached.set()
        await go.wait()

    holding = asyncio.create_task(as_operator(world, slow))
    await reached.wait()
    closing = asyncio.create_task(close(world, "2025-09"))
    async with world.hub.reading_engine.connect() as watch:
        while not (await watch.execute(_LOCKS_AWAITED)).scalar_one():
            assert not closing.done(), "it had a deduction to wait for"
    # Who comes while the month is closing goes on to the next.
    assert (await decide(world, numbers[0], "upheld")).json()["month"] == "2025-10"
    assert not closing.done()
    go.set()
    await holding
    assert (await closing).status_code == 201
    assert (await decide(world, numbers[1], "upheld")).json()["month"] == "2025-10"


async def test_months_closed_while_deductions_become_final_hold_each_exactly_once(
    world: World,
) -> None:
    """Four months close one after another while deductions from all of them are decided."""
    days = ("2025-10-10", "2025-11-10", "2025-12-10", "2026-01-12")
    made = [str(it["number"]) for day in days for it in await settlements_on(world, day, 4)]
    world.clock.set_day("2026-02-02")
    numbers = []
    for settlement in made:
        number = (await deducted(world, settlement, "1.00"))["number"]
        await appeal(world, number)
        numbers.append(number)

    async def agency() -> None:
        for number in numbers:
            assert (await decide(world, number, "upheld")).status_code == 201

    async def closer() -> None:
        for month in ("2025-10", "2025-11", "2025-12", "2026-01"):
            await closed(world, month)

    await asyncio.gather(agency(), closer())
    await closed(world, "2026-02", early=True)
    counted = await rows(
        world,
        "SELECT (SELECT sum(deduction_count) FROM review WHERE place = '370000') AS closed,"
        " (SELECT sum(deducted_fen) FROM review WHERE place = '370000') AS fen,"
        " (SELECT count(*) FROM deduction WHERE month IS NOT NULL) AS final,"
        " (SELECT sum(amount_fen) FROM deduction WHERE month IS NOT NULL) AS final_fen",
    )
    # September's were counted before, and what fell into it after.
    row = counted[0]
    assert (int(row.closed), int(row.fen)) == (row.final, int(row.final_fen))
    standing = await world.institution(JINAN).get(f"{REVIEWS}/statements/370000/{JINAN}")
    told = standing.json()["standing"]
    assert told["due"] == told["payable"]
    assert (await proven(world)).holds


async def test_a_month_is_closed_once_and_a_transfer_recorded_once_whoever_asks(
    world: World,
) -> None:
    await settlements_on(world, "2026-03-02", 2)
    world.clock.set_day("2026-04-01")
    assert await together(*(close(world, "2026-03") for _ in range(4))) == [201, 409, 409, 409]
    before = int((await rows(world, "SELECT count(*) AS n FROM institution_payment"))[0].n)
    assert await together(*(pay(world, "1.00", "RACE-1") for _ in range(4))) == [201] * 4
    after = int((await rows(world, "SELECT count(*) AS n FROM institution_payment"))[0].n)
    assert after - before == 1
    standing = await world.institution(JINAN).get(f"{REVIEWS}/statements/370000/{JINAN}")
    left = standing.json()["standing"]["open"]
    found = await together(*(pay(world, left, f"RACE-2-{n}") for n in range(4)))
    assert found == [201, 422, 422, 422]
    assert (await world.operator.get(DEDUCTIONS)).status_code == 200
