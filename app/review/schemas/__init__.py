"""Reconciliations as they look on the wire."""

from __future__ import annotations

from datetime import date, datetime
from typing import Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.kernel.money import Money
from app.review.model import (
    ROWS_MAX,
    Amounts,
    DayRow,
    DayTotals,
    DifferenceKind,
    DifferenceState,
    KeptDifference,
    OpenMessage,
    Reconciled,
    Reconciliation,
    ReconciliationAsked,
    ReconciliationResult,
    ReconciliationState,
    Repair,
    RepairAct,
    RepairAsked,
    SenderRow,
    Side,
    Standing,
    UnreconciledDay,
)
from app.runtime.wire import Day
from app.settlement.model import SettlementKind

Amount = Annotated[str, StringConstraints(pattern=r"^-?[0-9]{1,13}(\.[0-9]{1,2})?$")]
InstitutionCode = Annotated[str, StringConstraints(pattern=r"^[HA][0-9]{11}$")]
MessageId = Annotated[str, StringConstraints(pattern=r"^[!-~]{1,64}$")]
SETTLEMENT = "A3701002509010000001"
MESSAGE = "H37010000001202509010900000001"
ROW_EXAMPLE: JsonDict = {"settlement": SETTLEMENT, "total": "19.20", "fund": "19.20"}
EXAMPLE: JsonDict = {
    "day": "2025-09-01",
    "count": 1,
    "total": "19.20",
    "fund": "19.20",
    "rows": [ROW_EXAMPLE],
}
NumberField = Field(description="Number 对账编号", examples=["R3701002509010000001"])
SettlementField = Field(description="Settlement 结算编号", examples=[SETTLEMENT])
DayField = Field(description="Business day 业务日期", examples=["2025-09-01"])
CountField = Field(
    description="Settlements and cancellations 结算与撤销笔数", ge=0, le=1_000_000, examples=[1]
)
TotalField = Field(description="Total in yuan 费用总额（元）", examples=["19.20"])
FundField = Field(description="Fund share 基金支付（元）", examples=["19.20"])
SideField = Field(description="own 本机构, treatment 就医地, insured 参保地", examples=["own"])
InstitutionField = Field(
    default=None,
    description="One institution only, for agencies 指定机构（仅经办机构）",
    examples=[None],
)


class SenderRowIn(BaseModel):
    """One settlement or cancellation as the sender has it 对账明细."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": ROW_EXAMPLE}
    )

    settlement: Annotated[str, StringConstraints(pattern=r"^[!-~]{1,30}$")] = SettlementField
    total: Amount = TotalField
    fund: Amount = FundField


class ReconciliationIn(BaseModel):
    """A sender's day 日对账请求."""

    model_config = ConfigDict(extra="forbid", frozen=True, json_schema_extra={"example": EXAMPLE})

    day: Day = DayField
    side: Side | None = Field(
        default=None,
        description="own for an institution, treatment (default) or insured for an agency "
        "对账身份：机构为 own，经办机构为 treatment（默认）或 insured",
        examples=[None],
    )
    institution: InstitutionCode | None = InstitutionField
    cancelled: Literal["included", "left_out"] = Field(
        default="included",
        description="Whether what was cancelled, and its cancellation, count 是否包含已撤销的结算"
        "及其撤销记录",
        examples=["included"],
    )
    count: int = CountField
    total: Amount = TotalField
    fund: Amount = FundField
    rows: Annotated[list[SenderRowIn], Field(max_length=ROWS_MAX)] | None = Field(
        default=None,
        description="The rows, to have the differences listed; cancellations are rows of their "
        "own with negative amounts 明细（需要差异清单时），撤销为负数记录",
        examples=[[ROW_EXAMPLE]],
    )

    def read(self) -> ReconciliationAsked:
        """Return what is asked."""
        rows = None
        if self.rows is not None:
            rows = tuple(
                SenderRow(row.settlement, Money.yuan(row.total), Money.yuan(row.fund))
                for row in self.rows
            )
        return ReconciliationAsked(
            day=self.day,
            side=self.side,
            institution=self.institution,
            with_cancelled=self.cancelled == "included",
            totals=DayTotals(self.count, Money.yuan(self.total), Money.yuan(self.fund)),
            rows=rows,
        )


