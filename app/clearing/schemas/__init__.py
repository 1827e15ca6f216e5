"""Clearings as they look on the wire."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from app.clearing.model import (
    Claim,
    Clearing,
    ClearingState,
    DueDates,
    Issue,
    Item,
    ItemKind,
    Net,
    Notice,
    NoticeKind,
    Part,
    Run,
    Statement,
    Totals,
)
from app.kernel.regions import Scheme

_YUAN = "yuan with two decimals 元，两位小数"
_NUMBER = "C0000002510210000001"
_ROOT = "5feceb66ffc86f38d952786c6d696c79c2dbc239dd4e91b46729d73a27fb57e9"


class ClearingRun(BaseModel):
    """The period to clear 清算期."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={"example": {"scheme": "cross_province", "period": "2025Q2"}},
    )

    scheme: Scheme = Field(
        description="Between provinces, or between the cities of one 结算范围：跨省或省内",
        examples=["cross_province"],
    )
    period: str = Field(
        max_length=7,
        description="Quarter, or month where clearing is monthly 清算期：季度或月度",
        examples=["2025Q2"],
    )

    def asked(self) -> Run:
        """Return what the use case takes."""
        return Run(self.scheme, self.period)


class TotalsView(BaseModel):
    """Control totals 控制总数."""

    settlements: int = Field(
        description="Settlements, cancellations and deductions 结算、撤销与扣款笔数",
        examples=[128],
    )
    total: str = Field(description=f"What they cost, {_YUAN} 费用总额", examples=["1825000.00"])
    fund: str = Field(
        description=f"What the fund pays, {_YUAN} 基金支付额", examples=["1702500.50"]
    )

    @classmethod
    def of(cls, it: Totals) -> TotalsView:
        """Show totals."""
        return cls(settlements=it.settlements, total=str(it.total), fund=str(it.fund))


class PartView(BaseModel):
    """Some items of a claim 部分明细合计."""

    items: int = Field(description="Items 笔数", examples=[1])
    fund: str = Field(description=f"Their fund share, {_YUAN} 基金支付额", examples=["300.00"])

    @classmethod
    def of(cls, it: Part) -> PartView:
        """Show a part."""
        return cls(items=it.items, fund=str(it.fund))


class ClearingView(BaseModel):
    """A clearing; its totals cover the claims the reader is a side of 清算."""

    number: str = Field(description="Clearing number 清算编号", examples=[_NUMBER])
    scheme: Scheme = Field(description="Scheme 结算范围", examples=["cross_province"])
    period: str = Field(description="Period 清算期", examples=["2025Q3"])
    state: ClearingState = Field(description="State 状态", examples=["generated"])
    generated_at: datetime = Field(
        description="When it was run 生成时间", examples=["2025-10-21T01:00:00Z"]
    )
    noticed_at: datetime | None = Field(
        description="When its notices were issued 通知书下达时间", examples=["2025-10-31T01:00:00Z"]
    )
    claims: int = Field(description="Ordered pairs with a claim 清算对数", examples=[992])
    totals: TotalsView = Field(description="Control totals 控制总数")
    policy_version: str = Field(
        description="Version of the rules used 政策参数版本", examples=["2025.1-0a1b2c3d"]
    )
    confirm_by: date = Field(
        description="Last day to confirm or contest; silence confirms after it "
        "确认截止日，逾期视同确认",
        examples=["2025-10-25"],
    )

    @classmethod
    def of(cls, it: Clearing) -> ClearingView:
        """Show a clearing."""
        return cls(
            number=it.number,
            scheme=it.scheme,
            period=it.period,
            state=it.state,
            generated_at=it.generated_at,
            noticed_at=it.noticed_at,
            claims=it.claims,
            totals=TotalsView.of(it.totals),
            policy_version=it.policy_version,
            confirm_by=it.confirm_by,
        )


