"""Settlements as they look on the wire."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import date, datetime
from typing import Annotated

from pydantic import BaseModel, ConfigDict, Field, StringConstraints
from pydantic.config import JsonDict

from app.kernel.costs import CostKind
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.policy.provisions import Provisions
from app.runtime.wire import Flag
from app.settlement.model import (
    CancelAsked,
    LineResult,
    Preview,
    Reason,
    Recomputation,
    SettleAsked,
    Settlement,
    SettlementKind,
    SettlementWithLines,
)
from app.visit.model import FeeCategory

SETTLE_EXAMPLE: JsonDict = {"total": "19.20", "line_count": 1, "invoice_no": "FP2025090001"}
NumberField = Field(description="Number 结算编号", examples=["A3701002509010000001"])
TotalField = Field(description="Total in yuan 费用总额（元）", examples=["19.20"])
FundField = Field(description="Fund share 基金支付（元）", examples=["19.20"])
OwnField = Field(description="Own share 个人支付（元）", examples=["0.00"])
LineCountField = Field(description="Number of lines 明细条数", examples=[1])


class SettleIn(BaseModel):
    """The institution's own figures, checked against the hub's 结算请求（总额核对）."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": SETTLE_EXAMPLE}
    )

    total: Annotated[str, StringConstraints(pattern=r"^[0-9]{1,13}(\.[0-9]{1,2})?$")] = TotalField
    line_count: int | None = Field(
        default=None,
        strict=True,
        ge=0,
        description="Number of lines, if told 明细条数（可选）",
        examples=[1],
    )
    invoice_no: Annotated[str, StringConstraints(min_length=1, max_length=50)] | None = Field(
        default=None, description="Invoice 发票号", examples=["FP2025090001"]
    )

    def read(self) -> SettleAsked:
        """Return what is asked."""
        return SettleAsked(
            total=Money.yuan(self.total), line_count=self.line_count, invoice_no=self.invoice_no
        )


class CancelIn(BaseModel):
    """A cancellation; after a clearing an adjustment with a reason 结算撤销."""

    model_config = ConfigDict(
        extra="forbid", frozen=True, json_schema_extra={"example": {"reason": "明细录入有误"}}
    )

    adjustment: Flag = Field(
        default=False,
        description="Needed once the settlement is in a clearing 是否跨期调整",
        examples=[False],
    )
    reason: (
        Annotated[str, StringConstraints(strip_whitespace=True, min_length=1, max_length=500)]
        | None
    ) = Field(default=None, description="Why 原因", examples=["明细录入有误"])

    def read(self) -> CancelAsked:
        """Return what is asked."""
        return CancelAsked(adjustment=self.adjustment, reason=self.reason)


class SettlementView(BaseModel):
    """A settlement, or the negative twin that cancels one 结算信息."""

    number: str = NumberField
    kind: SettlementKind = Field(description="Kind 结算类型", examples=["settlement"])
    visit: str = Field(description="Visit 就诊编号", examples=["S3701002509010000001"])
    cancels: str | None = Field(
        description="Settlement cancelled by this 被撤销的结算编号", examples=[None]
    )
    cancelled_by: str | None = Field(
        description="Cancellation of this 撤销本结算的编号", examples=[None]
    )
    settled_at: datetime = Field(
        description="When it was booked 结算时间", examples=["2025-09-01T09:00:00+08:00"]
    )
    business_day: date = Field(description="Business day 业务日期", examples=["2025-09-01"])
    month: str = Field(description="Month it counts in 所属月份", examples=["2025-09"])
    institution: str = Field(description="Institution 机构编码", examples=["H37010000001"])
    worker: str = Field(description="Worker 工伤职工编号", examples=["W1100002509010000001"])
    filing: str = Field(description="Filing 备案编号", examples=["Y1100002509010000001"])
    scheme: Scheme = Field(description="Scheme 结算范围", examples=["cross_province"])
    cost_kind: CostKind = Field(description="Kind of cost 费用类别", examples=["medical"])
    insured_place: str = Field(description="Place that pays 参保地", examples=["110000"])
    treatment_place: str = Field(description="Place that is paid 就医地", examples=["370000"])
    line_count: int = LineCountField
    total: str = TotalField
    fund: str = FundField
    own: str = OwnField
    policy_version: str = Field(description="Policy book 政策版本", examples=["2025.1-0badc0de"])
    invoice_no: str | None = Field(description="Invoice 发票号", examples=["FP2025090001"])
    adjustment: bool = Field(description="An adjustment 是否跨期调整", examples=[False])
    reason: str | None = Field(description="Why cancelled 撤销原因", examples=[None])
    conceded: str = Field(
        description="No longer owed of the fund share after contests 争议核减额（元）",
        examples=["0.00"],
    )
    clearing: str | None = Field(description="Clearing it is part of 所属清算", examples=[None])

    @classmethod
    def of(cls, it: Settlement) -> SettlementView:
        """Show a settlement."""
        return cls.model_validate(_fields(it))


class ReasonView(BaseModel):
    """What the worker pays for one reason 个人支付（按原因）."""

    reason: Reason = Field(description="Reason 原因", examples=["over_cap"])
    own: str = Field(description="Own share 个人支付（元）", examples=["3.40"])


