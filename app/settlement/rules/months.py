"""Which month a settlement falls into."""

from __future__ import annotations

from datetime import date

from app.kernel.basis import basis
from app.kernel.calendar import Month


@basis("hub-default/period")
def month_of(business_day: date, last_closed: Month | None) -> Month:
    """A settlement falls into the month of its business day, or the first one still open (所属月份).

    Months close in order: a closed one closes all before it.
    """
    month = Month.of(business_day)
    if last_closed is None or last_closed < month:
        return month
    return last_closed.next()