class RepairIn(BaseModel):
    """What is to be done about one difference 差异处理请求."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": {"row": 1, "act": "adopt"}}
    )

    row: int = Field(ge=1, le=2 * 10**6, description="Row of the difference 差异行号", examples=[1])
    act: RepairAct = Field(
        description="adopt 以平台为准 (the sender takes the hub's side), reverse 平台冲正 (the hub "
        "undoes what only it has), resend 补发 (the sender will send; open until it arrives)",
        examples=["adopt"],
    )
    message: MessageId | None = Field(
        default=None,
        description="resend: the id it will be sent under 补发所用报文编号",
        examples=[None],
    )
    note: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
        | None
    ) = Field(default=None, description="Note 备注", examples=[None])

    def read(self) -> RepairAsked:
        """Return what is asked."""
        return RepairAsked(row=self.row, act=self.act, message=self.message, note=self.note)


class TotalsView(BaseModel):
    """Count and sums of a day 笔数与金额."""

    count: int = Field(description="Settlements and cancellations 笔数", examples=[1])
    total: str = TotalField
    fund: str = FundField

    @classmethod
    def of(cls, it: DayTotals) -> TotalsView:
        """Show totals."""
        return cls(count=it.count, total=str(it.total), fund=str(it.fund))


class AmountsView(BaseModel):
    """One side of a difference 单方金额."""

    total: str = TotalField
    fund: str = FundField

    @classmethod
    def of(cls, it: Amounts | None) -> AmountsView | None:
        """Show a side, if it has the settlement."""
        return None if it is None else cls(total=str(it.total), fund=str(it.fund))


class RepairView(BaseModel):
    """What was last done about a difference 最近一次处理."""

    act: RepairAct = Field(description="Act 处理方式", examples=["adopt"])
    at: datetime = Field(description="When 处理时间", examples=["2025-09-02T09:00:00+08:00"])
    message: str | None = Field(description="To be sent under 补发报文编号", examples=[MESSAGE])
    undone_by: str | None = Field(
        description="What the hub booked 冲正产生的业务编号", examples=["A3701002509010000002"]
    )
    note: str | None = Field(description="Note 备注", examples=[None])

    @classmethod
    def of(cls, it: Repair | None) -> RepairView | None:
        """Show a repair."""
        if it is None:
            return None
        return cls(act=it.act, at=it.at, message=it.message, undone_by=it.undone_by, note=it.note)


class DifferenceView(BaseModel):
    """One settlement on which the two sides differ 差异."""

    row: int = Field(description="Row, to repair it by 差异行号", examples=[1])
    kind: DifferenceKind = Field(description="Kind 差异类型", examples=["only_hub"])
    state: DifferenceState = Field(description="State 差异状态", examples=["open"])
    settlement: str = SettlementField
    hub: AmountsView | None = Field(description="The hub's amounts 平台金额")
    sender: AmountsView | None = Field(description="The sender's amounts 发送方金额")
    hub_day: date | None = Field(
        description="The hub has it on another day 平台记在其他日期", examples=[None]
    )
    message: str | None = Field(
        description="The sender's own message that made it 生成该结算的报文编号", examples=[MESSAGE]
    )
    repair: RepairView | None = Field(description="What was last done 最近一次处理")

    @classmethod
    def of(cls, it: KeptDifference) -> DifferenceView:
        """Show a difference as it stands."""
        found = it.difference
        return cls(
            row=found.row,
            kind=found.kind,
            state=it.state,
            settlement=found.settlement,
            hub=AmountsView.of(found.hub),
            sender=AmountsView.of(found.sender),
            hub_day=found.hub_day,
            message=found.message,
            repair=RepairView.of(it.repair),
        )


class ReconciliationView(BaseModel):
    """One comparison of a day 日对账."""

    number: str = NumberField
    party: str = Field(description="Who compared 对账发起方", examples=["H37010000001"])
    day: date = DayField
    side: Side = SideField
    institution: str | None = Field(description="One institution only 指定机构", examples=[None])
    cancelled: Literal["included", "left_out"] = Field(
        description="Whether what was cancelled counts 是否包含已撤销", examples=["included"]
    )
    result: ReconciliationResult = Field(
        description="equal 一致, hub_has_more 平台多, sender_has_more 发送方多, amounts_differ "
        "金额不符",
        examples=["equal"],
    )
    state: ReconciliationState = Field(
        description="open 待处理 (send the rows, or repair), clean 已对平, replaced 已被取代",
        examples=["clean"],
    )
    at: datetime = Field(description="When 对账时间", examples=["2025-09-02T09:00:00+08:00"])
    sender: TotalsView = Field(description="The sender's totals 发送方合计")
    hub: TotalsView = Field(description="The hub's totals 平台合计")
    rows_sent: bool = Field(description="Whether rows were compared 是否比对明细", examples=[True])
    only_hub_count: int = Field(description="Only the hub's 仅平台有笔数", examples=[0])
    only_sender_count: int = Field(description="Only the sender's 仅发送方有笔数", examples=[0])
    different_count: int = Field(description="Different 金额不一致笔数", examples=[0])
    left: int = Field(description="Differences not repaired 未处理差异", examples=[0])

    @classmethod
    def of(cls, it: Reconciliation) -> ReconciliationView:
        """Show a reconciliation."""
        return cls.model_validate(_fields(it))


class ReconciledView(ReconciliationView):
    """A comparison with its differences, at most 200 of a kind 日对账及差异清单."""

    only_hub: list[DifferenceView] = Field(description="Only the hub's 仅平台有")
    only_sender: list[DifferenceView] = Field(description="Only the sender's 仅发送方有")
    different: list[DifferenceView] = Field(description="Amounts differ 金额不一致")

    @classmethod
    def whole(cls, it: Reconciled) -> ReconciledView:
        """Show a reconciliation with its three lists."""
        lists = {
            kind.value: [
                DifferenceView.of(each) for each in it.differences if each.difference.kind is kind
            ]
            for kind in DifferenceKind
        }
        return cls.model_validate(_fields(it.reconciliation) | lists)


class UnreconciledDayView(BaseModel):
    """A past day not compared since its last settlement 未对账日."""

    day: date = DayField
    side: Side = SideField
    count: int = Field(description="Settlements of the day 当日笔数", examples=[3])

    @classmethod
    def of(cls, it: UnreconciledDay) -> UnreconciledDayView:
        """Show a day."""
        return cls(day=it.day, side=it.side, count=it.count)


class OpenMessageView(BaseModel):
    """A message asked about that has not come to an end 未决报文."""

    id: str = Field(description="Message id 报文编号", examples=[MESSAGE])
    outcome: str = Field(description="never_seen 未收到 or running 处理中", examples=["never_seen"])

    @classmethod
    def of(cls, it: OpenMessage) -> OpenMessageView:
        """Show a message."""
        return cls(id=it.message, outcome=it.outcome)


class StandingView(BaseModel):
    """Whether the caller is clean, and what is open if not 对账待办."""

    clean: bool = Field(description="Nothing is open 是否已对平", examples=[True])
    reconciliations: list[ReconciliationView] = Field(description="Open ones 待处理对账")
    days: list[UnreconciledDayView] = Field(description="Days to compare 未对账日")
    messages: list[OpenMessageView] = Field(description="Messages without an end 未决报文")

    @classmethod
    def of(cls, it: Standing) -> StandingView:
        """Show what is open."""
        return cls(
            clean=it.is_clean,
            reconciliations=[ReconciliationView.of(each) for each in it.reconciliations],
            days=[UnreconciledDayView.of(each) for each in it.days],
            messages=[OpenMessageView.of(each) for each in it.messages],
        )


class DayRowView(BaseModel):
    """One settlement or cancellation of a day 日结算明细."""

    settlement: str = SettlementField
    kind: SettlementKind = Field(description="Kind 结算类型", examples=["settlement"])
    cancels: str | None = Field(description="Settlement cancelled 被撤销的结算", examples=[None])
    visit: str = Field(description="Visit 就诊编号", examples=["S3701002509010000001"])
    worker: str = Field(description="Worker 工伤职工编号", examples=["W1100002509010000001"])
    institution: str = Field(description="Institution 机构编码", examples=["H37010000001"])
    settled_at: datetime = Field(
        description="When 结算时间", examples=["2025-09-01T09:00:00+08:00"]
    )
    total: str = TotalField
    fund: str = FundField
    own: str = Field(description="Own share 个人支付（元）", examples=["0.00"])
    message: str | None = Field(description="The caller's message 报文编号", examples=[MESSAGE])

    @classmethod
    def of(cls, it: DayRow) -> DayRowView:
        """Show a row."""
        return cls(
            settlement=it.settlement,
            kind=it.kind,
            cancels=it.cancels,
            visit=it.visit,
            worker=it.worker,
            institution=it.institution,
            settled_at=it.settled_at,
            total=str(it.total),
            fund=str(it.fund),
            own=str(it.own),
            message=it.message,
        )


def _fields(it: Reconciliation) -> dict[str, object]:
    same = ("number", "party", "day", "side", "institution", "result", "state", "at", "rows_sent")
    return {name: getattr(it, name) for name in same} | {
        "cancelled": "included" if it.with_cancelled else "left_out",
        "sender": TotalsView.of(it.sender),
        "hub": TotalsView.of(it.hub),
        "left": it.left,
        **{f"{kind.value}_count": it.counts[kind] for kind in DifferenceKind},
    }
