"""Deductions as they look on the wire."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.review.model import DeductionDecision, DeductionReason, DeductionState
from app.review.model.deducting import ITEMS_MAX, Deduction, DeductionAsked, DeductionEvent
from app.review.schemas.amounts import AmountMoved

_SETTLEMENT, _DEDUCTION = "A3701002509010000001", "K3701002510080000001"
_NOTE = "经核对病历，该项与工伤部位无关"
_ITEM: JsonDict = {
    "settlement": _SETTLEMENT,
    "serial": "000001",
    "reason": "not_injury_related",
    "amount": "12.80",
    "note": _NOTE,
}


def _shown(example: JsonDict) -> ConfigDict:
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": example})


class DeductionIn(BaseModel):
    """One deduction proposed 拟扣款项."""

    model_config = _shown(_ITEM)

    settlement: str = Field(
        pattern=r"^A[0-9]{19}$", description="Settlement 结算编号", examples=[_SETTLEMENT]
    )
    serial: str | None = Field(
        default=None,
        min_length=1,
        max_length=30,
        description="One fee line of it; left out: the settlement as a whole "
        "费用明细序号，不填为整笔结算",
        examples=["000001"],
    )
    reason: DeductionReason = Field(
        description="Reason; see dictionary `deduction_reason` 扣款原因，见代码表",
        examples=["not_injury_related"],
    )
    amount: AmountMoved = Field(
        description="At most what the fund bears, former deductions taken off, yuan "
        "扣款金额（元），不超过基金支付余额",
        examples=["12.80"],
    )
    note: str = Field(
        min_length=1,
        max_length=500,
        description="Evidence: documents and facts, nothing personal 证据说明，不含个人信息",
        examples=[_NOTE],
    )

    def read(self) -> DeductionAsked:
        """Return what is asked."""
        return DeductionAsked(
            settlement=self.settlement,
            serial=self.serial,
            reason=self.reason,
            amount=Money.yuan(self.amount),
            note=self.note,
        )


class DeductionsIn(BaseModel):
    """Deductions proposed together 拟扣款清单."""

    model_config = _shown({"items": [_ITEM]})

    items: list[DeductionIn] = Field(
        min_length=1,
        max_length=ITEMS_MAX,
        description="1 to 100, all of them or none 一至一百项，全部提出或全部不提出",
        examples=[[_ITEM]],
    )

    def read(self) -> list[DeductionAsked]:
        """Return what is asked."""
        return [each.read() for each in self.items]


class AppealIn(BaseModel):
    """An institution's appeal 申诉."""

    model_config = _shown({"note": "附手术记录，该项为骨折内固定所需"})

    note: str = Field(
        min_length=1,
        max_length=500,
        description="Why, and by which evidence; nothing personal 申诉理由与证据，不含个人信息",
        examples=["附手术记录，该项为骨折内固定所需"],
    )


class DecisionAsked(enum.StrEnum):
    """What an agency may decide 裁定结果."""

    UPHELD = "upheld"  # 维持
    LOWERED = "lowered"  # 部分维持
    WITHDRAWN = "withdrawn"  # 撤回

    @property
    def event(self) -> DeductionEvent:
        """Return what happens to the deduction."""
        return _EVENTS[self]


_EVENTS = {
    DecisionAsked.UPHELD: DeductionEvent.UPHOLD,
    DecisionAsked.LOWERED: DeductionEvent.LOWER,
    DecisionAsked.WITHDRAWN: DeductionEvent.WITHDRAW,
}


class DecisionIn(BaseModel):
    """An agency's decision 裁定."""

    model_config = _shown({"decision": "lowered", "amount": "6.40", "note": "认可其中一半"})

    decision: DecisionAsked = Field(
        description="upheld 维持, lowered 部分维持, withdrawn 撤回", examples=["lowered"]
    )
    amount: AmountMoved | None = Field(
        default=None,
        description="What is still deducted where lowered, yuan 部分维持时的扣款金额（元）",
        examples=["6.40"],
    )
    note: str = Field(
        min_length=1, max_length=500, description="Why 裁定理由", examples=["认可其中一半"]
    )

    @property
    def lowered_to(self) -> Money | None:
        """Return the new amount."""
        return None if self.amount is None else Money.yuan(self.amount)


