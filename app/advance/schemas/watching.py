"""Usage, crossings, changes and holds as they look on the wire."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.advance.model import Pair
from app.advance.model.watching import (
    Change,
    ChangeKind,
    ChangeState,
    Crossing,
    Hold,
    HoldAsked,
    HoldState,
    Level,
    Mode,
    Usage,
    Wish,
)
from app.advance.schemas import (
    AMOUNT,
    BEIJING,
    INSURED,
    POSITIVE,
    SHANDONG,
    TREATMENT,
    YUAN_TEXT,
)
from app.kernel.money import Money
from app.kernel.regions import REGION_CODE

_LEVELS = "normal 正常, yellow 黄色预警, red 红色预警"
_MODES = "warn 预警, hold 暂停并须批准, hard 禁止透支"
_PAIR: JsonDict = {"insured_place": BEIJING, "treatment_place": SHANDONG}
_REASON_MAX = 200


class UsageView(BaseModel):
    """How far the advance of a pair, or of a pool, is used at this moment 预付金使用情况."""

    insured_place: str | None = Field(
        description="Insured place; null for the pool of the treatment place 参保地，资金池为 null",
        examples=[BEIJING],
    )
    treatment_place: str = Field(description=TREATMENT, examples=[SHANDONG])
    mode: Mode = Field(description=_MODES, examples=["warn"])
    level: Level = Field(description=_LEVELS, examples=["yellow"])
    uncleared: str = Field(
        description=f"Settled, on no notice yet, {YUAN_TEXT} 待清算", examples=["30000.00"]
    )
    notified: str = Field(
        description=f"On a notice, not paid, {YUAN_TEXT} 已通知未到账", examples=["7500.00"]
    )
    used: str = Field(description=f"Both together, {YUAN_TEXT} 已占用", examples=["37500.00"])
    advance: str = Field(description=f"Advance, {YUAN_TEXT} 预付金", examples=["50000.00"])
    percent: str | None = Field(
        description="Used ÷ advance in percent, cut to two decimals; null without an advance "
        "使用率（百分比，截取两位小数），无预付金为 null",
        examples=["75.00"],
    )
    yellow_percent: int = Field(description="Yellow line 黄色预警线", examples=[70])
    red_percent: int = Field(description="Red line 红色预警线", examples=[90])
    daily: str = Field(
        description=f"Recent mean a day, {YUAN_TEXT} 近期日均支出", examples=["1250.00"]
    )
    days_until_empty: int | None = Field(
        description="Days it lasts at that pace; null when nothing was spent "
        "按近期支出可用天数，近期无支出为 null",
        examples=[10],
    )

    @classmethod
    def of(cls, it: Usage) -> UsageView:
        """Show a usage."""
        standing, guard = it.standing, it.standing.guard
        return cls(
            insured_place=guard.insured_place,
            treatment_place=guard.treatment_place,
            mode=guard.mode,
            level=guard.level,
            uncleared=str(standing.uncleared),
            notified=str(standing.notified),
            used=str(standing.used),
            advance=str(standing.advance),
            percent=it.percent,
            yellow_percent=guard.lines.yellow,
            red_percent=guard.lines.red,
            daily=str(it.daily),
            days_until_empty=it.days_until_empty,
        )


class CrossingView(BaseModel):
    """A line of usage was crossed; told until it is acknowledged 预付金预警."""

    number: str = Field(description="Number 编号", examples=["X3700002509010000001"])
    addressee: str = Field(description="Who is told 接收方", examples=[SHANDONG])
    insured_place: str | None = Field(
        description="Insured place; null for the pool of the treatment place 参保地，资金池为 null",
        examples=[BEIJING],
    )
    treatment_place: str = Field(description=TREATMENT, examples=[SHANDONG])
    level: Level = Field(description="yellow 黄色预警, red 红色预警", examples=["red"])
    used: str = Field(
        description=f"Used at that commit, {YUAN_TEXT} 越线时已占用", examples=["45000.00"]
    )
    advance: str = Field(
        description=f"Advance at that commit, {YUAN_TEXT} 越线时预付金", examples=["50000.00"]
    )
    subject: str = Field(
        description="The business that crossed the line 触发业务编号",
        examples=["A3700002509010000001"],
    )
    raised_at: datetime = Field(description="When 越线时间")
    announced_on: date = Field(
        description="Day it was last told 最近一次提醒日期", examples=["2025-09-01"]
    )
    acknowledged_at: datetime | None = Field(description="When acknowledged 签收时间")
    acknowledged_by: str | None = Field(
        description="Client that acknowledged 签收人（客户端）", examples=["370000-desk"]
    )

    @classmethod
    def of(cls, it: Crossing) -> CrossingView:
        """Show a crossing."""
        return cls(
            number=it.number,
            addressee=it.addressee,
            insured_place=it.insured_place,
            treatment_place=it.treatment_place,
            level=it.level,
            used=str(it.used),
            advance=str(it.advance),
            subject=it.subject,
            raised_at=it.raised_at,
            announced_on=it.announced_on,
            acknowledged_at=it.acknowledged_at,
            acknowledged_by=it.acknowledged_by,
        )


class _OfPair(BaseModel):
    insured_place: str = Field(pattern=REGION_CODE.pattern, description=INSURED, examples=[BEIJING])
    treatment_place: str = Field(
        pattern=REGION_CODE.pattern, description=TREATMENT, examples=[SHANDONG]
    )
    reason: str = Field(
        min_length=1, max_length=_REASON_MAX, description="Reason 理由", examples=["业务量变化"]
    )

    def wish(self, kind: ChangeKind, *, mode: Mode | None, amount: Money | None) -> Wish:
        """Return what the use case takes."""
        pair = Pair(self.insured_place, self.treatment_place)
        return Wish(kind=kind, pair=pair, mode=mode, amount=amount, reason=self.reason)


class ModeProposal(_OfPair):
    """Another mode for a pair 处理方式变更."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"example": _PAIR | {"mode": "hold", "reason": "多次超额"}},
    )

    mode: Mode = Field(description=_MODES, examples=["hold"])

    def asked(self) -> Wish:
        """Return what the use case takes."""
        return self.wish(ChangeKind.MODE, mode=self.mode, amount=None)


