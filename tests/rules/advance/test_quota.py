"""A quota: months of cover × mean monthly fund amount, rounded up, and never below the floor."""

from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.advance.errors import AdvanceYearWrong
from app.advance.model import Pair, QuotaReason, Terms
from app.advance.rules import quota as rules
from app.kernel.calendar import Month
from app.kernel.money import ZERO, Money
from app.kernel.regions import Scheme
from app.policy.book import PolicyBook

BOOK = PolicyBook.load()
TERMS = rules.terms_of(2026, date(2026, 1, 6), BOOK)
PAIR = Pair("110000", "370000")


def months(*fen: int) -> tuple[Money, ...]:
    """Twelve months, the last ones empty."""
    return tuple(Money(each) for each in (*fen, *[0] * (12 - len(fen))))


def test_the_base_period_is_twelve_months_and_ends_a_month_before_the_year() -> None:
    assert [str(TERMS.months[n]) for n in (0, -1)] == ["2024-12", "2025-11"]
    assert (len(TERMS.months), TERMS.cover_months) == (12, 4)
    assert (str(TERMS.floor), str(TERMS.step)) == ("50000.00", "1000.00")


@pytest.mark.parametrize(
    ("fen", "exact", "rounded", "quota", "reason"),
    [
        ((30_000_000,), "100000.00", "100000.00", "100000.00", QuotaReason.HISTORY),
        ((30_000_001,), "100000.00", "100000.00", "100000.00", QuotaReason.HISTORY),
        ((30_000_002,), "100000.01", "101000.00", "101000.00", QuotaReason.HISTORY),
        ((40_000_000, -10_000_000), "100000.00", "100000.00", "100000.00", QuotaReason.HISTORY),
        ((15_000_000,), "50000.00", "50000.00", "50000.00", QuotaReason.HISTORY),
        ((14_000_000,), "46666.67", "47000.00", "50000.00", QuotaReason.FLOOR),
        ((3,), "0.01", "1000.00", "50000.00", QuotaReason.FLOOR),
        ((1,), "0.00", "0.00", "50000.00", QuotaReason.FLOOR),
        ((), "0.00", "0.00", "50000.00", QuotaReason.NEW_PAIR),
        ((-500,), "0.00", "0.00", "50000.00", QuotaReason.NEW_PAIR),
    ],
)
def test_a_quota_shows_every_figure_on_the_way(
    fen: tuple[int, ...], exact: str, rounded: str, quota: str, reason: QuotaReason
) -> None:
    it = rules.quota(months(*fen), TERMS)
    assert (str(it.exact), str(it.rounded), str(it.quota)) == (exact, rounded, quota)
    assert (it.reason, it.base) == (reason, Money(sum(fen)))


def test_the_mean_is_for_reading_and_the_quota_is_computed_from_the_sum() -> None:
    it = rules.quota(months(100_000_001), TERMS)
    assert str(it.mean) == "83333.33"
    assert str(it.exact) == "333333.34"  # four times the mean would be 333333.32


@given(st.lists(st.integers(0, 10**12), min_size=12, max_size=12))
def test_a_quota_covers_its_months_and_not_a_full_step_more(fen: list[int]) -> None:
    it = rules.quota([Money(each) for each in fen], TERMS)
    assert 12 * it.quota.fen >= 4 * sum(fen) - 6
    assert it.quota.fen % TERMS.step.fen == 0
    assert it.quota == TERMS.floor or 12 * (it.quota.fen - TERMS.step.fen) < 4 * sum(fen) + 6


def test_the_worksheet_has_a_line_for_history_for_filings_and_for_what_is_held() -> None:
    new, old, gone = Pair("120000", "370000"), Pair("130000", "370000"), Pair("140000", "370000")
    spent = {PAIR: {Month(2025, 3): Money(60_000_000)}}
    held = {PAIR: Money(5_000_000), old: Money(9_000_000), gone: ZERO}
    rows = rules.worksheet(spent, [new, PAIR], held, TERMS)
    assert [row.pair for row in rows] == [PAIR, new, old]
    assert [str(row.difference) for row in rows] == ["150000.00", "50000.00", "-40000.00"]
    assert rows[0].months[3] == Money(60_000_000)


@pytest.mark.parametrize(
    ("today", "allowed"),
    [
        (date(2025, 11, 30), False),
        (date(2025, 12, 1), True),
        (date(2026, 12, 31), True),
        (date(2027, 1, 1), False),
    ],
)
def test_a_year_is_computed_once_its_base_period_is_over(today: date, *, allowed: bool) -> None:
    if allowed:
        rules.require_year(2026, TERMS, today)
        return
    with pytest.raises(AdvanceYearWrong):
        rules.require_year(2026, TERMS, today)


def test_a_province_keeps_it_between_provinces_and_a_city_within_one() -> None:
    across = rules.pair_of("110101", "370102", Scheme.CROSS_PROVINCE)
    assert across == PAIR
    within = rules.pair_of("370200", "370102", Scheme.IN_PROVINCE)
    assert within == Pair("370200", "370100")
    assert rules.pair_of("370000", "370102", Scheme.IN_PROVINCE) == Pair("370000", "370100")
    assert rules.is_pair(across)
    assert rules.is_pair(within)
    assert rules.is_of(across, Scheme.CROSS_PROVINCE)
    assert not rules.is_of(across, Scheme.IN_PROVINCE)
    for wrong in (("110000", "110000"), ("370000", "370100"), ("110100", "370100")):
        assert not rules.is_pair(Pair(*wrong))


def test_terms_are_what_a_run_keeps() -> None:
    assert Terms(months=TERMS.months, cover_months=4, floor=TERMS.floor, step=TERMS.step) == TERMS
