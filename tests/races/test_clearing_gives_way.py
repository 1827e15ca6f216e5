"""A run counts portion by portion: what it finds is the same, and desks go first."""

from __future__ import annotations

import asyncio
import hashlib
from datetime import date

import pytest
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.clearing.model import PairTotal
from app.clearing.service import counting
from app.kernel.calendar import Month
from app.kernel.regions import Scheme
from app.runtime.db import Tx
from app.settlement.tables import settlement
from tests.support.clearing import Arranged, arranged
from tests.support.world import World

PROVINCES = ("110000", "120000", "370000", "440000")
AUGUST, SEPTEMBER = Month(2025, 8), Month(2025, 9)
_DEDUCTIONS_AWAITED = sa.text(
    "SELECT count(*) FROM pg_locks WHERE relation = 'deduction'::regclass AND NOT granted "
    "AND database = (SELECT oid FROM pg_database WHERE datname = current_database())"
)
_COUNTED = sa.text(
    "SELECT insured_place, treatment_place, number, total_fen, fund_fen FROM settlement "
    "WHERE month IN ('2025-08', '2025-09') ORDER BY number"
)


async def _counted(world: World, pairs: int, pauses: list[float]) -> list[PairTotal]:
    async def pause(seconds: float) -> None:
        pauses.append(seconds)

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
    """Twelve pairs, a dozen items each over two months: as the rows say, in the order of places."""
    await arranged(
        world,
        *(
            Arranged(insured, treatment, 100 + n, date(2025, 8 + n % 2, 1 + n), total=200 + n)
            for insured in PROVINCES
            for treatment in PROVINCES
            if insured != treatment
            for n in range(12)
        ),
    )
    lines: dict[tuple[str, str], list[str]] = {}
    async with world.tx() as tx:
        for it in await tx.execute(_COUNTED):
            said = f"{it.number} {it.total_fen} {it.fund_fen}"
            lines.setdefault((it.insured_place, it.treatment_place), []).append(said)
    expected = {
        pair: (len(items), hashlib.sha256("\n".join(items).encode()).digest())
        for pair, items in lines.items()
    }
    pauses: list[float] = []
    for pairs in (1, 5, 12, 100):
        found = await _counted(world, pairs, pauses)
        places = [(it.insured_place, it.treatment_place) for it in found]
        assert places == sorted(expected)
        assert expected == {
            pair: (it.totals.settlements, it.root) for pair, it in zip(places, found, strict=True)
        }
    assert pauses == [], "nobody settled meanwhile"


async def test_a_run_gives_way_once_to_who_settled_while_it_counted(world: World) -> None:
    """A settlement is booked while the first portion waits; it counts in its own month alone."""
    await arranged(world, Arranged("110000", "440000", 5, date(2025, 8, 9)))
    pauses: list[float] = []
    before = await _counted(world, 100, pauses)
    assert pauses == []
    async with world.tx() as holding:
        await holding.exec_driver_sql("LOCK TABLE deduction IN ACCESS EXCLUSIVE MODE")
        counting_now = asyncio.create_task(_counted(world, 100, pauses))
        while not (await holding.execute(_DEDUCTIONS_AWAITED)).scalar_one():
            assert not counting_now.done(), "it had deductions to wait for"
        await arranged(world, Arranged("110000", "440000", 7, date(2025, 10, 9)))
    assert await counting_now == before
    (taken,) = pauses
    assert 0 < taken <= counting.PAUSE_SECONDS_MAX


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