class LineResultView(BaseModel):
    """The decision on one line 明细核算结果."""

    serial: str = Field(description="Serial 明细流水号", examples=["000001"])
    refund_of: str | None = Field(description="Line refunded 原明细流水号", examples=[None])
    category: FeeCategory = Field(description="Category 费用类别", examples=["drug"])
    item_code: str | None = Field(description="Catalogue code 目录编码", examples=["D010001"])
    item_name: str = Field(description="Item 项目名称", examples=["注射用头孢唑林钠"])
    service_day: date = Field(description="Day of service 费用发生日", examples=["2025-09-01"])
    quantity: str = Field(description="Quantity 数量", examples=["6.0000"])
    unit_price: str = Field(description="Unit price 单价（元）", examples=["3.200000"])
    amount: str = Field(description="Amount 金额（元）", examples=["19.20"])
    fund: str = FundField
    own: str = OwnField
    reason: Reason | None = Field(
        description="Why the fund does not pay all 不予全额支付原因", examples=[None]
    )
    cap: str | None = Field(
        description="Cap a unit, a bed's a day 最高支付标准（元/单位）", examples=["3.97"]
    )
    list_place: str | None = Field(description="Whose list 执行目录地区", examples=["370000"])
    list_version: str | None = Field(description="Its version 目录版本", examples=["2025版"])
    clause: str = Field(description="Clause 政策依据", examples=["injury-regulations/30-catalogue"])
    says: str = Field(description="What it says 依据说明（英文）", examples=["The fund pays …"])
    says_zh: str = Field(description="What it says 依据说明（中文）", examples=["基金按…支付"])

    @classmethod
    def of(cls, it: LineResult, provisions: Provisions) -> LineResultView:
        """Show a decided line with the sentence of its clause."""
        charge, listing = it.charge, it.charge.listing
        return cls(
            serial=charge.serial,
            refund_of=charge.refund_of,
            category=charge.category,
            item_code=charge.item_code,
            item_name=charge.item_name,
            service_day=charge.day,
            quantity=f"{charge.quantity:.4f}",
            unit_price=f"{charge.unit_price:.6f}",
            amount=str(charge.amount),
            fund=str(it.fund),
            own=str(it.own),
            reason=it.reason,
            cap=None if listing is None or listing.cap is None else str(listing.cap),
            list_place=None if listing is None else listing.place,
            list_version=None if listing is None else listing.label,
            clause=it.clause,
            says=provisions.says(it.clause),
            says_zh=provisions.says_zh(it.clause),
        )


class SettledView(SettlementView):
    """A settlement with its own shares by reason 结算结果."""

    own_by_reason: list[ReasonView] = Field(
        description="Own share by reason 个人支付（按原因）", examples=[[]]
    )

    @classmethod
    def settled(cls, it: SettlementWithLines) -> SettledView:
        """Show a settlement and its own shares by reason."""
        reasons = _reasons(it.bill.own_by_reason())
        return cls.model_validate(_fields(it.settlement) | {"own_by_reason": reasons})


class SettlementWithLinesView(SettledView):
    """A settlement with the decision on every line 结算及明细核算结果."""

    lines: list[LineResultView] = Field(description="Every line, in order 明细")

    @classmethod
    def whole(cls, it: SettlementWithLines, provisions: Provisions) -> SettlementWithLinesView:
        """Show a settlement whole."""
        more = {
            "own_by_reason": _reasons(it.bill.own_by_reason()),
            "lines": [LineResultView.of(line, provisions) for line in it.bill.lines],
        }
        return cls.model_validate(_fields(it.settlement) | more)


class PreviewView(BaseModel):
    """What a settlement would decide now; nothing is booked 预结算结果."""

    visit: str = Field(description="Visit 就诊编号", examples=["S3701002509010000001"])
    line_count: int = LineCountField
    total: str = TotalField
    fund: str = FundField
    own: str = OwnField
    policy_version: str = Field(description="Policy book 政策版本", examples=["2025.1-0badc0de"])
    own_by_reason: list[ReasonView] = Field(
        description="Own share by reason 个人支付（按原因）", examples=[[]]
    )
    lines: list[LineResultView] = Field(description="Every line, in order 明细")

    @classmethod
    def of(cls, it: Preview, provisions: Provisions) -> PreviewView:
        """Show a preview."""
        return cls(
            visit=it.visit_number,
            line_count=len(it.bill.lines),
            total=str(it.bill.total),
            fund=str(it.bill.fund),
            own=str(it.bill.own),
            policy_version=it.policy_version,
            own_by_reason=_reasons(it.bill.own_by_reason()),
            lines=[LineResultView.of(line, provisions) for line in it.bill.lines],
        )


class RecomputationView(BaseModel):
    """A settlement computed again from what it stored 重新核算结果."""

    number: str = NumberField
    equal: bool = Field(description="Whether all came out the same 是否一致", examples=[True])
    different: list[str] = Field(description="Lines that differ 不一致的明细", examples=[[]])
    total: str = TotalField
    fund: str = FundField
    own: str = OwnField

    @classmethod
    def of(cls, it: Recomputation) -> RecomputationView:
        """Show a recomputation."""
        return cls(
            number=it.settlement.number,
            equal=it.is_equal,
            different=list(it.different),
            total=str(it.bill.total),
            fund=str(it.bill.fund),
            own=str(it.bill.own),
        )


def _reasons(own: Mapping[Reason, Money]) -> list[ReasonView]:
    return [ReasonView(reason=reason, own=str(amount)) for reason, amount in own.items()]


def _fields(it: Settlement) -> dict[str, object]:
    same = ("number", "kind", "cancels", "cancelled_by", "settled_at", "business_day")
    more = ("institution", "insured_place", "treatment_place", "line_count", "policy_version")
    rest = ("invoice_no", "adjustment", "reason", "clearing")
    return {name: getattr(it, name) for name in (*same, *more, *rest)} | {
        "visit": it.visit_number,
        "worker": it.worker_number,
        "filing": it.filing_number,
        "scheme": it.circumstances.scheme,
        "cost_kind": it.circumstances.cost_kind,
        "month": str(it.month),
        "total": str(it.total),
        "fund": str(it.fund),
        "own": str(it.own),
        "conceded": str(it.conceded),
    }
