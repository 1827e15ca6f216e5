"""Reassignments of misdirected payments as they look on the wire."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from app.clearing.model import BankOutcome
from app.clearing.model.reassigning import (
    Decision,
    Reassignment,
    ReassignmentAsked,
    ReassignmentEvent,
    ReassignmentState,
)

_NOTICE = "N1100002510310000001"
_REASON = "付款附言填写有误，经与付款方核对"


class ReassignmentIn(BaseModel):
    """Which notice a misdirected payment was meant for 错汇更正申请."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {"bank_reference": "20251120000002", "notice": _NOTICE, "note": _REASON}
        },
    )

    bank_reference: str = Field(
        min_length=1,
        max_length=64,
        description="Bank's number of the payment 银行流水号",
        examples=["20251120000002"],
    )
    notice: str = Field(
        pattern=r"^N[0-9]{19}$",
        description="Notice it was meant for, either side's 应归属的通知书编号",
        examples=[_NOTICE],
    )
    note: str = Field(
        min_length=1,
        max_length=500,
        description="Why: what was found, nothing personal 更正原因，不含个人信息",
        examples=[_REASON],
    )

    def read(self) -> ReassignmentAsked:
        """Return what the use case takes."""
        return ReassignmentAsked(self.bank_reference, self.notice, self.note)


class DecisionIn(BaseModel):
    """The second person's decision 复核意见."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"example": {"decision": "approve", "note": "已核对银行回单"}},
    )

    decision: ReassignmentEvent = Field(
        description="approve: book it; reject: leave it misdirected 复核通过或驳回",
        examples=["approve"],
    )
    note: str = Field(
        min_length=1, max_length=500, description="Why 说明", examples=["已核对银行回单"]
    )

    def read(self) -> Decision:
        """Return what the use case takes."""
        return Decision(self.decision, self.note)


class ReassignmentView(BaseModel):
    """A misdirected payment put to the notice it was meant for 错汇更正."""

    number: str = Field(description="Number 更正编号", examples=["G0000002511210000001"])
    bank_reference: str = Field(description="Bank's number 银行流水号", examples=["20251120000002"])
    payer: str = Field(description="Payer 付款方", examples=["110000"])
    payee: str = Field(description="Payee 收款方", examples=["370000"])
    amount: str = Field(description="Amount, yuan 金额，元", examples=["300.00"])
    paid_on: date = Field(description="Day 到账日期", examples=["2025-11-18"])
    outcome: BankOutcome | None = Field(
        description="What it came to; empty until it is approved 核对结果，复核通过前为空",
        examples=[None],
    )
    notice: str = Field(description="Notice it was meant for 应归属的通知书", examples=[_NOTICE])
    note: str = Field(description="Why 更正原因", examples=[_REASON])
    state: ReassignmentState = Field(description="State 状态", examples=["proposed"])
    proposed_at: datetime = Field(description="When 申请时间", examples=["2025-11-21T01:00:00Z"])
    proposed_by: str = Field(description="Who proposed it 申请人", examples=["operator-1"])
    decided_at: datetime | None = Field(description="When decided 复核时间", examples=[None])
    decided_by: str | None = Field(description="Who decided 复核人", examples=[None])
    decision_note: str | None = Field(description="Why so 复核说明", examples=[None])

    @classmethod
    def of(cls, it: Reassignment) -> ReassignmentView:
        """Show a reassignment."""
        return cls(
            number=it.number,
            bank_reference=it.line.bank_reference,
            payer=it.line.payer,
            payee=it.line.payee,
            amount=str(it.line.amount),
            paid_on=it.line.paid_on,
            outcome=None if it.outcome is BankOutcome.MISDIRECTED else it.outcome,
            notice=it.notice,
            note=it.note,
            state=it.state,
            proposed_at=it.proposed_at,
            proposed_by=it.proposed_by,
            decided_at=it.decided_at,
            decided_by=it.decided_by,
            decision_note=it.decision_note,
        )
