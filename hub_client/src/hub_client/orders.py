"""What a caller asks for, as frozen values; amounts are `Decimal` yuan, instants carry a zone."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from hub_client.shapes import Yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class Identity:
    """Who the worker is, in three parts that must agree (三要素)."""

    certificate_number: str
    name: str
    card_kind: str  # physical | electronic
    card: str


@dataclass(frozen=True, slots=True)
class Diagnosis:
    """A diagnosis (诊断); exactly one is the main one."""

    code: str
    name: str
    main: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Admission:
    """An admission, a fitting or an outpatient visit (就诊登记)."""

    kind: str = "inpatient"
    cost_kind: str = "medical"
    worker: Identity
    admitted_at: datetime
    admission_no: str
    department: str
    physician: str
    diagnoses: tuple[Diagnosis, ...]
    ward: str | None = None
    bed: str | None = None
    memo: str | None = None
    determination: str | None = None
    transfer_from: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Discharge:
    """A discharge (出院登记)."""

    discharged_at: datetime
    way: str = "advised"


@dataclass(frozen=True, slots=True, kw_only=True)
class FeeLine:
    """A fee line (费用明细); a refund is negative and names its line."""

    serial: str
    category: str
    item_name: str
    quantity: Decimal
    unit_price: Decimal
    amount: Yuan
    occurred_at: datetime
    injury_related: bool
    item_code: str | None = None
    refund_of: str | None = None
    institution_item_code: str | None = None
    specification: str | None = None
    unit: str | None = None
    restricted_approved: bool = False
    department: str | None = None
    physician: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """Identity as a filing carries it; a channel always shows a card."""

    certificate_number: str
    name: str
    card_kind: str = "none"
    card: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Referral:
    """Who refers the worker, and for what (转诊信息)."""

    diagnosis_code: str
    diagnosis: str
    institution: str
    reason: str
    referred_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class NewFiling:
    """A filing (备案) to be submitted: the worker by number or by claim, never both."""

    kind: str
    treatment_region: str
    cost_kinds: tuple[str, ...]
    worker: str | None = None
    claim: Claim | None = None
    first_day: date | None = None
    referral: Referral | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchRow:
    """One row of a batch of filings (批量备案), as text: each row is judged by itself."""

    worker: str = ""
    certificate_number: str = ""
    name: str = ""
    kind: str = ""
    treatment_region: str = ""
    cost_kinds: tuple[str, ...] = ()
    first_day: str = ""
    diagnosis_code: str = ""
    diagnosis: str = ""
    referring_institution: str = ""
    referral_reason: str = ""
    referred_on: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Settling:
    """The institution's own figures of a visit (总额核对)."""

    total: Yuan
    line_count: int
    invoice_no: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Cancelling:
    """Why a settlement is cancelled (结算撤销); after a clearing as an adjustment."""

    adjustment: bool = False
    reason: str | None = None


@dataclass(frozen=True, slots=True)
class DayRow:
    """One settlement or cancellation of a day as the institution's own books have it."""

    settlement: str
    total: Yuan
    fund: Yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparing:
    """A day's totals, and its rows when the differences are wanted (日对账)."""

    day: date
    count: int
    total: Yuan
    fund: Yuan
    cancelled: str = "included"
    rows: tuple[DayRow, ...] | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repair:
    """What is to be done about a difference (差异处理): adopt, reverse or resend."""

    act: str
    message: str | None = None  # resend: the id it will be sent under
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Repairing:
    """A repair of one row."""

    row: int
    act: str
    message: str | None = None
    note: str | None = None
