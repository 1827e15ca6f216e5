"""Whether a settlement may be cancelled, and how."""

from __future__ import annotations

from app.kernel.basis import basis
from app.settlement.errors import AdjustmentReasonMissing, NotCancellable, SettlementInClearing
from app.settlement.model import Settlement, SettlementKind


@basis("hub-default/cancellation")
def is_adjustment(settlement: Settlement, *, asked: bool, reason: str | None) -> bool:
    """Say whether a cancellation is an adjustment: free before a clearing, with a reason after.

    A cancellation is never cancelled itself, and a settlement only once.
    """
    if settlement.kind is SettlementKind.CANCELLATION:
        raise NotCancellable(settlement=settlement.number, why="a cancellation itself")
    if settlement.cancelled_by is not None:
        raise NotCancellable(
            settlement=settlement.number, why=f"cancelled by {settlement.cancelled_by}"
        )
    if settlement.clearing is None:
        return False
    if not asked:
        raise SettlementInClearing(clearing=settlement.clearing)
    if not reason:
        raise AdjustmentReasonMissing
    return True
