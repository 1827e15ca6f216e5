"""How far an advance is used, and how long it will last at the recent pace."""

from __future__ import annotations

from app.advance.model.watching import Standing, Usage
from app.kernel.basis import basis
from app.kernel.money import Money


@basis("hub-default/advance-alerts", "hub-default/advance-burn")
def usage(it: Standing) -> Usage:
    """(Uncleared + notified) ÷ advance, and what is left over the recent daily mean (使用率).

    The rate is cut, not rounded, to two decimals: it never shows a line that was not reached.
    Nothing left is zero days; nothing burnt lately is no forecast.
    """
    daily = Money(max(it.burnt.fen, 0) // it.burn_days)
    left = it.advance - it.used
    days: int | None = None
    if it.burnt.fen > 0:
        days = max(left.fen, 0) * it.burn_days // it.burnt.fen
    elif left.is_negative:
        days = 0
    percent = None
    if it.advance.fen > 0:
        hundredths = it.used.fen * 10_000 // it.advance.fen
        percent = str(Money(hundredths))
    return Usage(standing=it, percent=percent, daily=daily, days_until_empty=days)
