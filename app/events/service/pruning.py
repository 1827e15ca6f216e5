"""Cutting back the log of deliveries (清理投递记录): so many attempts at a time, the old ones."""

from __future__ import annotations

from dataclasses import dataclass

from app.events.store import deliveries
from app.runtime.work import Work

STEP = 5_000  # attempts
STEPS_MAX = 40  # a day; what is left then is the next day's


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how many days attempts are kept, and for how many what never arrived is."""

    days: int
    dead_letter_days: int


async def prune(work: Work, keeping: Keeping) -> int:
    """Remove attempts that are old enough; return how many. The events themselves stay."""
    removed = 0
    for _ in range(STEPS_MAX):
        gone = await deliveries.prune(work.tx, keeping.days, keeping.dead_letter_days, rows=STEP)
        removed += gone
        if gone < STEP:
            break
    work.record("delivery.prune", "deliveries", removed=removed)
    return removed
