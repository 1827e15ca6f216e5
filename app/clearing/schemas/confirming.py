"""Confirmations and contests as they look on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, model_validator
from pydantic.config import JsonDict

from app.clearing.model import ContestEvent, ContestReason, ContestState, Manner
from app.clearing.model.confirming import (
    LINES_MAX,
    Confirmation,
    Contest,
    Digest,
    LineAsked,
    LinesAsked,
    Objection,
    Reply,
    Standing,
)
from app.clearing.schemas import ClaimView, PartView
from app.kernel.money import YUAN, Money

_SETTLEMENT = "A3701002509010000001"
_ROOT = "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"
_REASON = "核对后发现金额有误"
_CONTEST: JsonDict = {
    "reason": "wrong_amount",
    "proposed": "0.00",
    "note": "与就医地收费票据金额不符",
}
_OBJECTION: JsonDict = {"settlement": _SETTLEMENT, **_CONTEST}
_DIGEST: JsonDict = {"settlements": 128, "fund": "1702500.50", "root": _ROOT, "contests": []}
_LINE: JsonDict = {"settlement": _SETTLEMENT, "fund": "17020.00"}
_LINES: JsonDict = {"page": 1, "totalrow": 1, "lines": [_LINE]}
_REPLY: JsonDict = {"reply": "accepted", "note": "经核对票据，认可"}


def _strict(example: JsonDict) -> ConfigDict:
    """Take these fields and no others; show this example of the whole."""
    return ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": example})


Yuan = Annotated[str, Field(pattern=f"^{YUAN.pattern}$", max_length=20)]
Number = Annotated[str, Field(pattern=r"^[AK][0-9]{19}$", examples=[_SETTLEMENT])]


class ContestIn(BaseModel):
    """Why an item is contested, and what is held to be owed 争议."""

    model_config = _strict(_CONTEST)

    reason: ContestReason = Field(description="Reason 争议原因", examples=["wrong_amount"])
    proposed: Yuan = Field(
        default="0.00",
        description="What the insured side holds to be owed, yuan 参保地认可金额，元",
        examples=["0.00"],
    )
    note: str = Field(
        min_length=1,
        max_length=500,
        description="Evidence: documents and facts, nothing personal 证据说明，不含个人信息",
        examples=["与就医地收费票据金额不符"],
    )


class ObjectionIn(ContestIn):
    """An item the confirmation leaves out 异议明细."""

    model_config = _strict(_OBJECTION)

    settlement: Number = Field(description="Settlement number 结算编号")

    def read(self) -> Objection:
        """Return what the use case takes."""
        return Objection(
            settlement=self.settlement,
            reason=self.reason,
            proposed=Money.yuan(self.proposed),
            note=self.note,
        )


class DigestIn(BaseModel):
    """The three figures of a claim, as recomputed, and what is contested 按摘要确认."""

    model_config = _strict(_DIGEST)

    settlements: int = Field(ge=1, description="Settlements in the claim 笔数", examples=[128])
    fund: Yuan = Field(description="Their fund share, yuan 基金支付额，元", examples=["1702500.50"])
    root: str = Field(
        pattern=r"^[0-9a-f]{64}$",
        description="SHA-256 over the items 明细摘要",
        examples=["5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"],
    )
    contests: list[ObjectionIn] = Field(
        default_factory=list,
        max_length=LINES_MAX,
        description="Items contested; insured side only 争议明细，仅参保地",
        examples=[[]],
    )

    def read(self) -> tuple[Digest, list[Objection]]:
        """Return what the use case takes."""
        fund, root = Money.yuan(self.fund), bytes.fromhex(self.root)
        digest = Digest(settlements=self.settlements, fund=fund, root=root)
        return digest, [each.read() for each in self.contests]


class LineIn(BaseModel):
    """One item confirmed, or contested 逐笔确认明细."""

    model_config = _strict(_LINE)

    settlement: Number = Field(
        description="Number of the item: a settlement's, or a deduction's 结算编号或扣款编号"
    )
    fund: Yuan = Field(description="Its fund share, yuan 基金支付，元", examples=["17020.00"])
    contest: ContestIn | None = Field(
        default=None, description="Why it is contested, if it is 争议，可空", examples=[None]
    )

    def read(self) -> LineAsked:
        """Return what the use case takes."""
        objection = None
        if self.contest is not None:
            objection = Objection(
                settlement=self.settlement,
                reason=self.contest.reason,
                proposed=Money.yuan(self.contest.proposed),
                note=self.contest.note,
            )
        return LineAsked(self.settlement, Money.yuan(self.fund), objection)


class LinesIn(BaseModel):
    """A page of at most 100 items 分页逐笔确认."""

    model_config = _strict(_LINES)

    page: int = Field(ge=1, le=1_000_000, description="Page, from 1 页码", examples=[1])
    totalrow: int = Field(ge=1, description="Items in all pages together 总行数", examples=[128])
    lines: list[LineIn] = Field(min_length=1, max_length=LINES_MAX, description="Items 明细")

    @model_validator(mode="after")
    def _once(self) -> LinesIn:
        if len({line.settlement for line in self.lines}) < len(self.lines):
            message = "a settlement stands twice in the page"
            raise ValueError(message)
        return self

    def read(self) -> LinesAsked:
        """Return what the use case takes."""
        return LinesAsked(self.page, self.totalrow, [line.read() for line in self.lines])


class WithdrawalIn(BaseModel):
    """Why a confirmation is taken back 撤回确认."""

    model_config = _strict({"reason": _REASON})

    reason: str = Field(min_length=1, max_length=500, description="Reason 理由", examples=[_REASON])


class ConfirmationView(BaseModel):
    """One side's word on a claim; in part while `confirmed_at` is null 单侧确认情况."""

    manner: Manner = Field(
        description="digest, lines, or silence: nobody spoke in time "
        "确认方式：摘要、逐笔、逾期视同",
        examples=["digest"],
    )
    lines: int = Field(description="Items confirmed so far 已确认笔数", examples=[128])
    begun_at: datetime = Field(description="Begun at 开始时间", examples=["2025-10-22T01:00:00Z"])
    confirmed_at: datetime | None = Field(
        description="Confirmed at; null: in part 确认时间，空为部分确认",
        examples=["2025-10-22T01:00:00Z"],
    )
    withdrawal_asked_by: str | None = Field(
        description="The first of two persons who are to take it back; null: nobody asked "
        "首位申请撤回的人员，可空",
        examples=[None],
    )

    @classmethod
    def of(cls, it: Confirmation | None) -> ConfirmationView | None:
        """Show what a side said, if it said anything."""
        if it is None:
            return None
        return cls(
            manner=it.manner,
            lines=it.line_count,
            begun_at=it.begun_at,
            confirmed_at=it.confirmed_at,
            withdrawal_asked_by=it.withdrawal_asked_by,
        )


