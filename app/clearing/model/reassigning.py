"""A misdirected payment put to the notice it was meant for: proposed by one, decided by another."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import datetime

from app.clearing.model import BankOutcome
from app.clearing.model.paying import BankLine
from app.kernel.lifecycle import Lifecycle


class ReassignmentState(enum.StrEnum):
    """Where a reassignment stands 错汇更正状态."""

    PROPOSED = "proposed"  # 待复核
    APPROVED = "approved"  # 已复核入账
    REJECTED = "rejected"  # 已驳回


class ReassignmentEvent(enum.StrEnum):
    """What can happen to a reassignment 错汇更正操作."""

    APPROVE = "approve"
    REJECT = "reject"


REASSIGNMENT_LIFE = Lifecycle(
    name="reassignment",
    start=ReassignmentState.PROPOSED,
    moves={
        (ReassignmentState.PROPOSED, ReassignmentEvent.APPROVE): ReassignmentState.APPROVED,
        (ReassignmentState.PROPOSED, ReassignmentEvent.REJECT): ReassignmentState.REJECTED,
    },
)


@dataclass(frozen=True, slots=True)
class ReassignmentAsked:
    """Which line of the bank's is meant for which notice, and why."""

    bank_reference: str
    notice: str
    note: str


@dataclass(frozen=True, slots=True)
class Decision:
    """What the second person decides."""

    event: ReassignmentEvent
    note: str


@dataclass(frozen=True, slots=True)
class Stray:
    """A line of the bank's as it is kept, and what it came to."""

    id: int
    line: BankLine
    outcome: BankOutcome


@dataclass(frozen=True, slots=True, kw_only=True)
class Reassignment:
    """A reassignment as it is kept (错汇更正); `outcome` is what the payment is by now."""

    id: int
    number: str
    payment_id: int
    line: BankLine
    outcome: BankOutcome
    notice: str
    note: str
    state: ReassignmentState
    proposed_at: datetime
    proposed_by: str
    decided_at: datetime | None
    decided_by: str | None
    decision_note: str | None
