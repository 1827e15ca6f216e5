"""Cutting back the log of deliveries (清理投递记录): so many rows at a time, the old ones."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass

from app.events.store import deliveries
from app.runtime.work import Work

STEP = 5_000  # rows
STEPS_MAX = 40  # a day; what is left then is the next day's


@dataclass(frozen=True, slots=True)
class Keeping:
    """For how many days attempts are kept, and for how many what never arrived is."""

    days: int
    dead_letter_days: int


async def prune(work: Work, keeping: Keeping) -> int:
    """Remove attempts, and wishes for a redelivery that were met, old enough; return how many.

    The events themselves stay.
    """
    days, dead = keeping.days, keeping.dead_letter_days
    removed = await _in_steps(lambda: deliveries.prune(work.tx, days, dead, rows=STEP))
    met = await _in_steps(lambda: deliveries.prune_redeliveries(work.tx, days, rows=STEP))
    work.record("delivery.prune", "deliveries", removed=removed, redeliveries=met)
    return removed + met


async def _in_steps(remove: Callable[[], Awaitable[int]]) -> int:
    removed = 0
    for _ in range(STEPS_MAX):
        gone = await remove()
        removed += gone
        if gone < STEP:
            break
    return removed
