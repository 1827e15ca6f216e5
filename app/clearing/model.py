"""What a clearing is made of: gross claims of ordered pairs, and the notices that call for them."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from app.kernel.calendar import Month, Quarter
from app.kernel.lifecycle import Lifecycle
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.settlement.model import SettlementKind

Period: TypeAlias = Quarter | Month


class Cycle(enum.StrEnum):
    """How often places clear (清算周期)."""

    QUARTERLY = "quarterly"
    MONTHLY = "monthly"


class ClearingState(enum.StrEnum):
    """Where a clearing stands 清算状态."""

    GENERATED = "generated"  # 已生成
    NOTICED = "noticed"  # 已发通知书


class ClearingEvent(enum.StrEnum):
    """What can happen to a clearing."""

    ISSUE_NOTICES = "issue_notices"


LIFE = Lifecycle(
    name="clearing",
    start=ClearingState.GENERATED,
    moves={
        (ClearingState.GENERATED, ClearingEvent.ISSUE_NOTICES): ClearingState.NOTICED,
    },
)


class NoticeKind(enum.StrEnum):
    """The two documents of a claim 通知书类型."""

    PAYABLE = "payable"  # 付款通知书, to the insured place
    RECEIVABLE = "receivable"  # 收款通知书, to the treatment place


@dataclass(frozen=True, slots=True)
class Totals:
    """Control totals (控制总数): how many settlements, what they cost, what the fund pays."""

    settlements: int
    total: Money
    fund: Money

    @classmethod
    def of(cls, parts: Iterable[Totals]) -> Totals:
        """Add up; nothing adds up to nothing."""
        listed = list(parts)
        return cls(
            sum(part.settlements for part in listed),
            Money.total(part.total for part in listed),
            Money.total(part.fund for part in listed),
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """All that one treatment place claims of one insured place in a clearing, gross (全收全支).

    `root` digests the settlements behind it, so that both sides can tell they mean the same.
    """

    id: int
    insured_place: str
    treatment_place: str
    totals: Totals
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Clearing:
    """One period of one scheme; `totals` cover the claims its reader may see."""

    id: int
    number: str
    scheme: Scheme
    period: str
    state: ClearingState
    generated_at: datetime
    noticed_at: datetime | None
    claims: int
    totals: Totals
    policy_version: str


@dataclass(frozen=True, slots=True)
class Run:
    """Which period of which scheme to clear, as asked."""

    scheme: Scheme
    period: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Opening:
    """A clearing before it has a number."""

    scheme: Scheme
    period: str
    state: ClearingState
    at: datetime
    by: str
    policy_version: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Net:
    """What a place pays and receives in full, and the difference, as information only."""

    place: str
    payable: Totals
    receivable: Totals

    @property
    def net(self) -> Money:
        """Return what would remain if all were netted; above zero the place receives."""
        return self.receivable.fund - self.payable.fund


@dataclass(frozen=True, slots=True, kw_only=True)
class Statement:
    """One place's side of a clearing (清算表): the claims it pays and those it receives."""

    net: Net
    payable: tuple[Claim, ...]
    receivable: tuple[Claim, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """A settlement as a clearing counts it; the `root` of its claim is made of these."""

    number: str
    insured_place: str
    treatment_place: str
    kind: SettlementKind
    business_day: date
    month: str
    total: Money
    fund: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDates:
    """By when a notice is with finance and by when it is paid.

    `announced` says whether the holidays it counts around have been announced already.
    """

    to_finance_by: date
    pay_by: date
    announced: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDraft:
    """A notice before it has a number."""

    claim: Claim
    kind: NoticeKind
    party_place: str
    counter_place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A payable or receivable notice (付款/收款通知书) with the control totals of its claim.

    `counterpart` is the notice of the other side. A negative amount is a credit: the treatment
    place owes it to the insured place.
    """

    id: int
    number: str
    counterpart: str
    clearing: str
    kind: NoticeKind
    party_place: str
    counter_place: str
    totals: Totals
    root: bytes
    issued_at: datetime
    due: DueDates


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """All notices of a clearing at once: payable and receivable add up to the same."""

    clearing: str
    payable: int
    payable_fund: Money
    receivable: int
    receivable_fund: Money
    due: DueDates
