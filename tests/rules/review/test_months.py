"""By when months are due, when they may be declared and closed, and what may be paid."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime
from typing import Any

import pytest

from app.kernel.calendar import Month
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.policy.book import PolicyBook
from app.review.errors import (
    BankReferenceUsed,
    EarlierMonthsOpen,
    MonthRunning,
    MonthTooEarly,
    NothingToDeclare,
    PaymentExceeds,
    TotalsDiffer,
)
from app.review.model import ReviewState
from app.review.model.monthly import (
    REVIEW_LIFE,
    CloseAsked,
    DeclarationAsked,
    DueDays,
    InstitutionPayment,
    InstitutionStanding,
    MonthAsked,
    MonthFigures,
    OpenReview,
    PaymentAsked,
    Review,
    ReviewTotals,
    UploadAsked,
)
from app.review.rules.closing import (
    agreed,
    due_days,
    require_closable,
    require_control_totals,
    require_over,
    require_ruled,
    scheme_of,
    unclosed,
    with_days,
)
from app.review.rules.paying import is_known, require_payable

BOOK = PolicyBook.load()
SEPTEMBER = Month(2025, 9)
OTHER_DAYS = """
edition = "test"
[review.due_day]
unit = "day of the following month"
means = "by when"
means_zh = "日期"
[[review.due_day.national]]
from = 2024-04-01
clause = "hub-default/review-calendar"
value = { reviewed = 15, totalled = 20 }
[[review.due_day.province.370000]]
from = 2024-04-01
clause = "hub-default/review-calendar"
value = { reviewed = 10 }
"""
FIGURES = MonthFigures(
    institution="H37010000001",
    region="370100",
    settlements=2,
    total=Money(2000),
    fund=Money(1500),
    own=Money(500),
    root=bytes(32),
)
TOTALS = ReviewTotals(
    settlements=2,
    total=Money(2000),
    fund=Money(1500),
    own=Money(500),
    deductions=1,
    deducted=Money(400),
)
AT = datetime(2025, 10, 12, 1, tzinfo=UTC)
REVIEW = Review(
    id=1,
    number="T3700002510120000001",
    place="370000",
    scheme=Scheme.CROSS_PROVINCE,
    month=SEPTEMBER,
    totals=TOTALS,
    carried=0,
    carried_amount=Money(0),
    root=bytes(32),
    due=DueDays(review_by=date(2025, 10, 15), request_by=date(2025, 10, 20)),
    closed_at=AT,
    uploaded_at=None,
    request=None,
    requested_at=None,
)
PAYMENT = PaymentAsked(
    place="370000",
    institution="H37010000001",
    amount=Money(1000),
    bank_reference="ICBC-1",
    paid_on=date(2025, 10, 24),
)
STANDING = InstitutionStanding(
    place="370000",
    institution="H37010000001",
    months=1,
    settled=Money(1500),
    deducted=Money(400),
    paid=Money(100),
    payable=Money(3000),
)


def test_months_are_due_on_days_of_the_next_which_a_province_may_set() -> None:
    assert due_days(SEPTEMBER, "370000", BOOK) == REVIEW.due
    december = due_days(Month(2025, 12), "370100", PolicyBook.parse(OTHER_DAYS))
    assert december == DueDays(review_by=date(2026, 1, 10), request_by=date(2026, 1, 20))


def test_a_month_is_closed_where_a_text_says_by_when() -> None:
    require_ruled(Month(2024, 3), "370000", BOOK)
    with pytest.raises(MonthTooEarly):
        require_ruled(Month(2024, 2), "370000", BOOK)


def test_a_place_tells_its_scheme() -> None:
    assert scheme_of("370000") is Scheme.CROSS_PROVINCE
    assert scheme_of("370100") is Scheme.IN_PROVINCE


def test_a_month_is_over_from_the_day_after_its_last() -> None:
    require_over(SEPTEMBER, date(2025, 10, 1))
    with pytest.raises(MonthRunning):
        require_over(SEPTEMBER, date(2025, 9, 30))


@pytest.mark.parametrize(
    "other", [{"settlements": 3}, {"total": Money(2001)}, {"fund": Money(1499)}]
)
def test_what_is_declared_is_what_the_hub_has(other: dict[str, Any]) -> None:
    asked = DeclarationAsked(
        scheme=Scheme.CROSS_PROVINCE,
        month=SEPTEMBER,
        settlements=2,
        total=Money(2000),
        fund=Money(1500),
    )
    assert agreed(asked, FIGURES) is FIGURES
    with pytest.raises(NothingToDeclare):
        agreed(asked, None)
    with pytest.raises(TotalsDiffer) as refused:
        agreed(replace(asked, **other), FIGURES)
    assert refused.value.facts["hub"] == "2 / 20.00 / 15.00"


@pytest.mark.parametrize(
    ("day", "early", "allowed"),
    [
        (date(2025, 8, 31), True, False),
        (date(2025, 9, 1), True, True),
        (date(2025, 9, 30), False, False),
        (date(2025, 10, 1), False, True),
    ],
)
def test_a_month_closes_when_it_is_over_or_early_where_that_is_said(
    day: date, *, early: bool, allowed: bool
) -> None:
    asked = CloseAsked(place="370000", month=SEPTEMBER, early=early)
    if allowed:
        require_closable(asked, [], day)
        with pytest.raises(EarlierMonthsOpen) as refused:
            require_closable(asked, [Month(2025, 7)], day)
        assert refused.value.facts["months"] == ["2025-07"]
    else:
        with pytest.raises(MonthRunning):
            require_closable(asked, [], day)


@pytest.mark.parametrize(
    "other",
    [
        {"settlements": 1},
        {"fund": Money(1)},
        {"deductions": 0},
        {"deducted": Money(401)},
    ],
)
def test_a_month_is_uploaded_with_the_totals_it_was_closed_with(other: dict[str, Any]) -> None:
    asked = UploadAsked(settlements=2, fund=Money(1500), deductions=1, deducted=Money(400))
    require_control_totals(asked, REVIEW)
    with pytest.raises(TotalsDiffer):
        require_control_totals(replace(asked, **other), REVIEW)


def test_a_month_is_overdue_from_the_day_after_its_last_day() -> None:
    found = [MonthAsked(place="370000", month=SEPTEMBER)]
    assert unclosed(found, date(2025, 10, 15), BOOK) == ()
    overdue = unclosed(found, date(2025, 10, 16), BOOK)
    assert overdue == with_days(found, BOOK)
    assert [(it.state, it.last_day) for it in overdue] == [(ReviewState.OPEN, date(2025, 10, 15))]
    closed = OpenReview(
        place="370000",
        month=SEPTEMBER,
        due=REVIEW.due,
        state=ReviewState.CLOSED,
        review="M1",
        alerted_at=None,
    )
    assert closed.last_day == date(2025, 10, 20)


def test_a_review_goes_from_open_to_requested() -> None:
    assert REVIEW_LIFE.states() == set(ReviewState)
    assert REVIEW_LIFE.ends() == {ReviewState.REQUESTED}
    assert REVIEW.state is ReviewState.CLOSED
    uploaded = replace(REVIEW, uploaded_at=AT)
    assert uploaded.state is ReviewState.UPLOADED
    assert replace(uploaded, request="Q1", requested_at=AT).state is ReviewState.REQUESTED


def test_what_may_be_paid_is_due_unpaid_and_in_the_books() -> None:
    require_payable(STANDING, PAYMENT)
    for standing, open_fen in (
        (replace(STANDING, paid=Money(101)), 999),
        (replace(STANDING, payable=Money(999)), 999),
        (replace(STANDING, payable=Money(-1)), 0),
        (None, 0),
    ):
        with pytest.raises(PaymentExceeds) as refused:
            require_payable(standing, PAYMENT)
        assert refused.value.facts["payable"] == Money(open_fen)


def test_a_bank_reference_stands_for_one_transfer() -> None:
    assert not is_known(None, PAYMENT)
    kept = InstitutionPayment(id=1, number="J1", asked=PAYMENT, recorded_at=AT)
    assert is_known(kept, PAYMENT)
    with pytest.raises(BankReferenceUsed):
        is_known(kept, replace(PAYMENT, amount=Money(999)))