class ClaimView(BaseModel):
    """All that one treatment place claims of one insured place 清算明细（一对一）."""

    insured_place: str = Field(
        description="Insured place, pays 参保地（付款）", examples=["110000"]
    )
    treatment_place: str = Field(
        description="Treatment place, receives 就医地（收款）", examples=["370000"]
    )
    totals: TotalsView = Field(description="Control totals 控制总数")
    reviewed: PartView = Field(
        description="What review deducted, off the totals already 其中审核扣款，控制总数已扣除"
    )
    root: str = Field(
        description="SHA-256 over the items behind it, see the items 结算明细摘要",
        examples=[_ROOT],
    )

    @classmethod
    def of(cls, it: Claim) -> ClaimView:
        """Show a claim."""
        return cls(
            insured_place=it.insured_place,
            treatment_place=it.treatment_place,
            totals=TotalsView.of(it.totals),
            reviewed=PartView.of(it.reviewed),
            root=it.root.hex(),
        )


class NetView(BaseModel):
    """What a place pays and receives, both in full 全收全支合计."""

    place: str = Field(description="Place 地区", examples=["370000"])
    payable: TotalsView = Field(description="What it pays 应付合计")
    receivable: TotalsView = Field(description="What it receives 应收合计")
    net: str = Field(
        description="Receivable less payable, for information; nothing is netted "
        "多边净额，仅供参考，不轧差",
        examples=["-20500.00"],
    )

    @classmethod
    def of(cls, it: Net) -> NetView:
        """Show a place's totals."""
        return cls(
            place=it.place,
            payable=TotalsView.of(it.payable),
            receivable=TotalsView.of(it.receivable),
            net=str(it.net),
        )


class StatementView(BaseModel):
    """One place's side of a clearing 清算表."""

    totals: NetView = Field(description="Totals 合计")
    payable: list[ClaimView] = Field(description="Claims it pays 应付明细")
    receivable: list[ClaimView] = Field(description="Claims it receives 应收明细")

    @classmethod
    def of(cls, it: Statement) -> StatementView:
        """Show a statement."""
        return cls(
            totals=NetView.of(it.net),
            payable=[ClaimView.of(each) for each in it.payable],
            receivable=[ClaimView.of(each) for each in it.receivable],
        )


class ItemView(BaseModel):
    """A settlement or a deduction as the clearing counts it 清算明细."""

    number: str = Field(
        description="Number of the settlement, or of the deduction 结算编号或扣款编号",
        examples=["A3701002509010000001"],
    )
    insured_place: str = Field(description="Insured place 参保地", examples=["110000"])
    treatment_place: str = Field(description="Treatment place 就医地", examples=["370000"])
    kind: ItemKind = Field(
        description="settlement, its negative twin cancellation, or what review deducted "
        "结算、撤销或审核扣款",
        examples=["settlement"],
    )
    business_day: date = Field(
        description="Business date of the settlement 结算业务日期", examples=["2025-09-01"]
    )
    month: str = Field(description="Month it counts in 所属月份", examples=["2025-09"])
    total: str = Field(
        description=f"Cost, {_YUAN}; a deduction leaves it as it was 费用总额，扣款不改变费用",
        examples=["18250.00"],
    )
    fund: str = Field(
        description=f"Fund share, {_YUAN}; below zero what a cancellation or a deduction takes "
        "back, without what a contest had taken before "
        "基金支付，撤销、扣款为负，已核减部分不重复冲减",
        examples=["17020.00"],
    )
    of_period: str = Field(
        description="Period of its business date; earlier than the clearing's if it came late "
        "业务日期所属清算期，早于本期即为迟报",
        examples=["2025Q3"],
    )
    carried_from: str | None = Field(
        description="Clearing in which it was contested and from which it rolled forward "
        "因争议顺延的，原清算编号",
        examples=[None],
    )
    deducts: str | None = Field(
        description="Settlement a deduction is taken from 扣款所属结算编号", examples=[None]
    )

    @classmethod
    def of(cls, it: Item) -> ItemView:
        """Show an item."""
        return cls(
            number=it.number,
            insured_place=it.insured_place,
            treatment_place=it.treatment_place,
            kind=it.kind,
            business_day=it.business_day,
            month=it.month,
            total=str(it.total),
            fund=str(it.fund),
            of_period=it.of_period,
            carried_from=it.carried_from,
            deducts=it.deducts,
        )


