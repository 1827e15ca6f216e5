"""What a clearing is made of: gross claims of ordered pairs, and the notices that call for them."""

from __future__ import annotations

import enum
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date, datetime
from typing import TypeAlias

from app.kernel.calendar import Month, Quarter
from app.kernel.lifecycle import Lifecycle
from app.kernel.money import ZERO, Money
from app.kernel.regions import Scheme

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


class ItemKind(enum.StrEnum):
    """What an item of a claim is 清算明细类型."""

    SETTLEMENT = "settlement"  # 结算
    CANCELLATION = "cancellation"  # 撤销
    DEDUCTION = "deduction"  # 审核扣款


class NoticeKind(enum.StrEnum):
    """The two documents of a claim 通知书类型."""

    PAYABLE = "payable"  # 付款通知书, to the insured place
    RECEIVABLE = "receivable"  # 收款通知书, to the treatment place


class Side(enum.StrEnum):
    """The two sides of a claim."""

    INSURED = "insured"  # 参保地, pays
    TREATMENT = "treatment"  # 就医地, is paid


class Manner(enum.StrEnum):
    """How a side confirmed a claim (确认方式)."""

    DIGEST = "digest"  # 按摘要
    LINES = "lines"  # 逐笔
    SILENCE = "silence"  # 逾期视同确认, flagged


class ContestReason(enum.StrEnum):
    """Why an insured place contests an item (争议原因)."""

    NOT_INSURED_HERE = "not_insured_here"  # 非本地参保
    NOT_INJURY_RELATED = "not_injury_related"  # 非工伤费用
    WRONG_AMOUNT = "wrong_amount"  # 金额有误
    COUNTED_TWICE = "counted_twice"  # 重复计入
    FILING_MISSING = "filing_missing"  # 无有效备案
    OTHER = "other"  # 其他, says the note


class ContestState(enum.StrEnum):
    """What became of a contest 争议状态."""

    OPEN = "open"  # 待答复
    ACCEPTED = "accepted"  # 认可
    ACCEPTED_IN_PART = "accepted_in_part"  # 部分认可
    REJECTED = "rejected"  # 不认可
    NOT_IN_TIME = "not_in_time"  # 逾期提出
    UNANSWERED = "unanswered"  # 逾期未答复
    WITHDRAWN = "withdrawn"  # 已撤回


class ContestEvent(enum.StrEnum):
    """What can happen to a contest."""

    ACCEPT = "accept"
    ACCEPT_IN_PART = "accept_in_part"
    REJECT = "reject"
    REFUSE_AS_LATE = "refuse_as_late"
    LAPSE = "lapse"
    WITHDRAW = "withdraw"


CONTEST_LIFE = Lifecycle(
    name="contest",
    start=ContestState.OPEN,
    moves={
        (ContestState.OPEN, ContestEvent.ACCEPT): ContestState.ACCEPTED,
        (ContestState.OPEN, ContestEvent.ACCEPT_IN_PART): ContestState.ACCEPTED_IN_PART,
        (ContestState.OPEN, ContestEvent.REJECT): ContestState.REJECTED,
        (ContestState.OPEN, ContestEvent.REFUSE_AS_LATE): ContestState.NOT_IN_TIME,
        (ContestState.OPEN, ContestEvent.LAPSE): ContestState.UNANSWERED,
        (ContestState.OPEN, ContestEvent.WITHDRAW): ContestState.WITHDRAWN,
    },
)


class BankOutcome(enum.StrEnum):
    """What a line of the bank's confirmation is to the notices (到账核对结果)."""

    MATCHED = "matched"  # 已核销: the notice is paid in full
    PARTIAL = "partial"  # 部分到账: the notice stays open
    MISDIRECTED = "misdirected"  # 错汇: fits no open notice, nothing is booked
    RETURNED = "returned"  # 退票: what was paid has gone back


class AgeBand(enum.StrEnum):
    """How long a notice has been overdue (账龄)."""

    NOT_DUE = "not_due"
    WITHIN_30 = "within_30_days"
    WITHIN_90 = "within_90_days"
    OVER_90 = "over_90_days"


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


@dataclass(frozen=True, slots=True)
class Part:
    """Some items of a claim: how many, and what of the fund they come to."""

    items: int = 0
    fund: Money = ZERO


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """All that one treatment place claims of one insured place in a clearing, gross (全收全支).

    `root` digests the items behind it, so that both sides can tell they mean the same; `reviewed`
    is what of them review deducted, taken off the totals.
    """

    id: int
    insured_place: str
    treatment_place: str
    totals: Totals
    reviewed: Part
    root: bytes
    noticed_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class PairTotal:
    """What one ordered pair of places brings into a clearing."""

    insured_place: str
    treatment_place: str
    totals: Totals
    reviewed: Part
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
    confirm_by: date


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
    confirm_by: date


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
    """A settlement or a deduction as a clearing counts it; its claim's `root` is made of these.

    A deduction lowers what the fund pays and leaves what the care cost. `of_period` is the period
    of the settlement's own day: another than the clearing's where it came late.
    """

    number: str
    insured_place: str
    treatment_place: str
    kind: ItemKind
    business_day: date
    month: str
    total: Money
    fund: Money
    carried_from: str | None
    deducts: str | None
    institution: str
    visit: str | None
    of_period: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class DueDates:
    """By when a notice is with finance and by when it is paid.

    `announced` says whether the holidays it counts around have been announced already.
    """

    to_finance_by: date
    pay_by: date
    announced: bool


@dataclass(frozen=True, slots=True)
class Due:
    """What of a claim is called for: all but what was deducted and what rolls forward."""

    claim: Claim
    deducted: Part = Part()
    rolled: Part = Part()

    @property
    def amount(self) -> Money:
        """Return the control sum of the notices."""
        return self.claim.totals.fund - self.deducted.fund - self.rolled.fund


@dataclass(frozen=True, slots=True, kw_only=True)
class NoticeDraft:
    """A notice before it has a number."""

    due: Due
    kind: NoticeKind
    party_place: str
    counter_place: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Notice:
    """A payable or receivable notice (付款/收款通知书) with the control totals of its claim.

    What review deducted is off the totals; what contests took and what rolls is off the amount.
    `counterpart` is the notice of the other side. A negative amount is a credit: the treatment
    place owes it to the insured place.
    """

    id: int
    number: str
    counterpart: str
    clearing: str
    period: str
    scheme: Scheme
    kind: NoticeKind
    party_place: str
    counter_place: str
    party_name: str
    counter_name: str
    totals: Totals
    reviewed: Part
    deducted: Part
    rolled: Part
    amount: Money
    paid: Money
    paid_on: date | None
    root: bytes
    issued_at: datetime
    due: DueDates

    @property
    def outstanding(self) -> Money:
        """Return what is still to be paid; a credit's is below zero."""
        return self.amount - self.paid


@dataclass(frozen=True, slots=True, kw_only=True)
class Issue:
    """Notices issued at once: payable and receivable add up to the same; others may wait."""

    clearing: str
    payable: int
    payable_fund: Money
    receivable: int
    receivable_fund: Money
    waiting: int
    due: DueDates
