"""Runs, notices and statements of advances as they look on the wire."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from app.advance.model import (
    Direction,
    Movement,
    Notice,
    NoticeKind,
    Purpose,
    QuotaReason,
    QuotaRow,
    Run,
    RunState,
    Said,
    TransferState,
)
from app.kernel.money import YUAN, Money
from app.kernel.regions import Scheme
from app.runtime.wire import Day

YUAN_TEXT = "yuan with two decimals 元，两位小数"
AMOUNT = rf"^{YUAN.pattern}$".replace("-?", "")
POSITIVE = r"^(0\.(0[1-9]|[1-9][0-9]?)|[1-9][0-9]{0,12}(\.[0-9]{1,2})?)$"
BEIJING, SHANDONG = "110000", "370000"
INSURED, TREATMENT = "Insured place 参保地", "Treatment place 就医地"


class QuotaRun(BaseModel):
    """The year whose quotas are to be computed 额度核定年度."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"example": {"scheme": "cross_province", "year": 2025}},
    )

    scheme: Scheme = Field(
        description="Between provinces, or between the cities of one 结算范围：跨省或省内",
        examples=["cross_province"],
    )
    year: int = Field(ge=2024, le=2999, description="Year 年度", examples=[2025])


class RunView(BaseModel):
    """A year's run of quotas, summed over the pairs the caller is a side of 额度核定."""

    number: str = Field(description="Number 编号", examples=["Q0000002501060000001"])
    scheme: Scheme = Field(description="Scheme 结算范围", examples=["cross_province"])
    year: int = Field(description="Year 年度", examples=[2025])
    state: RunState = Field(
        description="computed 已核定, issued 已下达, withdrawn 已撤回", examples=["computed"]
    )
    months: list[str] = Field(description="Base period 基期月份", examples=[["2023-12", "2024-01"]])
    cover_months: int = Field(description="Months of cover 保障月数", examples=[4])
    floor: str = Field(description=f"Least quota, {YUAN_TEXT} 额度下限", examples=["50000.00"])
    round_up_to: str = Field(
        description=f"Rounded up to full, {YUAN_TEXT} 向上取整单位", examples=["1000.00"]
    )
    pairs: int = Field(description="Pairs 地区对数", examples=[12])
    quota: str = Field(description=f"Quotas added up, {YUAN_TEXT} 额度合计", examples=["980000.00"])
    difference: str = Field(
        description=f"Still to be paid in; below zero, to be returned, {YUAN_TEXT} "
        "应补合计，负数为应退",
        examples=["980000.00"],
    )
    computed_at: datetime = Field(description="When computed 核定时间")
    closed_at: datetime | None = Field(description="When issued or withdrawn 下达或撤回时间")
    policy_version: str = Field(
        description="Version of the rules used 政策参数版本", examples=["2025.1-0a1b2c3d"]
    )

    @classmethod
    def of(cls, it: Run) -> RunView:
        """Show a run."""
        return cls(
            number=it.number,
            scheme=it.scheme,
            year=it.year,
            state=it.state,
            months=[str(month) for month in it.terms.months],
            cover_months=it.terms.cover_months,
            floor=str(it.terms.floor),
            round_up_to=str(it.terms.step),
            pairs=it.pairs,
            quota=str(it.quota),
            difference=str(it.difference),
            computed_at=it.computed_at,
            closed_at=it.closed_at,
            policy_version=it.policy_version,
        )


class QuotaRowView(BaseModel):
    """One line of the worksheet, every figure on the way to the quota 核定工作表."""

    insured_place: str = Field(description=INSURED, examples=[BEIJING])
    treatment_place: str = Field(description=TREATMENT, examples=[SHANDONG])
    months: list[str] = Field(
        description=f"Fund amount of each month, {YUAN_TEXT} 各月基金支付额",
        examples=[["10000.00", "12500.50"]],
    )
    base: str = Field(description=f"Their sum, {YUAN_TEXT} 基期合计", examples=["120000.00"])
    mean: str = Field(
        description=f"Monthly mean to the fen, for reading, {YUAN_TEXT} 月均（四舍五入到分）",
        examples=["10000.00"],
    )
    exact: str = Field(
        description="Base × months of cover ÷ months, half up to the fen "
        "基期合计×保障月数÷基期月数",
        examples=["40000.00"],
    )
    rounded: str = Field(description=f"Rounded up, {YUAN_TEXT} 向上取整后", examples=["40000.00"])
    quota: str = Field(description=f"Quota, {YUAN_TEXT} 额度", examples=["50000.00"])
    reason: QuotaReason = Field(
        description="base_period 按基期, floor 按下限, new_pair 新增地区对", examples=["floor"]
    )
    held: str = Field(
        description=f"Held, with what is called for and not booked, {YUAN_TEXT} 已有（含在途）",
        examples=["0.00"],
    )
    difference: str = Field(
        description=f"To be paid in; below zero, to be returned, {YUAN_TEXT} 应补，负数为应退",
        examples=["50000.00"],
    )

    @classmethod
    def of(cls, it: QuotaRow) -> QuotaRowView:
        """Show a line."""
        return cls(
            insured_place=it.pair.insured_place,
            treatment_place=it.pair.treatment_place,
            months=[str(month) for month in it.months],
            base=str(it.figures.base),
            mean=str(it.figures.mean),
            exact=str(it.figures.exact),
            rounded=str(it.figures.rounded),
            quota=str(it.figures.quota),
            reason=it.figures.reason,
            held=str(it.held),
            difference=str(it.difference),
        )


