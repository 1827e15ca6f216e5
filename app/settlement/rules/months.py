"""Which month a settlement falls into."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from app.kernel.basis import basis
from app.kernel.calendar import Month
from app.settlement.errors import MonthsClosing
from app.settlement.model import MONTHS_BACK


@basis("hub-default/period")
def month_of(business_day: date, last_closed: Month | None) -> Month:
    """A settlement is of its business day's month (所属月份), or the first still open.

    Months close in order: a closed one closes all before it.
    """
    month = Month.of(business_day)
    if last_closed is None or last_closed < month:
        return month
    return last_closed.next()


@basis("hub-default/period")
def earliest_month(since: Month, business_day: date, last_closed: Month | None) -> Month:
    """What belongs to an earlier month falls into that month, while it is open.

    But into none further back than a closing holds, since it would be closed over its head.
    """
    earliest = max(since, Month.of(business_day).plus(1 - MONTHS_BACK))
    return earliest if last_closed is None else max(earliest, last_closed.next())


@basis("hub-default/period")
def open_month(held: Iterable[Month], last_closed: Month | None) -> Month:
    """A settlement falls into the first month that is neither closed nor being closed.

    `held` are the months that cannot close before the settlement is written.
    """
    for month in sorted(held):
        if last_closed is None or last_closed < month:
            return month
    raise MonthsClosing
