"""A run counts portion by portion: what it finds is the same, and desks go first."""

from __future__ import annotations

import asyncio
import hashlib
from contextlib import aclosing
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.clearing.model import PairTotal
from app.clearing.service import counting
from app.clearing.store import items
from app.kernel.calendar import Month
from app.kernel.regions import Scheme
from app.runtime.db import Tx
from app.settlement.tables import settlement
from tests.support.clearing import Arranged, arranged
from tests.support.world import World

PROVINCES = ("110000", "120000", "130000", "140000", "150000", "210000", "370000", "440000")
PAIRS = [(one, other) for one in PROVINCES for other in PROVINCES if one != other]
AUGUST, SEPTEMBER = Month(2025, 8), Month(2025, 9)
_DEDUCTIONS_AWAITED = sa.text(
    "SELECT count(*) FROM pg_locks WHERE relation = 'deduction'::regclass AND NOT granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_COUNTED = sa.text(
    "SELECT insured_place, treatment_place, number, total_fen, fund_fen FROM settlement "
    "WHERE month IN ('2025-08', '2025-09') ORDER BY number"
)


async def _counted(
    world: World, pairs: int, pauses: list[float], *others: Arranged
) -> list[PairTotal]:
    """Count as a run does; others settle in every pause."""

    async def pause(seconds: float) -> None:
        pauses.append(seconds)
        await arranged(world, *others)

    async with world.service_tx() as tx:
        await tx.exec_driver_sql("SET LOCAL lock_timeout = 0")
        await tx.exec_driver_sql("SET LOCAL statement_timeout = 0")
        months = [AUGUST, SEPTEMBER]
        return await counting.totals(
            tx, Scheme.CROSS_PROVINCE, months, [], pairs=pairs, pause=pause
        )


async def test_portions_of_any_size_find_the_same_totals_and_roots_and_hold_nobody_up(
    world: World,
) -> None:
    """Fifty-six pairs, four items each over two months: as the rows say, in the order of places."""
    await arranged(
        world,
        *(
            Arranged(insured, treatment, 100 + n, date(2025, 8 + n % 2, 1 + n), total=200 + n)
            for insured, treatment in PAIRS
            for n in range(4)
        ),
    )
    lines: dict[tuple[str, str], list[str]] = {}
    async with world.tx() as tx:
        for it in await tx.execute(_COUNTED):
            said = f"{it.number} {it.total_fen} {it.fund_fen}"
            lines.setdefault((it.insured_place, it.treatment_place), []).append(said)
    expected = {
        pair: (len(said), hashlib.sha256("\n".join(said).encode()).digest())
        for pair, said in lines.items()
    }
    pauses: list[float] = []
    for pairs in (1, 28, counting.PAIRS, 56, 100):
        found = await _counted(world, pairs, pauses)
        places = [(it.insured_place, it.treatment_place) for it in found]
        assert places == sorted(expected)
        assert expected == {
            pair: (it.totals.settlements, it.root) for pair, it in zip(places, found, strict=True)
        }
    assert pauses == [], "nobody settled meanwhile"


async def test_a_run_gives_way_after_every_portion_somebody_settled_in(world: World) -> None:
    """One is booked while the first portion waits, one in each pause; each in its own month."""
    await arranged(world, *(Arranged(*pair, 5, date(2025, 8, 9)) for pair in PAIRS))
    pauses: list[float] = []
    later = Arranged("110000", "440000", 7, date(2025, 10, 9))
    before = await _counted(world, counting.PAIRS, pauses)
    assert pauses == []
    async with world.tx() as holding:
        await holding.exec_driver_sql("LOCK TABLE deduction IN ACCESS EXCLUSIVE MODE")
        counting_now = asyncio.create_task(_counted(world, counting.PAIRS, pauses, later))
        while not (await holding.execute(_DEDUCTIONS_AWAITED)).scalar_one():
            assert not counting_now.done(), "it had deductions to wait for"
        await arranged(world, later)
    assert await counting_now == before
    assert [0 < taken <= counting.PAUSE_SECONDS_MAX for taken in pauses] == [True, True]


async def test_all_portions_are_of_one_moment(world: World) -> None:
    """Whatever is written between two of them, even into the very months, is in neither."""
    settling = [Arranged(*pair, 5, date(2025, 8, 9)) for pair in PAIRS]
    await arranged(world, *settling)
    pauses: list[float] = []
    before = await _counted(world, counting.PAIRS, pauses)
    portions: list[list[PairTotal]] = []
    async with world.service_tx() as tx:
        counted = items.totals(tx, Scheme.CROSS_PROVINCE, [AUGUST, SEPTEMBER], [], counting.PAIRS)
        async with aclosing(counted):
            async for portion in counted:
                portions.append(portion)
                await arranged(world, *settling)
    assert [len(portion) for portion in portions] == [50, 6]
    assert [pair for portion in portions for pair in portion] == before


async def test_a_portion_that_fails_fails_as_any_statement_does(world: World) -> None:
    """Also what is not worth another try, so that the door does not count a quarter again."""
    most = 2**63 - 1
    rows = [Arranged("110000", "440000", most, date(2025, 8, 9)).row() for _ in range(2)]
    async with world.owner.connect() as arranging:
        tx = Tx(arranging)
        await tx.exec_driver_sql("SET LOCAL session_replication_role = replica")
        await tx.execute(settlement.insert(), rows)
        with pytest.raises(DBAPIError) as told:
            await counting.totals(tx, Scheme.CROSS_PROVINCE, [AUGUST], [])
    assert getattr(told.value.orig, "sqlstate", None) == "22003"