class StandingView(BaseModel):
    """A claim with what both sides have said of it 清算对确认情况."""

    clearing: str = Field(description="Clearing number 清算编号", examples=["C0000002510210000001"])
    claim: ClaimView = Field(description="The claim 清算对")
    confirm_by: date = Field(description="Last day to speak 确认截止日", examples=["2025-10-25"])
    insured: ConfirmationView | None = Field(description="Insured side 参保地")
    treatment: ConfirmationView | None = Field(description="Treatment side 就医地")
    is_confirmed: bool = Field(description="By both, whole 双方均已确认", examples=[False])
    contested: PartView = Field(description="Items contested 争议明细合计")
    open_contests: int = Field(description="Without an answer 未答复争议", examples=[0])
    noticed_at: datetime | None = Field(
        description="When its notices were issued 通知书下达时间", examples=[None]
    )

    @classmethod
    def of(cls, it: Standing) -> StandingView:
        """Show a claim's standing."""
        return cls(
            clearing=it.clearing,
            claim=ClaimView.of(it.claim),
            confirm_by=it.confirm_by,
            insured=ConfirmationView.of(it.insured),
            treatment=ConfirmationView.of(it.treatment),
            is_confirmed=it.is_confirmed,
            contested=PartView.of(it.contested),
            open_contests=it.open_contests,
            noticed_at=it.claim.noticed_at,
        )


