"""What a deduction is: what review takes off a settlement or one of its lines, and its life."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app.kernel.calendar import Month
from app.kernel.lifecycle import Lifecycle
from app.kernel.money import ZERO, Money
from app.kernel.regions import Scheme
from app.review.model import DeductionDecision, DeductionReason, DeductionState

ITEMS_MAX = 100


class DeductionEvent(enum.StrEnum):
    """What happens to a deduction 扣款业务事件."""

    APPEAL = "appeal"  # 申诉
    UPHOLD = "uphold"  # 维持
    LOWER = "lower"  # 部分维持
    WITHDRAW = "withdraw"  # 撤回
    LAPSE = "lapse"  # 逾期未申诉


DEDUCTION_LIFE = Lifecycle(
    name="deduction",
    start=DeductionState.PROPOSED,
    moves={
        (DeductionState.PROPOSED, DeductionEvent.APPEAL): DeductionState.APPEALED,
        (DeductionState.PROPOSED, DeductionEvent.WITHDRAW): DeductionState.WITHDRAWN,
        (DeductionState.PROPOSED, DeductionEvent.LAPSE): DeductionState.FINAL,
        (DeductionState.APPEALED, DeductionEvent.UPHOLD): DeductionState.FINAL,
        (DeductionState.APPEALED, DeductionEvent.LOWER): DeductionState.FINAL,
        (DeductionState.APPEALED, DeductionEvent.WITHDRAW): DeductionState.WITHDRAWN,
    },
)
DECISIONS: Mapping[DeductionEvent, DeductionDecision] = {
    DeductionEvent.UPHOLD: DeductionDecision.UPHELD,
    DeductionEvent.LOWER: DeductionDecision.LOWERED,
    DeductionEvent.WITHDRAW: DeductionDecision.WITHDRAWN,
    DeductionEvent.LAPSE: DeductionDecision.UNAPPEALED,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class DeductionAsked:
    """One deduction an agency proposes; `serial` None: from the settlement as a whole."""

    settlement: str
    serial: str | None
    reason: DeductionReason
    amount: Money
    note: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Deductible:
    """A settlement, or one of its lines, as a deduction meets it, held against other writers."""

    settlement_id: int
    settlement: str
    serial: str | None  # None as asked for
    is_line: bool  # a serial was asked for, and the settlement has it
    stands: bool  # a settlement that nothing cancelled
    month: Month
    institution: str
    insured_region: str
    treatment_region: str
    insured_place: str
    treatment_place: str
    scheme: Scheme
    fund: Money
    deducted: Money
    line_fund: Money
    line_deducted: Money

    @property
    def left(self) -> Money:
        """Return what former deductions left of the whole settlement."""
        return self.fund - self.deducted

    @property
    def line_left(self) -> Money:
        """Return what former deductions left of the line."""
        return self.line_fund - self.line_deducted


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """A deduction that was found good, with the last day to appeal against it."""

    asked: DeductionAsked
    of: Deductible
    appeal_by: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What a deduction comes to: its state, its amount, and how it ended."""

    state: DeductionState
    amount: Money
    decision: DeductionDecision


@dataclass(frozen=True, slots=True, kw_only=True)
class Deduction:
    """A deduction as it is kept.

    One that gives a final one back is its negative twin: `cancels` names what it undoes.
    """

    id: int
    number: str
    settlement: str
    settlement_month: Month
    serial: str | None
    institution: str
    insured_region: str
    treatment_region: str
    insured_place: str
    treatment_place: str
    scheme: Scheme
    reason: DeductionReason
    note: str
    proposed: Money
    amount: Money
    state: DeductionState
    proposed_at: datetime
    appeal_by: date
    appealed_at: datetime | None
    appeal_note: str | None
    decided_at: datetime | None
    decision: DeductionDecision | None
    decision_note: str | None
    final_at: datetime | None
    month: Month | None
    cancels: str | None
    cancelled_by: str | None

    @property
    def effect(self) -> Money:
        """Return what is off the settlement: nothing where it was withdrawn."""
        return ZERO if self.state is DeductionState.WITHDRAWN else self.amount


@dataclass(frozen=True, slots=True, kw_only=True)
class DeductionsAsked:
    """Which deductions a caller looks for; what is None does not matter."""

    settlement: str | None = None
    institution: str | None = None
    state: DeductionState | None = None
    month: Month | None = None
