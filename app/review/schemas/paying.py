"""Payments to institutions, and their statements, as they look on the wire."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, ConfigDict, Field

from app.kernel.money import Money
from app.review.model.monthly import (
    InstitutionPayment,
    InstitutionStanding,
    InstitutionStatement,
    PaymentAsked,
    StatementLine,
)
from app.review.schemas.amounts import AmountMoved
from app.review.schemas.monthly import (
    InstitutionCode,
    MonthText,
    PlaceCode,
    ReviewTotalsView,
)
from app.runtime.wire import Day

_NUMBER, _REFERENCE = "J3700002510240000001", "ICBC20251024000123"
ReferenceField = Field(
    min_length=1,
    max_length=64,
    pattern=r"^[!-~]+$",
    description="Bank's number of the transfer 银行流水号",
    examples=[_REFERENCE],
)


class PaymentIn(BaseModel):
    """A transfer to an institution, as the bank did it 拨付."""

    model_config = ConfigDict(
        extra="forbid",
        frozen=True,
        json_schema_extra={
            "example": {
                "place": "370000",
                "institution": "H37010000001",
                "amount": "44.80",
                "bank_reference": _REFERENCE,
                "paid_on": "2025-10-24",
            }
        },
    )

    place: PlaceCode
    institution: InstitutionCode
    amount: AmountMoved = Field(
        description="Amount, yuan; above zero 金额（元），大于零",
        examples=["44.80"],
    )
    bank_reference: str = ReferenceField
    paid_on: Day = Field(description="Day of the transfer 拨付日期", examples=["2025-10-24"])

    def read(self) -> PaymentAsked:
        """Return what is asked."""
        return PaymentAsked(
            place=self.place,
            institution=self.institution,
            amount=Money.yuan(self.amount),
            bank_reference=self.bank_reference,
            paid_on=self.paid_on,
        )


class InstitutionPaymentView(BaseModel):
    """A payment to an institution 机构拨付记录."""

    number: str = Field(description="Number 拨付编号", examples=[_NUMBER])
    place: PlaceCode
    institution: InstitutionCode
    amount: str = Field(description="Amount, yuan 金额（元）", examples=["44.80"])
    bank_reference: str = ReferenceField
    paid_on: date = Field(description="Day of the transfer 拨付日期", examples=["2025-10-24"])
    recorded_at: datetime = Field(
        description="Recorded 登记时间", examples=["2025-10-24T15:00:00+08:00"]
    )

    @classmethod
    def of(cls, it: InstitutionPayment) -> InstitutionPaymentView:
        """Show a payment."""
        return cls(
            number=it.number,
            place=it.asked.place,
            institution=it.asked.institution,
            amount=str(it.asked.amount),
            bank_reference=it.asked.bank_reference,
            paid_on=it.asked.paid_on,
            recorded_at=it.recorded_at,
        )


class StandingOfInstitutionView(BaseModel):
    """How an institution stands with a place 机构应付情况."""

    place: PlaceCode
    institution: InstitutionCode
    months: int = Field(description="Closed months 已关账月数", examples=[1])
    settled: str = Field(
        description="Fund share of closed months, yuan 已关账月份基金支付（元）", examples=["57.60"]
    )
    deducted: str = Field(description="Deducted from it, yuan 其中扣款（元）", examples=["12.80"])
    due: str = Field(description="Due of closed months, yuan 应付（元）", examples=["44.80"])
    paid: str = Field(description="Paid, yuan 已付（元）", examples=["0.00"])
    open: str = Field(description="May be paid now, yuan 当前可付（元）", examples=["44.80"])
    payable: str = Field(
        description="By the books, months not closed and later deductions included, yuan "
        "账面应付（元），含未关账月份及其后的扣款",
        examples=["44.80"],
    )

    @classmethod
    def of(cls, it: InstitutionStanding) -> StandingOfInstitutionView:
        """Show how an institution stands."""
        return cls(
            place=it.place,
            institution=it.institution,
            months=it.months,
            settled=str(it.settled),
            deducted=str(it.deducted),
            due=str(it.due),
            paid=str(it.paid),
            open=str(it.open),
            payable=str(it.payable),
        )


class StatementLineView(BaseModel):
    """A closed month of a statement 台账月份."""

    review: str = Field(description="Closed as 关账编号", examples=["T3700002510120000001"])
    month: MonthText
    totals: ReviewTotalsView = Field(description="Totals 合计")

    @classmethod
    def of(cls, it: StatementLine) -> StatementLineView:
        """Show a month."""
        return cls(review=it.review, month=str(it.month), totals=ReviewTotalsView.of(it.totals))


class InstitutionStatementView(BaseModel):
    """An institution's statement 机构应付台账."""

    standing: StandingOfInstitutionView = Field(description="How it stands 当前情况")
    months: list[StatementLineView] = Field(description="Latest first 按月，由近到远")
    payments: list[InstitutionPaymentView] = Field(description="Latest first 拨付，由近到远")

    @classmethod
    def of(cls, it: InstitutionStatement) -> InstitutionStatementView:
        """Show a statement."""
        return cls(
            standing=StandingOfInstitutionView.of(it.standing),
            months=[StatementLineView.of(each) for each in it.months],
            payments=[InstitutionPaymentView.of(each) for each in it.payments],
        )