class ContestView(BaseModel):
    """A contest and its answer 争议."""

    number: str = Field(description="Contest number 争议编号", examples=["Z1100002510220000001"])
    clearing: str = Field(
        description="Clearing it was raised in 提出争议的清算编号",
        examples=["C0000002510210000001"],
    )
    settlement: str = Field(description="Settlement contested 争议结算编号", examples=[_SETTLEMENT])
    insured_place: str = Field(description="Insured place 参保地", examples=["110000"])
    treatment_place: str = Field(description="Treatment place 就医地", examples=["370000"])
    reason: ContestReason = Field(description="Reason 争议原因", examples=["wrong_amount"])
    fund: str = Field(description="Amount contested, yuan 争议金额，元", examples=["300.00"])
    proposed: str = Field(description="Held to be owed, yuan 认可金额，元", examples=["0.00"])
    note: str = Field(description="Evidence 证据说明", examples=["与票据金额不符"])
    state: ContestState = Field(description="State 状态", examples=["open"])
    raised_at: datetime = Field(description="Raised at 提出时间", examples=["2025-10-22T01:00:00Z"])
    in_time: bool = Field(description="Raised in time 是否按期提出", examples=[True])
    reply_by: date = Field(
        description="Last working day to answer 答复截止日", examples=["2025-10-27"]
    )
    agreed: str | None = Field(
        description="What both sides now owe by, yuan 议定金额，元", examples=[None]
    )
    reply_note: str | None = Field(description="Answer's note 答复说明", examples=[None])
    replied_at: datetime | None = Field(description="Answered at 答复时间", examples=[None])
    rolls: int = Field(description="Periods rolled forward 已顺延期数", examples=[0])

    @classmethod
    def of(cls, it: Contest) -> ContestView:
        """Show a contest."""
        return cls(
            number=it.number,
            clearing=it.clearing,
            settlement=it.settlement,
            insured_place=it.pair.insured_place,
            treatment_place=it.pair.treatment_place,
            reason=it.reason,
            fund=str(it.fund),
            proposed=str(it.proposed),
            note=it.note,
            state=it.state,
            raised_at=it.raised_at,
            in_time=it.in_time,
            reply_by=it.reply_by,
            agreed=None if it.agreed is None else str(it.agreed),
            reply_note=it.reply_note,
            replied_at=it.replied_at,
            rolls=it.rolls,
        )


_REPLIES = {
    ContestState.ACCEPTED: ContestEvent.ACCEPT,
    ContestState.ACCEPTED_IN_PART: ContestEvent.ACCEPT_IN_PART,
    ContestState.REJECTED: ContestEvent.REJECT,
    ContestState.NOT_IN_TIME: ContestEvent.REFUSE_AS_LATE,
}


class ReplyIn(BaseModel):
    """The treatment side's answer 争议答复."""

    model_config = _strict(_REPLY)

    reply: ContestState = Field(
        description="accepted 认可, accepted_in_part 部分认可, rejected 不认可, "
        "not_in_time 逾期提出",
        examples=["accepted"],
        json_schema_extra={"enum": [state.value for state in _REPLIES]},
    )
    amount: Yuan | None = Field(
        default=None,
        description="New amount owed, yuan; only when accepted in part 部分认可的新金额，元",
        examples=[None],
    )
    note: str = Field(
        min_length=1, max_length=500, description="Note 说明", examples=["经核对票据，认可"]
    )

    @model_validator(mode="after")
    def _is_reply(self) -> ReplyIn:
        if self.reply not in _REPLIES:
            message = f"{self.reply} is no reply"
            raise ValueError(message)
        return self

    def read(self) -> Reply:
        """Return what the use case takes."""
        amount = None if self.amount is None else Money.yuan(self.amount)
        return Reply(_REPLIES[self.reply], amount, self.note)
