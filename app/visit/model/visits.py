"""What a visit is, and the whole of its life."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime

from app.entitlement.model import CardKind
from app.kernel.calendar import business_day
from app.kernel.costs import CostKind
from app.kernel.lifecycle import Lifecycle
from app.kernel.money import Money
from app.kernel.regions import Scheme


class VisitKind(enum.StrEnum):
    """Kind of visit 就诊类型."""

    INPATIENT = "inpatient"  # 住院
    FITTING = "fitting"  # 辅助器具配置
    OUTPATIENT = "outpatient"  # 门诊（仅省内）


COST_KINDS: Mapping[VisitKind, frozenset[CostKind]] = {
    VisitKind.INPATIENT: frozenset({CostKind.MEDICAL, CostKind.REHABILITATION}),
    VisitKind.FITTING: frozenset({CostKind.DEVICE}),
    VisitKind.OUTPATIENT: frozenset({CostKind.MEDICAL, CostKind.REHABILITATION}),
}


class VisitState(enum.StrEnum):
    """Where a visit stands 就诊状态."""

    ADMITTED = "admitted"  # 在院
    DISCHARGED = "discharged"  # 已出院
    SETTLED = "settled"  # 已结算
    CANCELLED = "cancelled"  # 已撤销


OPEN_STATES = (VisitState.ADMITTED, VisitState.DISCHARGED)


class VisitEvent(enum.StrEnum):
    """What can happen to a visit."""

    DISCHARGE = "discharge"
    UNDO_DISCHARGE = "undo_discharge"
    SETTLE = "settle"
    REOPEN = "reopen"
    CANCEL = "cancel"


STAY_LIFE = Lifecycle(
    name="visit",
    start=VisitState.ADMITTED,
    moves={
        (VisitState.ADMITTED, VisitEvent.DISCHARGE): VisitState.DISCHARGED,
        (VisitState.DISCHARGED, VisitEvent.UNDO_DISCHARGE): VisitState.ADMITTED,
        (VisitState.DISCHARGED, VisitEvent.SETTLE): VisitState.SETTLED,
        (VisitState.SETTLED, VisitEvent.REOPEN): VisitState.DISCHARGED,
        (VisitState.ADMITTED, VisitEvent.CANCEL): VisitState.CANCELLED,
    },
)
DESK_LIFE = Lifecycle(
    name="visit without discharge",
    start=VisitState.ADMITTED,
    moves={
        (VisitState.ADMITTED, VisitEvent.SETTLE): VisitState.SETTLED,
        (VisitState.SETTLED, VisitEvent.REOPEN): VisitState.ADMITTED,
        (VisitState.ADMITTED, VisitEvent.CANCEL): VisitState.CANCELLED,
    },
)
LIVES: Mapping[VisitKind, Lifecycle[VisitState, VisitEvent]] = {
    VisitKind.INPATIENT: STAY_LIFE,
    VisitKind.FITTING: DESK_LIFE,
    VisitKind.OUTPATIENT: DESK_LIFE,
}


class DischargeWay(enum.StrEnum):
    """How a worker leaves 离院方式."""

    ADVISED = "advised"  # 医嘱离院
    TRANSFERRED = "transferred"  # 医嘱转院
    COMMUNITY = "community"  # 转社区或乡镇卫生院
    AGAINST_ADVICE = "against_advice"  # 非医嘱离院
    DEATH = "death"  # 死亡
    OTHER = "other"  # 其他


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One diagnosis (诊断); exactly one of a visit's is the main one."""

    code: str
    name: str
    main: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Stay:
    """What of a visit decides which charges it takes: when it is, and what it holds already."""

    id: int
    number: str
    kind: VisitKind
    state: VisitState
    treatment_region: str
    admitted_at: datetime
    discharged_at: datetime | None
    line_count: int
    total: Money
    revision: int

    @property
    def life(self) -> Lifecycle[VisitState, VisitEvent]:
        """Return the table of moves of this kind of visit."""
        return LIVES[self.kind]

    @property
    def admission_day(self) -> date:
        """Return the day that decides."""
        return business_day(self.admitted_at)

    def last_day(self, today: date) -> date:
        """Return the last day on which something may have been charged."""
        left = self.kind is VisitKind.INPATIENT and self.discharged_at is not None
        return business_day(self.discharged_at) if left and self.discharged_at else today


@dataclass(frozen=True, slots=True, kw_only=True)
class Course(Stay):
    """What of a visit decides about money: where it stands, what it rests on, what was charged."""

    cost_kind: CostKind
    scheme: Scheme
    worker_id: int
    worker_number: str
    determination_number: str
    filing_id: int
    filing_number: str
    institution: str
    insured_region: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit(Course):
    """One visit as the hub knows it; `transfer_from` is the number of the visit it continues."""

    determination_id: int
    card_kind: CardKind
    admission_no: str
    department: str
    ward: str | None
    bed: str | None
    physician: str
    diagnoses: tuple[Diagnosis, ...]
    discharge_way: DischargeWay | None
    memo: str | None
    transfer_from: str | None
    continued_at: datetime | None
    holds_filing: bool
    policy_version: str
    created_at: datetime