class QuotaProposal(_OfPair):
    """Another quota for a pair 额度调整."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"example": _PAIR | {"quota": "80000.00", "reason": "业务量变化"}},
    )

    quota: str = Field(
        pattern=AMOUNT,
        description=f"New quota; 0.00 returns all, {YUAN_TEXT} 新额度，0.00 为全部退回",
        examples=["80000.00"],
    )

    def asked(self) -> Wish:
        """Return what the use case takes."""
        return self.wish(ChangeKind.QUOTA, mode=None, amount=Money.yuan(self.quota))


class IncreaseRequest(_OfPair):
    """An emergency increase, asked for by the treatment place 紧急调增申请."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"example": _PAIR | {"amount": "30000.00", "reason": "红色预警"}},
    )

    amount: str = Field(
        pattern=POSITIVE, description=f"Amount, {YUAN_TEXT} 申请金额", examples=["30000.00"]
    )

    def asked(self) -> Wish:
        """Return what the use case takes."""
        return self.wish(ChangeKind.INCREASE, mode=None, amount=Money.yuan(self.amount))


class IncreaseDecision(BaseModel):
    """How much of an increase is proposed 调增审定."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"example": {"amount": "20000.00", "note": "按近期支出核定"}},
    )

    amount: str = Field(
        pattern=POSITIVE, description=f"Amount, {YUAN_TEXT} 审定金额", examples=["20000.00"]
    )
    note: str = Field(
        min_length=1,
        max_length=_REASON_MAX,
        description="Note 说明",
        examples=["按近期支出核定"],
    )


class AdvanceRejection(BaseModel):
    """Why something is turned down 驳回理由."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": {"note": "依据不足"}}
    )

    note: str = Field(
        min_length=1, max_length=_REASON_MAX, description="Reason 理由", examples=["依据不足"]
    )


