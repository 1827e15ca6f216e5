"""What the demo is put together from: its clock, its days, and the bill it charges."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, time, timedelta

from app.kernel.calendar import Quarter, business_day
from app.kernel.money import Money
from app.sandbox.clock import SandboxClock, in_china
from app.sandbox.story.bill import FIRST_UPLOAD, LINES, NIGHTS, hospital_bill
from app.sandbox.story.dates import FIRST_QUARTER, Dates

MORNING = datetime(2025, 10, 9, 1, 0, tzinfo=UTC)


def test_the_clock_ticks_on_from_where_it_was_set() -> None:
    clock = SandboxClock(MORNING)
    one, two = clock(), clock()
    assert MORNING <= one <= two < MORNING + timedelta(minutes=5)


def test_the_clock_goes_to_an_hour_in_china_and_never_back() -> None:
    clock = SandboxClock(MORNING)
    clock.go_to(date(2025, 10, 13), time(14, 30))
    assert clock.set_to == datetime(2025, 10, 13, 6, 30, tzinfo=UTC)
    clock.go_to(date(2025, 10, 10))
    assert clock.set_to == in_china(date(2025, 10, 13), time(14, 30))


def test_the_storys_days_follow_one_another_within_the_quarter_and_it_is_cleared_after() -> None:
    for quarter in (FIRST_QUARTER, Quarter(2026, 1), Quarter(2027, 4)):
        days = Dates(quarter)
        story = [
            days.filed, days.admitted, days.night(NIGHTS), days.filed_for_fitting, days.fitted,
            days.refused, days.undone,
        ]  # fmt: skip
        assert story == sorted(set(story))
        assert quarter.first <= story[0]
        assert story[-1] <= quarter.last < days.cleared
        assert business_day(in_china(days.cleared)) == days.cleared


def test_the_bill_has_a_case_of_every_reason_and_of_every_kind_of_refund() -> None:
    bill = hospital_bill()
    assert len(bill) == LINES
    assert len({line.serial for line in bill}) == LINES
    assert 0 < LINES - FIRST_UPLOAD <= 100
    assert Counter(line.reason for line in bill) == {
        None: 114,
        "over_cap": 24,
        "not_injury_related": 8,
        "not_in_catalogue": 6,
        "restricted": 5,
        "out_of_scope": 3,
    }
    refunds = [line for line in bill if line.refund_of]
    assert {line.reason for line in refunds} == {
        None, "over_cap", "restricted", "not_injury_related"
    }  # fmt: skip
    assert all(line.quantity < 0 for line in refunds)
    assert any(line.restricted_approved and line.reason is None for line in bill)


def test_what_the_fund_pays_of_a_line_lies_between_nothing_and_its_amount() -> None:
    for line in hospital_bill():
        low, high = sorted((Money(0), line.amount))
        assert low <= line.fund <= high
        assert (line.fund == line.amount) == (line.reason is None)


def test_no_refund_takes_back_more_than_was_charged() -> None:
    bill = {line.serial: line for line in hospital_bill()}
    for line in bill.values():
        if line.refund_of is not None:
            charged = bill[line.refund_of]
            assert -line.quantity <= charged.quantity
            assert (line.price, line.code) == (charged.price, charged.code)
