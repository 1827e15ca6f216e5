"""Whose day is compared, whether it can be, and what the comparison says."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from datetime import date

from app.kernel.basis import basis
from app.kernel.money import Money
from app.kernel.parties import PartyKind
from app.review.errors import DayNotCome, RowsRepeated, SideNotOpen, SumsMismatch
from app.review.model import DayTotals, ReconciliationAsked, ReconciliationResult, Side

SIDES: Mapping[PartyKind, tuple[Side, ...]] = {
    PartyKind.INSTITUTION: (Side.OWN,),
    PartyKind.AGENCY: (Side.TREATMENT, Side.INSURED),
    PartyKind.OPERATOR: (Side.TREATMENT, Side.INSURED),
}


@basis("hub-default/reconciliation")
def side_of(kind: PartyKind, asked: Side | None) -> Side:
    """An institution compares its own day, an agency as treatment side unless it says insured."""
    allowed = SIDES.get(kind, ())
    side = asked or next(iter(allowed), None)
    if side is None or side not in allowed:
        raise SideNotOpen(allowed=[each.value for each in allowed])
    return side


@basis("hub-default/reconciliation")
def require_comparable(asked: ReconciliationAsked, today: date) -> None:
    """A day is compared once it has begun, with rows that are single and sum to the totals."""
    if asked.day > today:
        raise DayNotCome(day=asked.day, today=today)
    if asked.rows is None:
        return
    seen = Counter(row.settlement for row in asked.rows)
    if repeated := sorted(number for number, times in seen.items() if times > 1):
        raise RowsRepeated(settlements=repeated[:100])
    total = Money.total(row.total for row in asked.rows)
    fund = Money.total(row.fund for row in asked.rows)
    if DayTotals(len(asked.rows), total, fund) != asked.totals:
        raise SumsMismatch(row_count=len(asked.rows), row_total=total, row_fund=fund)


@basis("hub-default/reconciliation")
def result_of(sender: DayTotals, hub: DayTotals, differences: int) -> ReconciliationResult:
    """Equal only when count, sums and, if sent, every row agree; else who has more, or amounts."""
    if hub.count > sender.count:
        return ReconciliationResult.HUB_HAS_MORE
    if hub.count < sender.count:
        return ReconciliationResult.SENDER_HAS_MORE
    if hub != sender or differences:
        return ReconciliationResult.AMOUNTS_DIFFER
    return ReconciliationResult.EQUAL
