"""What a filing is, and the whole of its life."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime

from app.entitlement.model import EntitlementLoss, IdentityClaim
from app.kernel.costs import CostKind
from app.kernel.lifecycle import Lifecycle
from app.kernel.refusal import Refusal
from app.kernel.regions import Scheme, covers


class FilingKind(enum.StrEnum):
    """备案类型: why the worker is treated elsewhere."""

    RESIDENCE = "residence"  # 异地长期居住
    POSTING = "posting"  # 常驻异地工作
    REFERRAL = "referral"  # 转诊转院


class FilingState(enum.StrEnum):
    """备案状态: where a filing stands."""

    SUBMITTED = "submitted"  # 待审核
    APPROVED = "approved"  # 已通过
    REJECTED = "rejected"  # 不予通过
    EXPIRED = "expired"  # 已届满
    CANCELLED = "cancelled"  # 已取消
    CHANGED = "changed"  # 已变更
    TERMINATED = "terminated"  # 已终止


class FilingEvent(enum.StrEnum):
    """备案事件: what can happen to a filing; `submit` begins its life."""

    SUBMIT = "submit"  # 提交（含线下上传）
    APPROVE = "approve"  # 审核通过
    REJECT = "reject"  # 不予通过
    EXPIRE = "expire"  # 届满
    CANCEL = "cancel"  # 取消
    CHANGE = "change"  # 变更
    TERMINATE = "terminate"  # 丧失待遇资格终止


LIFE = Lifecycle(
    name="filing",
    start=FilingState.SUBMITTED,
    moves={
        (FilingState.SUBMITTED, FilingEvent.APPROVE): FilingState.APPROVED,
        (FilingState.SUBMITTED, FilingEvent.REJECT): FilingState.REJECTED,
        (FilingState.APPROVED, FilingEvent.EXPIRE): FilingState.EXPIRED,
        (FilingState.APPROVED, FilingEvent.CANCEL): FilingState.CANCELLED,
        (FilingState.APPROVED, FilingEvent.CHANGE): FilingState.CHANGED,
        (FilingState.APPROVED, FilingEvent.TERMINATE): FilingState.TERMINATED,
    },
)


@dataclass(frozen=True, slots=True)
class Term:
    """The days a filing is in force (有效期), both ends included."""

    first: date
    last: date

    def covers(self, day: date) -> bool:
        """Say whether `day` is inside."""
        return self.first <= day <= self.last

    def overlaps(self, other: Term) -> bool:
        """Say whether some day is inside both."""
        return self.first <= other.last and other.first <= self.last


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """转诊信息: who refers the worker, and for what."""

    diagnosis_code: str
    diagnosis: str
    institution: str  # 转出机构名称
    reason: str
    referred_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FilingAsked:
    """What somebody wants filed; `first_day` None = from approval on."""

    kind: FilingKind
    treatment_region: str
    cost_kinds: frozenset[CostKind]
    first_day: date | None = None
    referral: Referral | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """What the rules make of what was asked."""

    scheme: Scheme
    term: Term
    admission_deadline: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFiling:
    """A filing about to be kept."""

    worker_id: int
    insured_region: str
    asked: FilingAsked
    decided: Decided
    replaces: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cover:
    """What an approved filing, or an accepted row of a batch, keeps others from covering."""

    name: str  # a filing's number, or "row 12"
    treatment_region: str
    cost_kinds: frozenset[CostKind]
    term: Term

    def clashes(self, other: Cover) -> bool:
        """Say whether both would cover one place, one kind of cost and one day."""
        mine, theirs = self.treatment_region, other.treatment_region
        same_place = covers(mine, theirs) or covers(theirs, mine)
        same_kind = bool(self.cost_kinds & other.cost_kinds)
        return same_place and same_kind and self.term.overlaps(other.term)


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """One filing as the hub knows it.

    While it is submitted, `term` is what approval on the day of submission would give; approval
    settles it. `ended_on` is the day it was cancelled, changed or terminated.
    """

    id: int
    number: str
    worker_id: int
    worker: str  # the worker's public number
    kind: FilingKind
    insured_region: str
    treatment_region: str
    scheme: Scheme
    cost_kinds: frozenset[CostKind]
    asked_first_day: date | None
    term: Term
    ended_on: date | None
    admission_deadline: date | None
    state: FilingState
    submitted_by: str
    submitted_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None
    referral: Referral | None
    replaces: str | None  # number of the filing this one took the place of
    replaced_by: str | None
    open_visits: int
    admitted_once: bool
    policy_version: str
    revision: int

    def serves(self, region: str, cost_kind: CostKind) -> bool:
        """Say whether it is for this place and kind of cost, whatever the day."""
        return covers(self.treatment_region, region) and cost_kind in self.cost_kinds

    @property
    def cover(self) -> Cover:
        """Return what it covers while it is approved."""
        return Cover(
            name=self.number,
            treatment_region=self.treatment_region,
            cost_kinds=self.cost_kinds,
            term=self.term,
        )

    def missed_deadline(self, day: date) -> bool:
        """Say whether a first admission on `day` comes too late."""
        late = self.admission_deadline is not None and day > self.admission_deadline
        return late and not self.admitted_once


@dataclass(frozen=True, slots=True, kw_only=True)
class Happening:
    """One line of a filing's history (备案历史): who, when, from which state, why."""

    at: datetime
    party: str
    event: FilingEvent
    from_state: FilingState | None
    to_state: FilingState
    reason: str | None


@dataclass(frozen=True, slots=True)
class FilingStory:
    """A filing as it stood at an instant, and what had happened until then."""

    filing: Filing
    history: tuple[Happening, ...]


@dataclass(frozen=True, slots=True)
class LossReport:
    """A loss of entitlement, and the filings it terminated."""

    loss: EntitlementLoss
    terminated: tuple[Filing, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """One row of a batch as far as it could be read; `asked` is None when it could not."""

    row: int
    worker: str | None
    claim: IdentityClaim | None
    asked: FilingAsked | None
    faults: tuple[Refusal, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchOutcome:
    """What became of a row: a filing, new or found as already filed, or every refusal."""

    row: int
    filing: str | None = None
    already_filed: bool = False
    refusals: tuple[Refusal, ...] = ()
