"""Reversals. Bring the id to its end, undo what took effect, say how it stands."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping

from app.kernel.refusal import Kind, Refusal
from app.reversal import rules
from app.reversal.model import Reversal, ReversalOutcome
from app.runtime import messages, outcomes
from app.runtime.door import undoing
from app.runtime.messages import KeptState
from app.runtime.work import Work
from app.settlement import service as settlements
from app.settlement.errors import NotCancellable
from app.settlement.model import CancelAsked
from app.visit import service as visits
from app.visit.model import VisitState

Undo = Callable[[Work, str, str], Awaitable[str | None]]


async def reverse(work: Work, message: str) -> Reversal:
    """Make one of the caller's messages as if it had never been (冲正).

    Idempotent, and safe while the original is under way: it waits, or says so.
    """
    kept = await outcomes.settled(work, message)
    known = rules.known_outcome(
        took_effect=kept.state is KeptState.APPLIED,
        reversed_before=kept.state is KeptState.REVERSED,
    )
    if known is not None:
        return _told(work, Reversal(message=message, outcome=known, subject=kept.subject))
    try:
        rules.require_reversible(kept.deed)
        assert kept.deed is not None, "checked just above"
        assert kept.subject is not None, "kept with the deed"
        async with undoing(work):
            undone_by = await UNDO[kept.deed](work, kept.subject, message)
    except Refusal as refusal:
        if refusal.kind in (Kind.BUSY, Kind.RUNNING):
            raise
        return _told(
            work,
            Reversal(
                message=message,
                outcome=ReversalOutcome.NOT_REVERSIBLE,
                subject=kept.subject,
                why=refusal,
            ),
        )
    await messages.reverse(work.tx, work.caller.party, message, work.message)
    done = ReversalOutcome.ALREADY_REVERSED if undone_by is None else ReversalOutcome.REVERSED
    return _told(
        work,
        Reversal(message=message, outcome=done, subject=kept.subject, undone_by=undone_by),
    )


async def _undo_admission(work: Work, number: str, _: str) -> str | None:
    visit = await visits.locked(work, number, work.caller.scope)
    if visit.state is VisitState.CANCELLED:
        return None
    return (await visits.cancel(work, number)).number


async def _undo_discharge(work: Work, number: str, message: str) -> str | None:
    """Take the discharge back, unless that was done: a later one is another message's."""
    visit = await visits.locked(work, number, work.caller.scope)
    latest = await messages.latest(work.tx, "visit.discharge", number)
    if visit.state is VisitState.ADMITTED or latest != message:
        return None
    return (await visits.undo_discharge(work, number)).number


async def _undo_settlement(work: Work, number: str, message: str) -> str | None:
    asked = CancelAsked(adjustment=False, reason=f"冲正 {message}")
    try:
        return (await settlements.cancel(work, number, asked)).number
    except NotCancellable:  # it was cancelled before: it does not stand any more
        return None


async def _undo_cancellation(work: Work, number: str, message: str) -> str | None:
    return (await settlements.restore(work, number, f"冲正 {message}")).number


UNDO: Mapping[str, Undo] = {
    "visit.admit": _undo_admission,
    "visit.discharge": _undo_discharge,
    "settlement.settle": _undo_settlement,
    "settlement.cancel": _undo_cancellation,
}


def _told(work: Work, it: Reversal) -> Reversal:
    work.record("message.reverse", it.message, outcome=it.outcome, undone_by=it.undone_by)
    return it