class AdvanceNoticeView(BaseModel):
    """A payment or receipt notice of an advance 预付金付款、收款通知书."""

    number: str = Field(description="Number 编号", examples=["F1100002501060000001"])
    counterpart: str = Field(
        description="The other side's notice 对方通知书编号", examples=["F3700002501060000002"]
    )
    kind: NoticeKind = Field(description="payment 付款, receipt 收款", examples=["payment"])
    party_place: str = Field(description="Addressee 收文方", examples=[BEIJING])
    counter_place: str = Field(description="Other side 对方", examples=[SHANDONG])
    insured_place: str = Field(description=INSURED, examples=[BEIJING])
    treatment_place: str = Field(description=TREATMENT, examples=[SHANDONG])
    direction: Direction = Field(description="paid_in 拨付, paid_back 退回", examples=["paid_in"])
    purpose: Purpose = Field(
        description="yearly 年度核定, adjustment 额度调整, increase 紧急调增", examples=["yearly"]
    )
    amount: str = Field(description=f"Amount, {YUAN_TEXT} 金额", examples=["50000.00"])
    state: TransferState = Field(
        description="called 待付款, paid 付款方已确认, received 双方已确认并入账",
        examples=["called"],
    )
    issued_at: datetime = Field(description="When issued 下达时间")
    agency_by: date = Field(
        description="By when the agency passes it on 经办机构提交期限", examples=["2025-01-13"]
    )
    finance_by: date = Field(
        description="By when finance pays 财政拨付期限", examples=["2025-01-27"]
    )
    days_announced: bool = Field(
        description="Whether the holidays these days rest on were announced 节假日安排是否已公布",
        examples=[True],
    )
    bank_reference: str | None = Field(
        description="The bank's reference, says the payer 银行流水号", examples=["2025011400000001"]
    )
    paid_on: date | None = Field(
        description="Day of payment, says the payer 付款日期", examples=["2025-01-14"]
    )
    received_at: datetime | None = Field(description="When both agreed 双方确认一致时间")

    @classmethod
    def of(cls, it: Notice) -> AdvanceNoticeView:
        """Show a notice."""
        transfer = it.transfer
        pays = it.kind is NoticeKind.PAYMENT
        return cls(
            number=it.number,
            counterpart=transfer.receipt_number if pays else transfer.payment_number,
            kind=it.kind,
            party_place=it.party_place,
            counter_place=it.counter_place,
            insured_place=transfer.pair.insured_place,
            treatment_place=transfer.pair.treatment_place,
            direction=transfer.direction,
            purpose=transfer.purpose,
            amount=str(transfer.amount),
            state=transfer.state,
            issued_at=transfer.issued_at,
            agency_by=transfer.due.agency_by,
            finance_by=transfer.due.finance_by,
            days_announced=transfer.due.announced,
            bank_reference=transfer.bank_reference,
            paid_on=transfer.paid_on,
            received_at=transfer.received_at,
        )


class AdvanceConfirmation(BaseModel):
    """What a side says was paid, or received 付款或收款确认."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {
                "amount": "50000.00",
                "bank_reference": "2025011400000001",
                "paid_on": "2025-01-14",
            }
        },
    )

    amount: str = Field(
        pattern=AMOUNT, description=f"Amount, {YUAN_TEXT} 金额", examples=["50000.00"]
    )
    bank_reference: str = Field(
        pattern=r"^[0-9A-Za-z-]{1,40}$",
        description="The bank's reference 银行流水号",
        examples=["2025011400000001"],
    )
    paid_on: Day = Field(description="Day of payment 付款日期", examples=["2025-01-14"])

    def asked(self) -> Said:
        """Return what the use case takes."""
        return Said(
            amount=Money.yuan(self.amount),
            bank_reference=self.bank_reference,
            paid_on=self.paid_on,
        )


class MovementView(BaseModel):
    """One line of a statement 预付金对账单明细."""

    insured_place: str = Field(description=INSURED, examples=[BEIJING])
    treatment_place: str = Field(description=TREATMENT, examples=[SHANDONG])
    day: date = Field(description="Day of payment 付款日期", examples=["2025-01-14"])
    at: datetime = Field(description="When it was booked 入账时间")
    subject: str = Field(
        description="Payment notice 付款通知书编号", examples=["F1100002501060000001"]
    )
    direction: Direction = Field(description="paid_in 拨付, paid_back 退回", examples=["paid_in"])
    change: str = Field(
        description=f"Change of the advance, {YUAN_TEXT} 变动额", examples=["50000.00"]
    )
    balance: str = Field(
        description=f"Advance after it, of the pair or of the pool, {YUAN_TEXT} 变动后余额",
        examples=["50000.00"],
    )

    @classmethod
    def of(cls, it: Movement) -> MovementView:
        """Show a line."""
        return cls(
            insured_place=it.pair.insured_place,
            treatment_place=it.pair.treatment_place,
            day=it.day,
            at=it.at,
            subject=it.subject,
            direction=it.direction,
            change=str(it.change),
            balance=str(it.balance),
        )
