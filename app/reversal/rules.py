"""Which messages a reversal undoes."""

from __future__ import annotations

from app.kernel.basis import basis
from app.reversal.errors import DeedNotReversible
from app.reversal.model import ReversalOutcome

REVERSIBLE = frozenset({"visit.admit", "visit.discharge", "settlement.settle", "settlement.cancel"})


@basis("hub-default/reversal")
def known_outcome(*, took_effect: bool, reversed_before: bool) -> ReversalOutcome | None:
    """What never took effect is fenced off and leaves nothing to undo; a reversal happens once."""
    if reversed_before:
        return ReversalOutcome.ALREADY_REVERSED
    if not took_effect:
        return ReversalOutcome.NOTHING_TO_REVERSE
    return None


@basis("hub-default/reversal")
def require_reversible(deed: str | None) -> None:
    """Only deeds that hold a worker or money are reversed; the rest is undone by its own deed."""
    if deed not in REVERSIBLE:
        raise DeedNotReversible(deed=deed)
