"""What a reconciliation compares, finds and repairs; and the words of the monthly review."""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.kernel.money import Money
from app.settlement.model import SettlementKind

ROWS_MAX = 10_000
SHOWN_MAX = 200  # differences of a kind that the first answer shows


class Side(enum.StrEnum):
    """Whose day is compared (对账身份)."""

    OWN = "own"  # 本机构
    TREATMENT = "treatment"  # 就医地
    INSURED = "insured"  # 参保地


class ReconciliationResult(enum.StrEnum):
    """Result of a comparison 对账结果."""

    EQUAL = "equal"  # 一致
    HUB_HAS_MORE = "hub_has_more"  # 平台多
    SENDER_HAS_MORE = "sender_has_more"  # 发送方多
    AMOUNTS_DIFFER = "amounts_differ"  # 金额不符


class ReconciliationState(enum.StrEnum):
    """State of a reconciliation 对账状态."""

    OPEN = "open"  # 有差异待处理
    CLEAN = "clean"  # 已对平
    REPLACED = "replaced"  # 已被同日后一次对账取代


class DifferenceKind(enum.StrEnum):
    """Kind of difference 差异类型."""

    ONLY_HUB = "only_hub"  # 仅平台有
    ONLY_SENDER = "only_sender"  # 仅发送方有
    DIFFERENT = "different"  # 两方金额不一致


class DifferenceState(enum.StrEnum):
    """State of a difference 差异状态."""

    OPEN = "open"  # 待处理
    AWAITED = "awaited"  # 待补发到达
    REPAIRED = "repaired"  # 已处理


class RepairAct(enum.StrEnum):
    """How a difference is repaired 差异处理方式."""

    ADOPT = "adopt"  # 以平台为准
    REVERSE = "reverse"  # 平台冲正
    RESEND = "resend"  # 发送方补发


class DeductionReason(enum.StrEnum):
    """Why review takes something off 扣款原因."""

    NOT_INJURY_RELATED = "not_injury_related"  # 非工伤部位或病种费用
    CHARGED_TWICE = "charged_twice"  # 重复收费
    OVERCHARGED = "overcharged"  # 超标准收费
    ITEM_EXCHANGED = "item_exchanged"  # 串换项目
    NOT_INDICATED = "not_indicated"  # 无指征或过度诊疗
    STAY_SPLIT = "stay_split"  # 分解住院
    EVIDENCE_MISSING = "evidence_missing"  # 病历或票据资料不全
    OTHER = "other"  # 其他


class DeductionState(enum.StrEnum):
    """State of a deduction 扣款状态."""

    PROPOSED = "proposed"  # 已提出，可申诉
    APPEALED = "appealed"  # 已申诉，待裁定
    FINAL = "final"  # 已生效
    WITHDRAWN = "withdrawn"  # 已撤回


class DeductionDecision(enum.StrEnum):
    """How a deduction came to its end 扣款处理结果."""

    UPHELD = "upheld"  # 维持
    LOWERED = "lowered"  # 部分维持
    WITHDRAWN = "withdrawn"  # 撤回
    UNAPPEALED = "unappealed"  # 逾期未申诉


class ReviewState(enum.StrEnum):
    """How far a place is with a month 月度审核状态."""

    OPEN = "open"  # 未关账
    CLOSED = "closed"  # 已关账
    UPLOADED = "uploaded"  # 已上传
    REQUESTED = "requested"  # 已请款


ACTS: Mapping[DifferenceKind, tuple[RepairAct, ...]] = {
    DifferenceKind.ONLY_HUB: (RepairAct.ADOPT, RepairAct.REVERSE),
    DifferenceKind.ONLY_SENDER: (RepairAct.RESEND, RepairAct.ADOPT),
    DifferenceKind.DIFFERENT: (RepairAct.ADOPT, RepairAct.REVERSE),
}


@dataclass(frozen=True, slots=True)
class DayTotals:
    """Count and sums of a day; cancellations count and are negative."""

    count: int
    total: Money
    fund: Money


@dataclass(frozen=True, slots=True)
class HubDay:
    """The hub's figures as asked for, and how many settlements of any kind the day has."""

    totals: DayTotals
    day_count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class DayAsked:
    """Which day of whom; `with_cancelled` False leaves out what was cancelled and its twins."""

    day: date
    side: Side
    institution: str | None = None
    with_cancelled: bool = True


@dataclass(frozen=True, slots=True)
class SenderRow:
    """One settlement or cancellation as the sender has it."""

    settlement: str
    total: Money
    fund: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class ReconciliationAsked:
    """A sender's day: its totals, and its rows if it wants the differences."""

    day: date
    side: Side | None
    institution: str | None
    with_cancelled: bool
    totals: DayTotals
    rows: tuple[SenderRow, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class DayRow:
    """One settlement or cancellation of a day as the hub has it."""

    id: int
    settlement: str
    kind: SettlementKind
    cancels: str | None
    visit: str
    worker: str
    institution: str
    settled_at: datetime
    total: Money
    fund: Money
    own: Money
    message: str | None  # the caller's own id that made it


@dataclass(frozen=True, slots=True)
class Amounts:
    """One side of a difference."""

    total: Money
    fund: Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One settlement on which the two sides differ; `hub_day`: the hub has it on another day."""

    row: int
    kind: DifferenceKind
    settlement: str
    hub: Amounts | None
    sender: Amounts | None
    hub_day: date | None
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What was last done about a difference."""

    act: RepairAct
    at: datetime
    message: str | None
    undone_by: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class KeptDifference:
    """A difference as it stands, and the last repair."""

    difference: Difference
    state: DifferenceState
    repair: Repair | None
    hub_kind: SettlementKind | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """One comparison of a day as it is kept, and how it stands now."""

    id: int
    number: str
    party: str
    day: date
    side: Side
    institution: str | None
    with_cancelled: bool
    sender: DayTotals
    hub: DayTotals
    result: ReconciliationResult
    rows_sent: bool
    at: datetime
    state: ReconciliationState
    counts: Mapping[DifferenceKind, int]
    left: int  # differences not repaired yet


@dataclass(frozen=True, slots=True)
class Reconciled:
    """A reconciliation and the first differences of each kind."""

    reconciliation: Reconciliation
    differences: Sequence[KeptDifference]


@dataclass(frozen=True, slots=True, kw_only=True)
class RepairAsked:
    """What is to be done about one difference."""

    row: int
    act: RepairAct
    message: str | None
    note: str | None


@dataclass(frozen=True, slots=True)
class UnreconciledDay:
    """A past day whose settlements were not compared since the last of them."""

    day: date
    side: Side
    count: int


@dataclass(frozen=True, slots=True)
class OpenMessage:
    """A message named by the caller that has not come to an end."""

    message: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether a party is clean, and if not what is open (对账待办)."""

    reconciliations: Sequence[Reconciliation]
    days: Sequence[UnreconciledDay]
    messages: Sequence[OpenMessage]

    @property
    def is_clean(self) -> bool:
        """Say whether nothing is open."""
        return not (self.reconciliations or self.days or self.messages)
