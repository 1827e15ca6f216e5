"""Working days and months, from the holidays the State Council announced for 2025 and 2026."""

from __future__ import annotations

from datetime import date, timedelta

HOLIDAYS = (
    (date(2025, 10, 1), date(2025, 10, 8)),
    (date(2026, 1, 1), date(2026, 1, 3)),
    (date(2026, 2, 15), date(2026, 2, 23)),
    (date(2026, 4, 4), date(2026, 4, 6)),
    (date(2026, 5, 1), date(2026, 5, 5)),
    (date(2026, 6, 19), date(2026, 6, 21)),
    (date(2026, 9, 25), date(2026, 9, 27)),
    (date(2026, 10, 1), date(2026, 10, 7)),
)
WORKED_WEEKENDS = {
    *(date(2025, 9, 28), date(2025, 10, 11), date(2026, 1, 4), date(2026, 2, 14)),
    *(date(2026, 2, 28), date(2026, 5, 9), date(2026, 9, 20), date(2026, 10, 10)),
}
SATURDAY = 5


def is_worked(day: date) -> bool:
    """Say whether people work on a day."""
    if day in WORKED_WEEKENDS:
        return True
    return day.weekday() < SATURDAY and not any(a <= day <= b for a, b in HOLIDAYS)


def working_days_later(day: date, count: int) -> date:
    """Count from the day after."""
    while count:
        day += timedelta(days=1)
        count -= is_worked(day)
    return day


def month_of(day: date) -> int:
    """Number months through, so that they can be compared and counted."""
    return day.year * 12 + day.month - 1


def month_text(month: int) -> str:
    """Write a month."""
    return f"{month // 12}-{month % 12 + 1:02d}"


def last_day(month: int) -> date:
    """Return a month's last day."""
    following = month + 1
    return date(following // 12, following % 12 + 1, 1) - timedelta(days=1)


def quarter_text(quarter: int) -> str:
    """Write a quarter, numbered through as months are."""
    return f"{quarter // 4}Q{quarter % 4 + 1}"
