"""Which period may be cleared, and when."""

from __future__ import annotations

from datetime import date

from app.clearing.errors import PeriodCycle, PeriodNotOver, PeriodTooEarly, PeriodUnreadable
from app.clearing.model import Cycle, Period
from app.kernel.basis import basis
from app.kernel.calendar import Month, Quarter
from app.policy.book import PolicyBook


@basis("hub-default/clearing-cycle")
def period_of(text: str, book: PolicyBook) -> Period:
    """A quarter clears as a whole; a month only where clearing is set to monthly (清算周期)."""
    period = _read(text)
    if not any(book.parameters["clearing.cycle"].in_force(period.last, None)):
        raise PeriodTooEarly(period=text)
    cycle = Cycle(book.text("clearing.cycle", period.last))
    fitting = Quarter if cycle is Cycle.QUARTERLY else Month
    if not isinstance(period, fitting):
        raise PeriodCycle(period=text, cycle=cycle)
    return period


@basis("hub-default/clearing-cycle")
def kept_period(text: str) -> Period:
    """The period of a clearing that was run: its cycle was checked then."""
    return _read(text)


@basis("hub-default/period", "hub-default/roll-forward")
def of_period(day: date, cleared: Period) -> Period:
    """The period a day lies in, of the kind that was cleared: an earlier one is a late item's."""
    return Quarter.of(day) if isinstance(cleared, Quarter) else Month.of(day)


@basis("hub-default/period", "hub-default/clearing-calendar")
def require_over(period: Period, today: date) -> None:
    """A period is cleared when its last day is over: nothing more can fall into it."""
    if today <= period.last:
        raise PeriodNotOver(period=str(period), last_day=period.last, today=today)


@basis("hub-default/period")
def months_of(period: Period) -> tuple[Month, ...]:
    """What was settled in these months belongs to the period, and what came late before them."""
    return period.months if isinstance(period, Quarter) else (period,)


def _read(text: str) -> Period:
    kind = Quarter if "Q" in text else Month
    try:
        period = kind.parse(text)
        period.last  # noqa: B018 -- a year the calendar does not have shows here
    except ValueError:
        raise PeriodUnreadable(period=text[:10]) from None
    return period
