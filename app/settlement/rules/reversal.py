"""Whether a settlement may be cancelled, and how; and whether a cancellation may be undone."""

from __future__ import annotations

from collections.abc import Sequence

from app.kernel.basis import basis
from app.kernel.money import ZERO
from app.settlement.errors import (
    AdjustmentReasonMissing,
    NotCancellable,
    SettlementDeducted,
    SettlementInClearing,
    VisitMovedOn,
)
from app.settlement.model import Bill, Settlement, SettlementKind
from app.visit.model import ChargedItem

_SAME = (
    "serial",
    "refund_of",
    "category",
    "item_code",
    "quantity",
    "unit_price",
    "amount",
    "day",
    "injury_related",
    "restricted_approved",
)


@basis("hub-default/cancellation")
def is_adjustment(settlement: Settlement, *, asked: bool, reason: str | None) -> bool:
    """Say whether a cancellation is an adjustment: free before a clearing, with a reason after.

    A cancellation is never cancelled itself, and a settlement only once. What review took off has
    to be taken back before: the twin gives all of it back.
    """
    if settlement.kind is SettlementKind.CANCELLATION:
        raise NotCancellable(settlement=settlement.number, why="a cancellation itself")
    if settlement.cancelled_by is not None:
        raise NotCancellable(
            settlement=settlement.number, why=f"cancelled by {settlement.cancelled_by}"
        )
    if settlement.deducted != ZERO:
        raise SettlementDeducted(deducted=settlement.deducted)
    if settlement.clearing is None:
        return False
    if not asked:
        raise SettlementInClearing(clearing=settlement.clearing)
    if not reason:
        raise AdjustmentReasonMissing
    return True


@basis("hub-default/reversal")
def require_restorable(cancellation: Settlement, bill: Bill, lines: Sequence[ChargedItem]) -> None:
    """A cancellation is undone (冲正) before a clearing takes it, while the lines are the same.

    What it cancelled is then booked again as it was decided, so nothing else may have happened.
    """
    assert cancellation.kind is SettlementKind.CANCELLATION, "found by the deed that booked it"
    if cancellation.clearing is not None:
        raise SettlementInClearing(clearing=cancellation.clearing)
    decided = [tuple(getattr(line.charge, name) for name in _SAME) for line in bill.lines]
    held = [tuple(getattr(line, name) for name in _SAME) for line in lines]
    if decided != held:
        raise VisitMovedOn(visit=cancellation.visit_number)
