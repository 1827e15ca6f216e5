"""The books as they look on the wire."""

from __future__ import annotations

from datetime import date, datetime

from pydantic import BaseModel, Field

from app.ledger.chart import normal_side
from app.ledger.model import AccountKind, Balance, Event, Posted, Side

_YUAN = "yuan with two decimals 元，两位小数"


class AccountView(BaseModel):
    """An account and its balance 账户余额."""

    name: str = Field(description="Name 账户名称", examples=["uncleared:110000:370000"])
    kind: AccountKind = Field(description="What it counts 账户类别", examples=["uncleared"])
    insured_place: str | None = Field(description="Insured place 参保地", examples=["110000"])
    treatment_place: str = Field(description="Treatment place 就医地", examples=["370000"])
    institution: str | None = Field(
        description="Institution code 协议机构编码", examples=["H37010000001"]
    )
    normal_side: Side = Field(
        description="Side on which it grows 余额方向：debit 借，credit 贷", examples=["debit"]
    )
    balance: str = Field(
        description=f"Debits less credits, {_YUAN} 借方减贷方", examples=["18250.00"]
    )
    version: int = Field(description="Number of postings so far 累计分录笔数", examples=[12])

    @classmethod
    def of(cls, it: Balance) -> AccountView:
        """Show an account."""
        account = it.account
        return cls(
            name=account.name,
            kind=account.kind,
            insured_place=account.insured_place,
            treatment_place=account.treatment_place,
            institution=account.institution,
            normal_side=normal_side(account.kind),
            balance=str(it.balance),
            version=it.version,
        )


class PostingView(BaseModel):
    """One posting: an amount from the credited account to the debited one 分录."""

    event: Event = Field(description="Business event 业务事件", examples=["settlement_booked"])
    subject: str = Field(
        description="Public number of the business 业务编号", examples=["A3700002509010000001"]
    )
    effective_day: date = Field(description="Business date 业务日期", examples=["2025-09-01"])
    at: datetime = Field(
        description="When it was booked 记账时间", examples=["2025-09-01T02:15:00Z"]
    )
    policy_version: str = Field(
        description="Version of the rules used 政策参数版本", examples=["2025.1-0a1b2c3d"]
    )
    debit: str = Field(description="Account debited 借方账户", examples=["uncleared:110000:370000"])
    credit: str = Field(
        description="Account credited 贷方账户", examples=["payable:370000:H37010000001"]
    )
    amount: str = Field(description=f"Amount, {_YUAN} 金额", examples=["18250.00"])
    version: int | None = Field(
        description="Which posting of the account asked for 该账户第几笔；按业务编号查询时为 null",
        examples=[12],
    )
    balance: str | None = Field(
        description="Balance of that account after it 该笔之后的账户余额", examples=["18250.00"]
    )

    @classmethod
    def of(cls, it: Posted) -> PostingView:
        """Show a posting."""
        return cls(
            event=it.event,
            subject=it.subject,
            effective_day=it.day,
            at=it.at,
            policy_version=it.policy_version,
            debit=it.debit,
            credit=it.credit,
            amount=str(it.amount),
            version=it.version,
            balance=None if it.balance is None else str(it.balance),
        )
