"""Quotas, the money they move, and the notices that call for it."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from types import MappingProxyType

from app.kernel.calendar import Month
from app.kernel.lifecycle import Lifecycle
from app.kernel.money import Money
from app.kernel.regions import Scheme


@dataclass(frozen=True, slots=True, order=True)
class Pair:
    """An insured place and the treatment place it keeps an advance with."""

    insured_place: str
    treatment_place: str

    @property
    def places(self) -> tuple[str, str]:
        """Return both sides."""
        return (self.insured_place, self.treatment_place)


class RunState(enum.StrEnum):
    """Where a run of quotas stands 额度核定状态."""

    COMPUTED = "computed"
    ISSUED = "issued"
    WITHDRAWN = "withdrawn"


class RunEvent(enum.StrEnum):
    """What happens to a run."""

    ISSUE = "issue"
    WITHDRAW = "take_back"


LIFE_OF_RUN: Lifecycle[RunState, RunEvent] = Lifecycle(
    name="advance run",
    start=RunState.COMPUTED,
    moves=MappingProxyType(
        {
            (RunState.COMPUTED, RunEvent.ISSUE): RunState.ISSUED,
            (RunState.COMPUTED, RunEvent.WITHDRAW): RunState.WITHDRAWN,
        }
    ),
)


class QuotaReason(enum.StrEnum):
    """What a quota rests on 额度依据."""

    HISTORY = "base_period"  # the base period
    FLOOR = "floor"  # the base period gave less than the floor
    NEW_PAIR = "new_pair"  # filings, and no settlement in the base period


@dataclass(frozen=True, slots=True, kw_only=True)
class Terms:
    """What a run computes with: the months it looks at, and the amounts of the policy."""

    months: tuple[Month, ...]
    cover_months: int
    floor: Money
    step: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Quota:
    """A quota with every figure on the way to it."""

    base: Money  # the months added up
    mean: Money  # to the fen, for the reader; the next figure is computed from the sum
    exact: Money  # months of cover × base ÷ months, to the fen
    rounded: Money  # up to the full step
    quota: Money
    reason: QuotaReason


@dataclass(frozen=True, slots=True, kw_only=True)
class QuotaRow:
    """One line of the worksheet: a pair, its months, its quota, and what is still to move."""

    pair: Pair
    months: tuple[Money, ...]
    figures: Quota
    held: Money  # in the account, with what is called for and not booked yet

    @property
    def difference(self) -> Money:
        """What the insured place pays; below zero, what it gets back."""
        return self.figures.quota - self.held


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A run about to be made."""

    scheme: Scheme
    year: int
    terms: Terms
    at: datetime
    day: date
    by: str
    policy_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Run:
    """A year's run of quotas, as far as the caller sees it."""

    id: int
    number: str
    scheme: Scheme
    year: int
    state: RunState
    terms: Terms
    computed_at: datetime
    computed_by: str
    closed_at: datetime | None
    policy_version: str
    pairs: int
    quota: Money
    difference: Money


class Direction(enum.StrEnum):
    """Which way the money goes 资金方向."""

    PAID = "paid_in"  # 拨付: insured place to treatment place
    RETURNED = "paid_back"  # 退回: back


class Purpose(enum.StrEnum):
    """What a transfer is for 用途."""

    YEARLY = "yearly"
    ADJUSTMENT = "adjustment"
    INCREASE = "increase"


class TransferState(enum.StrEnum):
    """How far a transfer has come 资金划转状态."""

    CALLED = "called"
    PAID = "paid"  # says the payer
    RECEIVED = "received"  # says the receiver too: booked


class TransferEvent(enum.StrEnum):
    """What is said of a transfer."""

    SAY_PAID = "say_paid"
    SAY_RECEIVED = "say_received"


# The payer may correct what it said until the receiver agrees.
LIFE_OF_TRANSFER: Lifecycle[TransferState, TransferEvent] = Lifecycle(
    name="advance transfer",
    start=TransferState.CALLED,
    moves=MappingProxyType(
        {
            (TransferState.CALLED, TransferEvent.SAY_PAID): TransferState.PAID,
            (TransferState.PAID, TransferEvent.SAY_PAID): TransferState.PAID,
            (TransferState.PAID, TransferEvent.SAY_RECEIVED): TransferState.RECEIVED,
        }
    ),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDays:
    """By when the agency passes a notice on and finance pays it."""

    agency_by: date
    finance_by: date
    announced: bool  # whether the holiday calendar was


@dataclass(frozen=True, slots=True, kw_only=True)
class Draft:
    """A transfer to be called for."""

    pair: Pair
    direction: Direction
    purpose: Purpose
    amount: Money

    @property
    def payer(self) -> str:
        """Who pays."""
        paid = self.direction is Direction.PAID
        return self.pair.insured_place if paid else self.pair.treatment_place

    @property
    def receiver(self) -> str:
        """Who is paid."""
        paid = self.direction is Direction.PAID
        return self.pair.treatment_place if paid else self.pair.insured_place


@dataclass(frozen=True, slots=True, kw_only=True)
class Said:
    """What one side says of a payment; both must say the same."""

    amount: Money
    bank_reference: str
    paid_on: date

    def facts(self) -> Mapping[str, str]:
        """Return it as text, by name."""
        return {
            "amount": str(self.amount),
            "bank_reference": self.bank_reference,
            "paid_on": self.paid_on.isoformat(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Transfer(Draft):
    """Money of an advance on its way from one place to another."""

    id: int
    payment_number: str
    receipt_number: str
    state: TransferState
    issued_at: datetime
    due: DueDays
    bank_reference: str | None
    paid_on: date | None
    received_at: datetime | None


class NoticeKind(enum.StrEnum):
    """What a notice asks of its addressee 通知书类别."""

    PAYMENT = "payment"  # 付款通知书
    RECEIPT = "receipt"  # 收款通知书


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """One side's document of a transfer."""

    sort: int
    number: str
    kind: NoticeKind
    party_place: str
    counter_place: str
    transfer: Transfer


@dataclass(frozen=True, slots=True, kw_only=True)
class Movement:
    """One line of a statement: what changed an advance, and what it came to."""

    id: int
    pair: Pair
    day: date
    at: datetime
    subject: str
    direction: Direction
    change: Money
    balance: Money
