"""What the hub answers, as frozen values. Codes stay text: a newer hub may know more of them."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal

from hub_client.orders import Diagnosis
from hub_client.shapes import Yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class UsableDetermination:
    """A determination usable today (可用的认定、确认)."""

    number: str
    kind: str
    document_number: str
    decided_on: date
    injured_parts: tuple[str, ...]
    diagnoses: tuple[str, ...]
    third_party: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class UsableFiling:
    """A filing usable here today (可用的备案)."""

    number: str
    kind: str
    treatment_region: str
    cost_kinds: tuple[str, ...]
    first_day: date
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class Identification:
    """The worker at the desk (身份识别结果)."""

    worker: str
    name: str
    insured_region: str
    determinations: tuple[UsableDetermination, ...]
    filings: tuple[UsableFiling, ...]
    employer: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Visit:
    """A visit (就诊)."""

    number: str
    kind: str
    cost_kind: str
    scheme: str
    state: str
    worker: str
    determination: str
    filing: str
    institution: str
    insured_region: str
    treatment_region: str
    admitted_at: datetime
    discharged_at: datetime | None
    admission_no: str
    diagnoses: tuple[Diagnosis, ...]
    line_count: int
    total: Yuan
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesTaken:
    """What became of one call of lines, and the running totals of the visit."""

    visit: str
    accepted: int
    replayed: int
    line_count: int
    total: Yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class LinesRemoved:
    """What was removed, and the running totals of the visit."""

    visit: str
    removed: int
    line_count: int
    total: Yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class Scope:
    """A service scope of an institution (服务范围)."""

    cost_kind: str
    scheme: str
    first_day: date
    last_day: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Institution:
    """An agreement institution (协议机构)."""

    code: str
    name: str
    types: tuple[str, ...]
    grade: str | None
    region: str
    address: str
    scopes: tuple[Scope, ...]
    state: str
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Filing:
    """A filing (备案)."""

    number: str
    worker: str
    kind: str
    insured_region: str
    treatment_region: str
    scheme: str
    cost_kinds: tuple[str, ...]
    state: str
    first_day: date
    last_day: date
    reason: str | None
    replaces: str | None
    replaced_by: str | None
    revision: int


@dataclass(frozen=True, slots=True, kw_only=True)
class RowFault:
    """One thing wrong with one row (行错误)."""

    code: str
    title: str
    title_zh: str
    detail: str
    detail_zh: str
    column: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AcceptedRow:
    """A row that is filed (已受理行)."""

    row: int
    filing: str
    already_filed: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class RefusedRow:
    """A row that is refused, with all its errors (未受理行)."""

    row: int
    errors: tuple[RowFault, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class BatchResult:
    """What became of each row; rows count from 1 over the whole batch."""

    accepted: tuple[AcceptedRow, ...]
    refused: tuple[RefusedRow, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OwnReason:
    """What the worker pays for one reason (个人支付，按原因)."""

    reason: str
    own: Yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """The decision on one line (明细核算结果), with its clause in both languages."""

    serial: str
    refund_of: str | None
    category: str
    item_name: str
    quantity: Decimal
    unit_price: Decimal
    amount: Yuan
    fund: Yuan
    own: Yuan
    reason: str | None
    clause: str
    says: str
    says_zh: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a settlement would decide now (预结算结果); nothing is booked."""

    visit: str
    line_count: int
    total: Yuan
    fund: Yuan
    own: Yuan
    own_by_reason: tuple[OwnReason, ...]
    lines: tuple[LineResult, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """A settlement, or the negative twin that cancels one (结算信息)."""

    number: str
    kind: str
    visit: str
    cancels: str | None
    cancelled_by: str | None
    settled_at: datetime
    business_day: date
    month: str
    institution: str
    worker: str
    insured_place: str
    treatment_place: str
    line_count: int
    total: Yuan
    fund: Yuan
    own: Yuan
    invoice_no: str | None
    clearing: str | None
    own_by_reason: tuple[OwnReason, ...] = ()
    lines: tuple[LineResult, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Totals:
    """Count and sums of a day (笔数与金额)."""

    count: int
    total: Yuan
    fund: Yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class Amounts:
    """One side of a difference."""

    total: Yuan
    fund: Yuan


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """One settlement on which the two sides differ (差异)."""

    row: int
    kind: str  # only_hub | only_sender | different
    state: str  # open | awaited | repaired
    settlement: str
    hub: Amounts | None
    sender: Amounts | None
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reconciliation:
    """One comparison of a day (日对账): equal, or who has more, or amounts that differ."""

    number: str
    day: date
    result: str
    state: str  # open | clean | replaced
    sender: Totals
    hub: Totals
    only_hub_count: int
    only_sender_count: int
    different_count: int
    left: int

    @property
    def is_clean(self) -> bool:
        """Say whether nothing is left to be done."""
        return self.state == "clean"


@dataclass(frozen=True, slots=True, kw_only=True)
class UnreconciledDay:
    """A past day that was not compared since its last settlement (未对账日)."""

    day: date
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class OpenMessage:
    """A message that has not come to an end (未决报文)."""

    id: str
    outcome: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """Whether the caller is clean, and what is open if not (对账待办)."""

    clean: bool
    reconciliations: tuple[Reconciliation, ...]
    days: tuple[UnreconciledDay, ...]
    messages: tuple[OpenMessage, ...]
