"""Days, months, quarters and working days, as China counts them."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.calendar import (
    Month,
    Quarter,
    WorkingDay,
    business_day,
    corresponding_day,
    working_days_after,
)

DAYS = st.dates(date(1992, 1, 1), date(2900, 12, 31))


def test_the_day_turns_at_midnight_in_china() -> None:
    assert business_day(datetime(2025, 7, 20, 16, 0, tzinfo=UTC)) == date(2025, 7, 21)
    assert business_day(datetime(2025, 7, 20, 15, 59, 59, tzinfo=UTC)) == date(2025, 7, 20)


def test_a_moment_without_a_zone_is_refused() -> None:
    with pytest.raises(AssertionError, match="without a zone"):
        business_day(datetime(2025, 7, 20))  # noqa: DTZ001 -- the mistake itself


@pytest.mark.parametrize(
    ("day", "months", "last"),
    [
        (date(2025, 7, 21), 12, date(2026, 7, 21)),
        (date(2025, 7, 21), 6, date(2026, 1, 21)),
        (date(2025, 8, 31), 6, date(2026, 2, 28)),
        (date(2023, 8, 31), 6, date(2024, 2, 29)),
        (date(2024, 2, 29), 12, date(2025, 2, 28)),
        (date(2025, 12, 31), 2, date(2026, 2, 28)),
        (date(2025, 7, 21), 0, date(2025, 7, 21)),
        (date(2025, 3, 31), -1, date(2025, 2, 28)),
    ],
)
def test_a_period_in_months_ends_on_the_corresponding_day(
    day: date, months: int, last: date
) -> None:
    assert corresponding_day(day, months) == last


@given(DAYS, st.integers(0, 600))
def test_the_corresponding_day_is_the_same_day_or_the_last_of_its_month(
    day: date, months: int
) -> None:
    last = corresponding_day(day, months)
    assert Month.of(last) == Month.of(day).plus(months)
    assert last.day == day.day or (last.day < day.day and last == Month.of(last).last)


@given(DAYS, DAYS, st.integers(0, 600))
def test_an_earlier_start_never_ends_later(one: date, other: date, months: int) -> None:
    early, late = sorted((one, other))
    assert corresponding_day(early, months) <= corresponding_day(late, months)


@given(DAYS)
def test_months_and_quarters_follow_each_other_without_a_gap(day: date) -> None:
    month, quarter = Month.of(day), Quarter.of(day)
    assert month.first <= day <= month.last
    assert quarter.first <= day <= quarter.last
    assert month.next().first == month.last + timedelta(days=1)
    assert quarter.next().first == quarter.last + timedelta(days=1)
    assert month in quarter.months
    assert {each.quarter for each in quarter.months} == {quarter}
    assert month < month.next()
    assert quarter < quarter.next()
    assert Month.parse(str(month)) == month
    assert Quarter.parse(str(quarter)) == quarter


def test_a_quarter_names_its_months() -> None:
    quarter = Quarter.parse("2025Q3")
    assert [str(month) for month in quarter.months] == ["2025-07", "2025-08", "2025-09"]
    assert str(Quarter.parse("2025Q4").next()) == "2026Q1"
    assert str(Month.parse("2025-12").next()) == "2026-01"


@pytest.mark.parametrize("text", ["2025-13", "2025-00", "2025-7", "202507", "2025-07 ", "٢٠٢٥-٠٧"])
def test_anything_but_a_month_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a month"):
        Month.parse(text)


@pytest.mark.parametrize("text", ["2025Q0", "2025Q5", "2025-Q1", "2025q1", "25Q1", ""])
def test_anything_but_a_quarter_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not a quarter"):
        Quarter.parse(text)


@pytest.mark.parametrize(
    ("day", "number", "then"),
    [
        (date(2025, 7, 21), 5, date(2025, 7, 28)),  # a weekend between
        (date(2025, 9, 26), 1, date(2025, 9, 28)),  # a Sunday worked before the national holiday
        (date(2025, 9, 30), 1, date(2025, 10, 9)),  # 国庆节、中秋节
        (date(2026, 2, 13), 1, date(2026, 2, 14)),  # a Saturday worked before the Spring Festival
    ],
)
def test_working_days_follow_the_announced_calendar(day: date, number: int, then: date) -> None:
    assert working_days_after(day, number) == WorkingDay(then, announced=True)


def test_beyond_the_announced_years_only_weekends_rest_and_the_answer_says_so() -> None:
    assert working_days_after(date(2100, 10, 1), 1) == WorkingDay(date(2100, 10, 4), False)  # noqa: FBT003 -- a field of the answer
    assert not working_days_after(date(2003, 12, 30), 4).announced


def test_no_working_days_is_no_deadline() -> None:
    with pytest.raises(ValueError, match="0 is not a number of working days"):
        working_days_after(date(2025, 7, 21), 0)
