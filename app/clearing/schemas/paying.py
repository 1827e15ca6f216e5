"""Payments, ages and years as they look on the wire."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date

from pydantic import BaseModel, Field

from app.clearing.model import AgeBand, BankOutcome, Totals
from app.clearing.model.paying import Aged, AgeSum, CityShare, Payment, TakenIn, YearStanding
from app.clearing.schemas import NoticeView, TotalsView


class PaymentView(BaseModel):
    """A line of a bank's confirmation, and what it came to 银行回单核对结果."""

    bank_reference: str = Field(description="Bank's number 银行流水号", examples=["20251120000001"])
    reference: str = Field(
        description="Notice number given 附言中的通知书编号", examples=["N1100002510310000001"]
    )
    payer: str = Field(description="Payer 付款方", examples=["110000"])
    payee: str = Field(description="Payee 收款方", examples=["370000"])
    amount: str = Field(
        description="Amount, yuan; below zero: returned 金额，元；负数为退票",
        examples=["1702500.50"],
    )
    paid_on: date = Field(description="Day 到账日期", examples=["2025-11-20"])
    outcome: BankOutcome = Field(
        description="matched, partial, misdirected or returned 核对结果", examples=["matched"]
    )

    @classmethod
    def of(cls, it: Payment) -> PaymentView:
        """Show a payment."""
        return cls(
            bank_reference=it.line.bank_reference,
            reference=it.line.reference,
            payer=it.line.payer,
            payee=it.line.payee,
            amount=str(it.line.amount),
            paid_on=it.line.paid_on,
            outcome=it.outcome,
        )


class TakenInView(BaseModel):
    """What an import came to 导入结果."""

    items: list[PaymentView] = Field(description="Lines new to the hub 新回单")
    known: int = Field(description="Lines known before, counted once 已导入过的行数", examples=[0])

    @classmethod
    def of(cls, it: TakenIn) -> TakenInView:
        """Show an import."""
        return cls(items=[PaymentView.of(each) for each in it.payments], known=it.known)


class AgedView(BaseModel):
    """A notice not paid in full 未办结通知书."""

    notice: NoticeView = Field(description="The notice 通知书")
    days_overdue: int = Field(description="Days past its last day to pay 逾期天数", examples=[3])
    band: AgeBand = Field(description="Band of age 账龄", examples=["within_30_days"])

    @classmethod
    def of(cls, it: Aged) -> AgedView:
        """Show an open notice."""
        return cls(notice=NoticeView.of(it.notice), days_overdue=it.days_overdue, band=it.band)


class AgeSumView(BaseModel):
    """Open payable notices of one band of age 账龄分段合计."""

    band: AgeBand = Field(description="Band of age 账龄", examples=["not_due"])
    notices: int = Field(description="Notices 份数", examples=[12])
    outstanding: str = Field(description="Still to be paid, yuan 未到账，元", examples=["9310.00"])


class AgesView(BaseModel):
    """How old what is open has grown 账龄分析."""

    on: date = Field(description="As of 截至日期", examples=["2025-11-28"])
    items: list[AgeSumView] = Field(description="By band 分段")

    @classmethod
    def of(cls, on: date, sums: Sequence[AgeSum]) -> AgesView:
        """Show the bands."""
        return cls(
            on=on,
            items=[
                AgeSumView(band=each.band, notices=each.notices, outstanding=str(each.outstanding))
                for each in sums
            ],
        )


class CityShareView(BaseModel):
    """What one city has in a claim 分市明细."""

    city: str = Field(description="City 市", examples=["370100"])
    insured_place: str = Field(description="Insured place 参保地", examples=["110000"])
    treatment_place: str = Field(description="Treatment place 就医地", examples=["370000"])
    totals: TotalsView = Field(description="Control totals 控制总数")

    @classmethod
    def of(cls, it: CityShare) -> CityShareView:
        """Show a share."""
        return cls(
            city=it.city,
            insured_place=it.insured_place,
            treatment_place=it.treatment_place,
            totals=TotalsView.of(Totals(it.settlements, it.total, it.fund)),
        )


class CitySharesView(BaseModel):
    """A place's claims, split by the cities of its own side 清算表分市明细."""

    items: list[CityShareView] = Field(description="By claim and city 按清算对、市")

    @classmethod
    def of(cls, shares: Sequence[CityShare]) -> CitySharesView:
        """Show the split."""
        return cls(items=[CityShareView.of(each) for each in shares])


class YearView(BaseModel):
    """A year in clearing 年度清算."""

    year: int = Field(description="Year 年度", examples=[2025])
    closes_on: date = Field(description="Last day to clear it 清算截止日", examples=["2026-03-31"])
    is_closed: bool = Field(description="Closed 是否已关账", examples=[False])
    uncleared: int = Field(description="Settlements in no clearing 未清算结算", examples=[0])
    unnoticed: int = Field(description="Claims without notices 未下达清算对", examples=[0])
    open_contests: int = Field(description="Contests not settled 未了争议", examples=[0])
    unpaid: int = Field(description="Notices not paid in full 未办结通知书", examples=[0])

    @classmethod
    def of(cls, it: YearStanding) -> YearView:
        """Show a year."""
        return cls(
            year=it.year,
            closes_on=it.closes_on,
            is_closed=it.is_closed,
            uncleared=it.uncleared,
            unnoticed=it.unnoticed,
            open_contests=it.open_contests,
            unpaid=it.unpaid,
        )
