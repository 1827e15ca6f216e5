"""A day's settlements as a CSV that clerks open in Excel."""

from __future__ import annotations

from collections.abc import Sequence

from app.review.model import DayRow
from app.runtime.sheets import write_csv

COLUMNS = (
    "settlement",
    "kind",
    "cancels",
    "visit",
    "worker",
    "settled_at",
    "total",
    "fund",
    "own",
    "message",
)


def day_csv(rows: Sequence[DayRow]) -> bytes:
    """Write a day, cancellations as negative rows of their own."""
    listed = [
        [
            row.settlement,
            row.kind.value,
            row.cancels or "",
            row.visit,
            row.worker,
            row.settled_at.isoformat(),
            str(row.total),
            str(row.fund),
            str(row.own),
            row.message or "",
        ]
        for row in rows
    ]
    return write_csv(COLUMNS, listed)
