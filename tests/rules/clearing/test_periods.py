"""Which period may be cleared, and when: quarters unless clearing is set to monthly."""

from __future__ import annotations

from datetime import date

import pytest

from app.clearing.errors import PeriodCycle, PeriodNotOver, PeriodTooEarly, PeriodUnreadable
from app.clearing.model import LIFE, ClearingState
from app.clearing.rules.periods import months_of, period_of, require_over
from app.kernel.calendar import Month, Quarter
from app.policy.book import PolicyBook

QUARTERLY = PolicyBook.load()
MONTHLY = PolicyBook.parse(
    """
edition = "test"
[clearing.cycle]
unit = "cycle"
means = ""
means_zh = ""
[[clearing.cycle.national]]
from = 2024-04-01
clause = "hub-default/clearing-cycle"
value = "quarterly"
[[clearing.cycle.national]]
from = 2026-01-01
clause = "hub-default/clearing-cycle"
value = "monthly"
"""
)


def test_a_quarter_is_a_period_where_clearing_is_quarterly() -> None:
    assert period_of("2025Q3", QUARTERLY) == Quarter(2025, 3)


def test_a_month_is_a_period_where_clearing_is_monthly() -> None:
    assert period_of("2026-01", MONTHLY) == Month(2026, 1)


@pytest.mark.parametrize(
    ("text", "book"),
    [("2025-09", QUARTERLY), ("2025-12", MONTHLY), ("2026Q1", MONTHLY)],
)
def test_the_cycle_of_the_periods_own_time_decides(text: str, book: PolicyBook) -> None:
    with pytest.raises(PeriodCycle) as refused:
        period_of(text, book)
    assert refused.value.facts["period"] == text


@pytest.mark.parametrize(
    "text", ["", "2025", "2025Q5", "2025Q0", "2025-13", "2025Q3 ", "Q", "0000-01", "0000Q1", "昨天"]
)
def test_what_is_neither_a_quarter_nor_a_month_cannot_be_read(text: str) -> None:
    with pytest.raises(PeriodUnreadable):
        period_of(text, QUARTERLY)


@pytest.mark.parametrize("text", ["2024Q1", "2024-03", "0001Q1"])
def test_nothing_is_cleared_before_direct_settlement_began(text: str) -> None:
    with pytest.raises(PeriodTooEarly):
        period_of(text, QUARTERLY)


@pytest.mark.parametrize("today", [date(2025, 7, 1), date(2025, 9, 30)])
def test_a_period_is_not_over_on_its_last_day(today: date) -> None:
    with pytest.raises(PeriodNotOver) as refused:
        require_over(Quarter(2025, 3), today)
    assert refused.value.facts["last_day"] == date(2025, 9, 30)


def test_a_period_is_over_on_the_day_after_its_last() -> None:
    require_over(Quarter(2025, 3), date(2025, 10, 1))
    require_over(Month(2025, 9), date(2025, 10, 1))


def test_a_period_takes_in_its_own_months() -> None:
    assert months_of(Quarter(2025, 3)) == (Month(2025, 7), Month(2025, 8), Month(2025, 9))
    assert months_of(Month(2025, 8)) == (Month(2025, 8),)


def test_notices_are_the_end_of_a_first_clearing() -> None:
    assert LIFE.start is ClearingState.GENERATED
    assert LIFE.ends() == {ClearingState.NOTICED}