class ReturnIn(BaseModel):
    """Why a final deduction is given back 返还说明."""

    model_config = _shown({"note": "复核后发现扣款有误"})

    note: str = Field(
        min_length=1, max_length=500, description="Why 返还理由", examples=["复核后发现扣款有误"]
    )


class DeductionView(BaseModel):
    """A deduction 扣款."""

    number: str = Field(description="Number 扣款编号", examples=[_DEDUCTION])
    settlement: str = Field(description="Settlement 结算编号", examples=[_SETTLEMENT])
    settlement_month: str = Field(description="Its month 结算所属月份", examples=["2025-09"])
    serial: str | None = Field(description="Fee line 费用明细序号", examples=["000001"])
    institution: str = Field(description="Institution 机构", examples=["H37010000001"])
    insured_place: str = Field(description="Insured place 参保地", examples=["110000"])
    treatment_place: str = Field(description="Treatment place 就医地", examples=["370000"])
    scheme: Scheme = Field(description="Scheme 结算范围", examples=["cross_province"])
    reason: DeductionReason = Field(description="Reason 扣款原因", examples=["not_injury_related"])
    note: str = Field(description="Evidence 证据说明", examples=[_NOTE])
    proposed: str = Field(description="As proposed, yuan 拟扣金额（元）", examples=["12.80"])
    amount: str = Field(
        description="What is taken off, yuan; negative: given back 扣款金额（元），负数为返还",
        examples=["12.80"],
    )
    state: DeductionState = Field(description="State 状态", examples=["proposed"])
    proposed_at: datetime = Field(
        description="Proposed 提出时间", examples=["2025-10-08T09:00:00+08:00"]
    )
    appeal_by: date = Field(description="Last day to appeal 申诉截止日", examples=["2025-10-15"])
    appealed_at: datetime | None = Field(description="Appealed 申诉时间", examples=[None])
    appeal_note: str | None = Field(description="Why appealed 申诉理由", examples=[None])
    decision: DeductionDecision | None = Field(description="How it ended 处理结果", examples=[None])
    decided_at: datetime | None = Field(description="Decided 处理时间", examples=[None])
    decision_note: str | None = Field(description="Why decided so 裁定理由", examples=[None])
    final_at: datetime | None = Field(description="Final since 生效时间", examples=[None])
    month: str | None = Field(
        description="Month it counts in, once final 计入月份（生效后）", examples=[None]
    )
    cancels: str | None = Field(description="Gives this one back 所返还的扣款", examples=[None])
    cancelled_by: str | None = Field(description="Given back by 返还记录", examples=[None])

    @classmethod
    def of(cls, it: Deduction) -> DeductionView:
        """Show a deduction."""
        return cls(
            number=it.number,
            settlement=it.settlement,
            settlement_month=str(it.settlement_month),
            serial=it.serial,
            institution=it.institution,
            insured_place=it.insured_place,
            treatment_place=it.treatment_place,
            scheme=it.scheme,
            reason=it.reason,
            note=it.note,
            proposed=str(it.proposed),
            amount=str(it.amount),
            state=it.state,
            proposed_at=it.proposed_at,
            appeal_by=it.appeal_by,
            appealed_at=it.appealed_at,
            appeal_note=it.appeal_note,
            decision=it.decision,
            decided_at=it.decided_at,
            decision_note=it.decision_note,
            final_at=it.final_at,
            month=None if it.month is None else str(it.month),
            cancels=it.cancels,
            cancelled_by=it.cancelled_by,
        )


class ProposedView(BaseModel):
    """Deductions proposed together 已提出的扣款."""

    items: list[DeductionView] = Field(description="In the order they came 按提交顺序")

    @classmethod
    def of(cls, made: Sequence[Deduction]) -> ProposedView:
        """Show them."""
        return cls(items=[DeductionView.of(each) for each in made])