class ChangeView(BaseModel):
    """A change of a quota or a mode, or an emergency increase 预付金变更."""

    number: str = Field(description="Number 编号", examples=["M3700002509010000001"])
    kind: ChangeKind = Field(
        description="mode 处理方式, quota 额度, increase 紧急调增", examples=["increase"]
    )
    insured_place: str = Field(description=INSURED, examples=[BEIJING])
    treatment_place: str = Field(description=TREATMENT, examples=[SHANDONG])
    mode: Mode | None = Field(description=f"New mode 新处理方式: {_MODES}", examples=["hold"])
    amount: str | None = Field(
        description=f"New quota, or the increase asked for, {YUAN_TEXT} 新额度或申请金额",
        examples=["30000.00"],
    )
    decided: str | None = Field(
        description=f"As the operator proposes, {YUAN_TEXT} 审定金额", examples=["20000.00"]
    )
    reason: str = Field(description="Reason 理由", examples=["红色预警"])
    state: ChangeState = Field(
        description="asked 已申请, proposed 待批准, approved 已批准, rejected 已驳回",
        examples=["asked"],
    )
    opened_at: datetime = Field(description="When asked for or proposed 提出时间")
    opened_by: str = Field(description="By whom 提出人（客户端）", examples=["370000-desk"])
    proposed_by: str | None = Field(
        description="Who proposed it for the operator 审定人（客户端）", examples=["operator-1"]
    )
    closed_at: datetime | None = Field(description="When approved or rejected 办结时间")
    closed_by: str | None = Field(description="By whom 办结人（客户端）", examples=["operator-2"])
    note: str | None = Field(description="Note 说明", examples=["按近期支出核定"])

    @classmethod
    def of(cls, it: Change) -> ChangeView:
        """Show a change."""
        wish = it.wish
        return cls(
            number=it.number,
            kind=wish.kind,
            insured_place=wish.pair.insured_place,
            treatment_place=wish.pair.treatment_place,
            mode=wish.mode,
            amount=None if wish.amount is None else str(wish.amount),
            decided=None if it.decided is None else str(it.decided),
            reason=wish.reason,
            state=it.state,
            opened_at=it.opened_at,
            opened_by=it.opened_by,
            proposed_by=it.proposed_by,
            closed_at=it.closed_at,
            closed_by=it.closed_by,
            note=it.note,
        )


class HoldRequest(BaseModel):
    """A visit that is to be settled though the advance is used up 结算批准申请."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {
                "visit": "S3701002509010000001",
                "fund": "18250.00",
                "reason": "患者急需出院",
            }
        },
    )

    visit: str = Field(
        max_length=20, description="Visit 就诊编号", examples=["S3701002509010000001"]
    )
    fund: str = Field(
        pattern=POSITIVE,
        description=f"Fund amount up to which it may be settled, {YUAN_TEXT} 批准的基金支付上限",
        examples=["18250.00"],
    )
    reason: str = Field(
        min_length=1, max_length=_REASON_MAX, description="Reason 理由", examples=["患者急需出院"]
    )

    def asked(self) -> HoldAsked:
        """Return what the use case takes."""
        return HoldAsked(visit=self.visit, fund=Money.yuan(self.fund), reason=self.reason)


class HoldView(BaseModel):
    """A settlement that waits for approval 待批结算."""

    number: str = Field(description="Number 编号", examples=["V3700002509010000001"])
    visit: str = Field(description="Visit 就诊编号", examples=["S3701002509010000001"])
    institution: str = Field(description="Institution 协议机构", examples=["H37010000001"])
    insured_place: str = Field(description=INSURED, examples=[BEIJING])
    treatment_place: str = Field(description=TREATMENT, examples=[SHANDONG])
    fund: str = Field(
        description=f"Fund amount up to which, {YUAN_TEXT} 基金支付上限", examples=["18250.00"]
    )
    reason: str = Field(description="Reason 理由", examples=["患者急需出院"])
    state: HoldState = Field(
        description="asked 待批准, approved 已批准, rejected 已驳回", examples=["asked"]
    )
    asked_at: datetime = Field(description="When asked for 申请时间")
    decided_at: datetime | None = Field(description="When decided 批准或驳回时间")
    note: str | None = Field(description="Note 说明", examples=["依据不足"])

    @classmethod
    def of(cls, it: Hold) -> HoldView:
        """Show a hold."""
        return cls(
            number=it.number,
            visit=it.visit,
            institution=it.institution,
            insured_place=it.pair.insured_place,
            treatment_place=it.pair.treatment_place,
            fund=str(it.fund),
            reason=it.reason,
            state=it.state,
            asked_at=it.asked_at,
            decided_at=it.decided_at,
            note=it.note,
        )
