"""What a fee line is, and what can be wrong with one."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from app.kernel.calendar import business_day
from app.kernel.money import Money
from app.visit.model.visits import Stay, VisitKind

LINES_PER_CALL_MAX = 100
LINES_PER_VISIT_MAX = 5_000
BETWEEN = "\x1f"  # what Unicode calls the separator of units; parts the values of a column


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


@dataclass(frozen=True, slots=True, kw_only=True)
class ChargedItem:
    """What of a fee line decides about money; a refund is negative and names its line."""

    serial: str
    refund_of: str | None
    category: FeeCategory
    item_code: str | None
    item_name: str
    quantity: Decimal
    unit_price: Decimal
    amount: Money
    occurred_at: datetime
    injury_related: bool
    restricted_approved: bool

    @property
    def day(self) -> date:
        """Return the day of service in China."""
        return business_day(self.occurred_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine(ChargedItem):
    """One charged item as it was uploaded (费用明细); who says the same again says an equal one."""

    institution_item_code: str | None
    specification: str | None
    unit: str | None
    department: str | None
    physician: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charges:
    """A call of fee lines that takes nothing back, column by column in the order of the call.

    No text holds `BETWEEN`, and none is empty.
    """

    serials: tuple[str, ...]
    categories: tuple[FeeCategory, ...]
    item_codes: tuple[str | None, ...]
    item_names: tuple[str, ...]
    institution_item_codes: tuple[str | None, ...]
    specifications: tuple[str | None, ...]
    units: tuple[str | None, ...]
    quantities: tuple[Decimal, ...]
    unit_prices: tuple[Decimal, ...]
    amounts: tuple[Money, ...]
    occurred_at: tuple[datetime, ...]
    injury_related: tuple[bool, ...]
    restricted_approved: tuple[bool, ...]
    departments: tuple[str | None, ...]
    physicians: tuple[str | None, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Span:
    """What a line is held against: the kind of visit and the days something can be charged on."""

    kind: VisitKind
    first_day: date
    last_day: date

    @classmethod
    def of(cls, visit: Stay, today: date) -> Span:
        """Return the span of a visit as it stands today."""
        return cls(kind=visit.kind, first_day=visit.admission_day, last_day=visit.last_day(today))


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
