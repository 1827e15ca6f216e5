"""The days by which things are to be done, from the policy book and the calendar."""

from __future__ import annotations

from datetime import date, timedelta

from app.clearing.model import Cycle, Period
from app.deadlines.model import DeadlineState
from app.kernel.basis import basis
from app.kernel.calendar import Month, Quarter
from app.policy.book import PolicyBook

PERIODS_BACK = 8


@basis("hub-default/deadlines", "hub-default/both-ends")
def state_of(due: date, today: date, *, done: bool) -> DeadlineState:
    """A deadline can be kept up to the end of its day (期限); after it, what is open is late."""
    if done:
        return DeadlineState.DONE
    return DeadlineState.OVERDUE if due < today else DeadlineState.DUE


@basis("hub-default/reconciliation-day")
def reconcile_by(day: date, book: PolicyBook) -> date | None:
    """A day is reconciled by the next (日对账); before the first text nothing asks for it."""
    if not book.is_in_force("reconciliation.due_days", day):
        return None
    return day + timedelta(days=book.whole("reconciliation.due_days", day))


@basis("hub-default/clearing-cycle")
def periods_until(today: date, book: PolicyBook) -> tuple[Period, ...]:
    """The periods that may be waiting for their clearing: the one under way and those before it."""
    found: list[Period] = [_period_of(today, book)]
    while len(found) <= PERIODS_BACK:
        before = found[-1].first - timedelta(days=1)
        if not book.is_in_force("clearing.cycle", before):
            break
        found.append(_period_of(before, book))
    return tuple(reversed(found))


@basis("hub-default/clearing-calendar")
def generated_by(period: Period, book: PolicyBook) -> date:
    """A clearing is generated on the 21st of the month after its period (清算生成日)."""
    month = Month.of(period.last).next()
    return month.first.replace(day=book.whole("clearing.due_day", month.first, of="generated"))


@basis("hub-default/advance-day")
def quotas_issued_by(year: int) -> date:
    """The quotas of a year are issued in its January (预付金额度核定)."""
    return Month(year, 1).last


@basis("hub-default/notice-day")
def noticed_by(confirm_by: date) -> date:
    """Notices are issued at the end of the month in which the confirmation ends (月末)."""
    return Month.of(confirm_by).last


@basis("hub-default/year-close")
def year_closed_by(year: int, book: PolicyBook) -> date:
    """A year is cleared by the 31st of March of the next (年度清算)."""
    at = date(year, 12, 31)
    name = "clearing.year_close"
    return date(year + 1, book.whole(name, at, of="month"), book.whole(name, at, of="day"))


def _period_of(day: date, book: PolicyBook) -> Period:
    monthly = Cycle(book.text("clearing.cycle", day)) is Cycle.MONTHLY
    return Month.of(day) if monthly else Quarter.of(day)
