"""What a visit and a fee line are, and the whole of a visit's life."""

from __future__ import annotations

import enum
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.entitlement.model import CardKind
from app.kernel.calendar import business_day
from app.kernel.costs import CostKind
from app.kernel.lifecycle import Lifecycle
from app.kernel.money import Money
from app.kernel.regions import Scheme

LINES_PER_CALL_MAX = 100
LINES_PER_VISIT_MAX = 5_000
QUANTITY_STEP = Decimal("0.0001")
PRICE_STEP = Decimal("0.000001")


class VisitKind(enum.StrEnum):
    """就诊类型."""

    INPATIENT = "inpatient"  # 住院
    FITTING = "fitting"  # 辅助器具配置
    OUTPATIENT = "outpatient"  # 门诊（仅省内）


COST_KINDS: Mapping[VisitKind, frozenset[CostKind]] = {
    VisitKind.INPATIENT: frozenset({CostKind.MEDICAL, CostKind.REHABILITATION}),
    VisitKind.FITTING: frozenset({CostKind.DEVICE}),
    VisitKind.OUTPATIENT: frozenset({CostKind.MEDICAL, CostKind.REHABILITATION}),
}


class VisitState(enum.StrEnum):
    """Where a visit stands."""

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
    """离院方式."""

    ADVISED = "advised"  # 医嘱离院
    TRANSFERRED = "transferred"  # 医嘱转院
    COMMUNITY = "community"  # 转社区或乡镇卫生院
    AGAINST_ADVICE = "against_advice"  # 非医嘱离院
    DEATH = "death"  # 死亡
    OTHER = "other"  # 其他


class FeeCategory(enum.StrEnum):
    """费用类别: decides which list, if any, judges a line."""

    DRUG = "drug"  # 药品
    SERVICE = "service"  # 诊疗项目
    REHABILITATION = "rehabilitation"  # 康复项目
    BED = "bed"  # 床位
    DEVICE = "device"  # 辅助器具
    MEAL_SUBSIDY = "meal_subsidy"  # 住院伙食补助费
    TRAVEL = "travel"  # 交通食宿费


SUBSIDIES = frozenset({FeeCategory.MEAL_SUBSIDY, FeeCategory.TRAVEL})


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """One diagnosis (诊断); exactly one of a visit's is the main one."""

    code: str
    name: str
    main: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """One visit as the hub knows it; `transfer_from` is the number of the visit it continues."""

    id: int
    number: str
    kind: VisitKind
    cost_kind: CostKind
    scheme: Scheme
    state: VisitState
    worker_id: int
    worker_number: str
    determination_id: int
    determination_number: str
    filing_id: int
    filing_number: str
    institution: str
    insured_region: str
    treatment_region: str
    admitted_at: datetime
    discharged_at: datetime | None
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
    line_count: int
    total: Money
    revision: int
    policy_version: str
    created_at: datetime

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
class FeeLine:
    """One charged item (费用明细); a refund is negative and names the line it takes back."""

    serial: str
    refund_of: str | None
    category: FeeCategory
    item_code: str | None
    item_name: str
    institution_item_code: str | None
    specification: str | None
    unit: str | None
    quantity: Decimal
    unit_price: Decimal
    amount: Money
    occurred_at: datetime
    injury_related: bool
    restricted_approved: bool
    department: str | None
    physician: str | None

    @property
    def day(self) -> date:
        """Return the day of service in China."""
        return business_day(self.occurred_at)

    @property
    def digest(self) -> bytes:
        """Digest everything the institution said, so that a repetition can be told."""
        said = (
            self.serial,
            self.refund_of,
            self.category.value,
            self.item_code,
            self.item_name,
            self.institution_item_code,
            self.specification,
            self.unit,
            str(self.quantity.quantize(QUANTITY_STEP)),
            str(self.unit_price.quantize(PRICE_STEP)),
            self.amount.fen,
            self.occurred_at.timestamp(),
            self.injury_related,
            self.restricted_approved,
            self.department,
            self.physician,
        )
        return hashlib.sha256(repr(said).encode()).digest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a line is held against: the kind of visit and the days something can be charged on."""

    kind: VisitKind
    first_day: date
    last_day: date

    @classmethod
    def of(cls, visit: Visit, today: date) -> Span:
        """Return the span of a visit as it stands today."""
        return cls(
            kind=visit.kind, first_day=visit.admission_day, last_day=visit.last_day(today)
        )


class FaultCode(enum.StrEnum):
    """Why a fee line cannot be taken in."""

    REPEATED = "repeated_in_call"
    SERIAL_REUSED = "serial_reused"
    AMOUNT = "amount_mismatch"
    SIGN = "sign"
    REFUND_UNKNOWN = "refund_of_unknown"
    REFUND_OF_REFUND = "refund_of_refund"
    REFUND_OTHER_ITEM = "refund_of_other_item"
    REFUND_QUANTITY = "refund_exceeds_quantity"
    REFUND_AMOUNT = "refund_exceeds_amount"
    CATEGORY = "category_not_for_visit"
    OUTSIDE = "outside_visit"


FAULT_SAYS: Mapping[FaultCode, tuple[str, str]] = {
    FaultCode.REPEATED: ("The serial stands twice in this call", "本次上传内流水号重复"),
    FaultCode.SERIAL_REUSED: (
        "The serial is taken by a line with other content",
        "该流水号已用于内容不同的明细",
    ),
    FaultCode.AMOUNT: (
        "Quantity times unit price is not the amount",
        "数量乘以单价与金额不符",
    ),
    FaultCode.SIGN: (
        "A charge is positive; a refund is negative and names the line it refunds",
        "正常明细数量应为正；退费明细数量、金额应为负并注明原流水号",
    ),
    FaultCode.REFUND_UNKNOWN: (
        "The line to be refunded is not on this visit",
        "被退的明细不在本次就诊中",
    ),
    FaultCode.REFUND_OF_REFUND: ("A refund cannot be refunded", "退费明细不能再退"),
    FaultCode.REFUND_OTHER_ITEM: (
        "The refund is for another item than the line it names",
        "退费项目与原明细不一致",
    ),
    FaultCode.REFUND_QUANTITY: (
        "The refunds exceed the quantity charged",
        "退费数量累计超过原数量",
    ),
    FaultCode.REFUND_AMOUNT: (
        "The refunds exceed the amount charged",
        "退费金额累计超过原金额",
    ),
    FaultCode.CATEGORY: (
        "This category is not charged in this kind of visit",
        "该类就诊不应发生此类费用",
    ),
    FaultCode.OUTSIDE: (
        "The day lies outside the visit",
        "费用发生日期不在就诊期间内",
    ),
}


@dataclass(frozen=True, slots=True)
class Fault:
    """One thing wrong with one line of a call."""

    index: int
    serial: str
    field: str
    code: FaultCode

    def told(self) -> dict[str, object]:
        """Say it for the wire."""
        says, says_zh = FAULT_SAYS[self.code]
        return {
            "index": self.index,
            "serial": self.serial,
            "field": self.field,
            "code": self.code.value,
            "detail": says,
            "detail_zh": says_zh,
        }