class DueDatesView(BaseModel):
    """By when a notice is paid 办理时限."""

    to_finance_by: date = Field(
        description="Last working day to pass it to finance 经办机构提交财政的最后工作日",
        examples=["2025-11-07"],
    )
    pay_by: date = Field(
        description="Last working day to pay 财政拨付的最后工作日", examples=["2025-11-21"]
    )
    announced: bool = Field(
        description="False while the holidays counted around are not announced yet "
        "所涉年份节假日安排是否已公布",
        examples=[True],
    )

    @classmethod
    def of(cls, it: DueDates) -> DueDatesView:
        """Show due dates."""
        return cls(to_finance_by=it.to_finance_by, pay_by=it.pay_by, announced=it.announced)


class NoticeView(BaseModel):
    """A payable or receivable notice 付款/收款通知书."""

    number: str = Field(description="Notice number 通知书编号", examples=["N1100002510310000001"])
    counterpart: str = Field(
        description="The other side's notice; the books know both by the payable one's number "
        "对方通知书编号；账务以付款通知书编号记账",
        examples=["N3700002510310000002"],
    )
    clearing: str = Field(description="Clearing number 清算编号", examples=[_NUMBER])
    kind: NoticeKind = Field(description="Payable or receivable 付款或收款", examples=["payable"])
    party_place: str = Field(description="Place it is addressed to 收件地区", examples=["110000"])
    counter_place: str = Field(description="The other place 对方地区", examples=["370000"])
    amount: str = Field(
        description=f"Amount, {_YUAN}; below zero it is a credit 金额，负数为冲抵",
        examples=["1702500.50"],
    )
    paid: str = Field(description=f"Paid so far, {_YUAN} 已到账", examples=["0.00"])
    outstanding: str = Field(description=f"Still to be paid, {_YUAN} 未到账", examples=["1.00"])
    paid_on: date | None = Field(
        description="Day it was paid in full 足额到账日", examples=["2025-11-20"]
    )
    totals: TotalsView = Field(description="Control totals of the claim 控制总数")
    reviewed: PartView = Field(
        description="What review deducted, off the control totals already "
        "其中审核扣款，控制总数已扣除"
    )
    deducted: PartView = Field(
        description="What contests took off the totals; not in the amount 争议核减，不计入金额"
    )
    rolled: PartView = Field(
        description="Contested and rolled forward; not in the amount 争议顺延，不计入金额"
    )
    root: str = Field(description="Digest of the claim 结算明细摘要", examples=[_ROOT])
    issued_at: datetime = Field(description="Issued at 下达时间", examples=["2025-10-31T01:00:00Z"])
    due: DueDatesView = Field(description="By when 办理时限")

    @classmethod
    def of(cls, it: Notice) -> NoticeView:
        """Show a notice."""
        return cls(
            number=it.number,
            counterpart=it.counterpart,
            clearing=it.clearing,
            kind=it.kind,
            party_place=it.party_place,
            counter_place=it.counter_place,
            amount=str(it.amount),
            paid=str(it.paid),
            outstanding=str(it.outstanding),
            paid_on=it.paid_on,
            reviewed=PartView.of(it.reviewed),
            deducted=PartView.of(it.deducted),
            rolled=PartView.of(it.rolled),
            totals=TotalsView.of(it.totals),
            root=it.root.hex(),
            issued_at=it.issued_at,
            due=DueDatesView.of(it.due),
        )


class IssueView(BaseModel):
    """All notices of a clearing, added up 通知书下达结果."""

    clearing: str = Field(description="Clearing number 清算编号", examples=[_NUMBER])
    payable: int = Field(description="Payable notices 付款通知书份数", examples=[992])
    payable_fund: str = Field(description=f"Their sum, {_YUAN} 付款合计", examples=["9310.00"])
    receivable: int = Field(description="Receivable notices 收款通知书份数", examples=[992])
    receivable_fund: str = Field(description=f"Their sum, {_YUAN} 收款合计", examples=["9310.00"])
    waiting: int = Field(
        description="Claims not noticed yet: unconfirmed, or waiting for an answer "
        "未下达清算对数：待确认或待答复",
        examples=[0],
    )
    due: DueDatesView = Field(description="By when 办理时限")

    @classmethod
    def of(cls, it: Issue) -> IssueView:
        """Show an issue of notices."""
        return cls(
            clearing=it.clearing,
            payable=it.payable,
            payable_fund=str(it.payable_fund),
            receivable=it.receivable,
            receivable_fund=str(it.receivable_fund),
            waiting=it.waiting,
            due=DueDatesView.of(it.due),
        )
