"""Forgetting old guesses (清理登录锁定记录): those at ids nobody has do not stay for good."""

from __future__ import annotations

from app.parties.store import clients as store
from app.runtime.work import Work

DAYS = 1  # longer than any lock lasts, and than a failure is remembered
STEP = 5_000  # rows
STEPS_MAX = 40  # a day; what is left then is the next day's


async def forget_guesses(work: Work) -> int:
    """Remove the counts of guesses that are old enough and lock nobody out; return how many."""
    removed = 0
    for _ in range(STEPS_MAX):
        gone = await store.prune_lock_outs(work.tx, work.now, DAYS, rows=STEP)
        removed += gone
        if gone < STEP:
            break
    work.record("lock_out.prune", "lock_outs", removed=removed)
    return removed
