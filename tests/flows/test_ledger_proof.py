"""A fault in the books is found; each kind is made here with the owner's rights."""

from __future__ import annotations

from collections.abc import AsyncIterator
from datetime import date

import pytest_asyncio

from app.kernel.money import Money
from app.ledger.entries import settlement_booked
from app.ledger.model import Difference
from tests.support.ledger import booked, proven
from tests.support.world import World

DAY = date(2025, 9, 1)
PAIR = "uncleared:110000:370000"


@pytest_asyncio.fixture(loop_scope="session")
async def books(world: World) -> AsyncIterator[World]:
    """Three settlements of one pair, gone again afterwards."""
    made = [
        settlement_booked(f"A{n}", DAY, "110000", "370000", "H37010000001", Money(100))
        for n in range(3)
    ]
    await booked(world, made)
    yield world
    async with world.tx() as tx:
        await tx.exec_driver_sql("TRUNCATE posting, entry, account RESTART IDENTITY")


async def spoilt(world: World, statement: str) -> Difference | None:
    async with world.tx() as tx:
        await tx.exec_driver_sql(statement)
    return (await proven(world)).difference


async def test_sound_books_hold(books: World) -> None:
    assert (await proven(books)).difference is None


async def test_balances_that_do_not_sum_to_zero_are_found_first(books: World) -> None:
    one_more = "UPDATE account SET balance_fen = balance_fen + 1 WHERE kind = 'uncleared'"
    assert await spoilt(books, one_more) == Difference(
        what="sum of all balances", account=None, found=1, expected=0
    )


async def test_a_balance_that_is_not_its_postings_is_found_with_both_figures(
    books: World,
) -> None:
    shifted = "UPDATE account SET balance_fen = balance_fen + 2 * (kind = 'uncleared')::int - 1"
    difference = await spoilt(books, shifted)
    assert difference is not None
    assert (difference.what, difference.found - difference.expected) == ("balance", -1)
    assert difference.account == "payable:370000:H37010000001"


async def test_a_version_that_is_not_the_number_of_postings_is_found(books: World) -> None:
    skipped = "UPDATE account SET version = 4 WHERE kind = 'uncleared'"
    assert await spoilt(books, skipped) == Difference(
        what="version", account=PAIR, found=4, expected=3
    )


async def test_a_step_that_is_missing_is_found(books: World) -> None:
    moved = "UPDATE posting SET debit_version = 7 WHERE debit_version = 3"
    assert await spoilt(books, moved) == Difference(what="step", account=PAIR, found=7, expected=3)


async def test_a_running_balance_that_was_altered_is_found(books: World) -> None:
    altered = "UPDATE posting SET debit_balance_fen = 150 WHERE debit_version = 2"
    assert await spoilt(books, altered) == Difference(
        what="running balance", account=PAIR, found=150, expected=200
    )


async def test_a_lost_posting_is_answered_over_http(books: World) -> None:
    async with books.tx() as tx:
        await tx.exec_driver_sql("DELETE FROM posting WHERE debit_version = 3")
    answer = (await books.operator.get("/v1/ledger/proof")).json()
    assert answer["holds"] is False
    assert answer["difference"]["law"] == "balance_of_postings"
    assert answer["difference"]["title_zh"] == "账户余额等于其分录合计"
    assert answer["difference"]["difference"] == {
        "subject": "payable:370000:H37010000001",
        "insured_place": None,
        "treatment_place": "370000",
        "institution": "H37010000001",
        "period": None,
        "found": -300,
        "expected": -200,
    }
