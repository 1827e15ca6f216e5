"""Whether an act repairs a difference."""

from __future__ import annotations

from app.kernel.basis import basis
from app.review.errors import DifferenceRepaired, RepairMessageMissing, RepairMismatch
from app.review.model import ACTS, DifferenceState, KeptDifference, RepairAct, RepairAsked


@basis("hub-default/reconciliation")
def require_repairable(it: KeptDifference, asked: RepairAsked) -> None:
    """What the hub has is adopted or reversed; what only the sender has is sent or dropped.

    What is awaited may still be decided otherwise; what is repaired stays so.
    """
    if it.state is DifferenceState.REPAIRED:
        raise DifferenceRepaired
    kind = it.difference.kind
    if asked.act not in ACTS[kind]:
        raise RepairMismatch(difference=kind.value, allowed=[act.value for act in ACTS[kind]])
    if asked.act is RepairAct.RESEND and asked.message is None:
        raise RepairMessageMissing
