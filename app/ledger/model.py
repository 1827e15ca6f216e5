"""What the books are made of: accounts, postings with two ends, and the entries they belong to."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime

from app.kernel.money import Money


class AccountKind(enum.StrEnum):
    """What an account counts 账户类别."""

    UNCLEARED = "uncleared"  # 待清算: settled at the desk, not yet on a notice
    NOTIFIED = "notified"  # 已通知应收: on a notice, not yet paid
    ADVANCE = "advance"  # 预付金: the insured place's float with the treatment place
    PAYABLE = "payable"  # 应付协议机构: owed to an institution
    TREASURY = "treasury"  # 基金账户: the treatment place's money at the bank


class Side(enum.StrEnum):
    """The side on which an account grows, and the two ends of a posting (借、贷)."""

    DEBIT = "debit"
    CREDIT = "credit"


class Event(enum.StrEnum):
    """The business event behind an entry 业务事件; one function of `entries` each."""

    SETTLEMENT_BOOKED = "settlement_booked"  # 结算
    SETTLEMENT_CANCELLED = "settlement_cancelled"  # 结算撤销
    DEDUCTION_MADE = "deduction_made"  # 审核扣款
    NOTICE_ISSUED = "notice_issued"  # 清算通知
    PAYMENT_MATCHED = "payment_matched"  # 清算到账
    ADVANCE_PAID = "advance_paid"  # 预付金拨付
    ADVANCE_RETURNED = "advance_returned"  # 预付金退回
    INSTITUTION_PAID = "institution_paid"  # 拨付协议机构


@dataclass(frozen=True, slots=True)
class Account:
    """One account; its name says all of it, as in `uncleared:110000:370000`.

    A place is a province between provinces, and a city between the cities of one.
    """

    kind: AccountKind
    insured_place: str | None
    treatment_place: str
    institution: str | None

    @property
    def name(self) -> str:
        """Return the name the account goes by, unique in the books."""
        parts = self.kind.value, self.insured_place, self.treatment_place, self.institution
        return ":".join(part for part in parts if part is not None)


@dataclass(frozen=True, slots=True)
class Posting:
    """An amount that leaves one account for another: it cannot be written unbalanced."""

    debit: Account
    credit: Account
    amount: Money

    def __post_init__(self) -> None:
        assert self.amount.fen > 0, "a posting moves something, and its direction is its sign"
        assert self.debit != self.credit, "a posting has two ends"

    def turned(self) -> Posting:
        """Return the exact opposite."""
        return Posting(self.credit, self.debit, self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """What one business event does to the books; `subject` is that event's public number.

    `reverses` names the subject whose entry this one undoes.
    """

    event: Event
    subject: str
    day: date
    postings: tuple[Posting, ...]
    reverses: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """An account as it stands: debits less credits, after so many postings."""

    id: int
    account: Account
    balance: Money
    version: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Posted:
    """A posting as it was kept; seen from an account it carries that account's balance after it."""

    id: int
    event: Event
    subject: str
    day: date
    at: datetime
    policy_version: str
    debit: str
    credit: str
    amount: Money
    version: int | None
    balance: Money | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """Where the books contradict themselves: two figures that ought to be one."""

    what: str
    account: str | None
    found: int
    expected: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Proof:
    """The books added up afresh from every posting; `difference` is the first fault, if any."""

    accounts: int
    entries: int
    postings: int
    turnover: Money
    difference: Difference | None

    @property
    def holds(self) -> bool:
        """Say whether everything adds up."""
        return self.difference is None
