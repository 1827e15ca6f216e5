"""The days by which things are to be done, and the clauses that say so."""

from __future__ import annotations

from datetime import date

import pytest

from app.deadlines.model import TITLES, DeadlineKind, DeadlineState, KeptDeadline
from app.deadlines.rules import calendar
from app.deadlines.rules.clauses import clause_of, is_announced
from app.kernel.calendar import Month, Quarter
from app.policy.book import PolicyBook
from app.policy.provisions import Provisions

BOOK, PROVISIONS = PolicyBook.load(), Provisions.load()
DAY = date(2025, 9, 1)
MONTHLY = """
edition = "test"
[clearing.cycle]
unit = "cycle"
means = "m"
means_zh = "m"
[[clearing.cycle.national]]
from = 2025-01-01
clause = "hub-default/clearing-cycle"
value = "monthly"
"""


def kept(kind: DeadlineKind, **other: object) -> KeptDeadline:
    told: dict[str, object] = {"due": DAY, "party": "370000", "subject": "x", "since": DAY}
    return KeptDeadline(kind=kind, **(told | other))  # type: ignore[arg-type]  # told by name


@pytest.mark.parametrize(
    ("due", "done", "state"),
    [
        (date(2025, 9, 2), False, DeadlineState.DUE),
        (date(2025, 9, 1), False, DeadlineState.DUE),
        (date(2025, 8, 31), False, DeadlineState.OVERDUE),
        (date(2025, 8, 31), True, DeadlineState.DONE),
    ],
)
def test_a_deadline_is_kept_to_the_end_of_its_day(
    *, due: date, done: bool, state: DeadlineState
) -> None:
    assert calendar.state_of(due, DAY, done=done) is state


def test_a_day_is_reconciled_by_the_next() -> None:
    assert calendar.reconcile_by(date(2025, 12, 31), BOOK) == date(2026, 1, 1)
    assert calendar.reconcile_by(date(2024, 4, 1), BOOK) == date(2024, 4, 2)
    assert calendar.reconcile_by(date(2024, 3, 31), BOOK) is None


@pytest.mark.parametrize(
    ("period", "day"),
    [
        (Quarter(2025, 3), date(2025, 10, 21)),
        (Quarter(2025, 4), date(2026, 1, 21)),
        (Month(2025, 9), date(2025, 10, 21)),
    ],
)
def test_a_clearing_is_generated_on_the_21st_after_its_period(
    period: Quarter | Month, day: date
) -> None:
    assert calendar.generated_by(period, BOOK) == day


def test_notices_are_issued_at_the_end_of_the_month_the_confirmation_ends_in() -> None:
    assert calendar.noticed_by(date(2025, 10, 25)) == date(2025, 10, 31)
    assert calendar.noticed_by(date(2026, 2, 28)) == date(2026, 2, 28)


def test_a_year_is_cleared_by_the_end_of_march_and_its_quotas_issued_in_january() -> None:
    assert calendar.year_closed_by(2025, BOOK) == date(2026, 3, 31)
    assert calendar.quotas_issued_by(2026) == date(2026, 1, 31)


def test_the_periods_that_may_wait_end_with_the_one_under_way() -> None:
    found = calendar.periods_until(DAY, BOOK)
    assert found[-1] == Quarter(2025, 3)
    assert found == tuple(
        Quarter(year, number)
        for year in (2024, 2025)
        for number in (1, 2, 3, 4)
        if (2024, 2) <= (year, number) <= (2025, 3)
    )
    assert len(calendar.periods_until(date(2030, 1, 1), BOOK)) == calendar.PERIODS_BACK + 1


def test_where_clearing_is_monthly_the_periods_are_months() -> None:
    found = calendar.periods_until(date(2025, 3, 5), PolicyBook.parse(MONTHLY))
    assert found == (Month(2025, 1), Month(2025, 2), Month(2025, 3))


@pytest.mark.parametrize("kind", DeadlineKind)
def test_every_deadline_has_its_words_and_a_clause_that_is_known(kind: DeadlineKind) -> None:
    filing = kind in (DeadlineKind.FILING_TERM, DeadlineKind.ADMISSION)
    place = "210000" if kind is DeadlineKind.ADMISSION else None
    it = kept(kind, of="referral" if filing else None, place=place)
    assert clause_of(it, BOOK) in PROVISIONS.clauses
    english, chinese = TITLES[kind]
    assert english.isascii()
    assert any("一" <= character <= "鿿" for character in chinese)


def test_the_clause_is_that_of_the_place_and_the_day() -> None:
    filing = DeadlineKind.FILING_TERM
    assert clause_of(kept(filing, of="referral", place="210000"), BOOK) == "liaoning-2024/2"
    assert clause_of(kept(filing, of="posting", place="210000"), BOOK) == "hub-default/filing-term"
    before = kept(filing, of="referral", place="210000", since=date(2024, 5, 1))
    assert clause_of(before, BOOK) == "hub-default/filing-term"


@pytest.mark.parametrize(
    ("since", "announced"), [(date(2025, 9, 1), True), (date(2098, 12, 20), False)]
)
def test_a_deadline_tells_whether_its_working_days_are_announced(
    *, since: date, announced: bool
) -> None:
    assert is_announced(kept(DeadlineKind.CONTEST_REPLY, since=since), BOOK) is announced
    assert is_announced(kept(DeadlineKind.DEDUCTION_APPEAL, since=since), BOOK) is announced


def test_a_deadline_on_a_fixed_day_counts_no_working_days() -> None:
    assert is_announced(kept(DeadlineKind.YEAR_CLOSE), BOOK) is None
    paid = kept(DeadlineKind.NOTICE_PAYMENT, announced=True)
    assert is_announced(paid, BOOK) is True
