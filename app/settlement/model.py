"""What a settlement is: the facts it decides on, the decision for each line, and the bill."""

from __future__ import annotations

import enum
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date, datetime
from decimal import Decimal

from app.kernel.calendar import Month
from app.kernel.costs import CostKind
from app.kernel.money import ZERO, Money
from app.kernel.regions import Scheme
from app.visit.model import FeeCategory

# How far back a closing holds the months it closes; what falls into a month looks no further back.
MONTHS_BACK = 3


class SettlementKind(enum.StrEnum):
    """结算类型: a settlement, or the negative twin that undoes one."""

    SETTLEMENT = "settlement"  # 结算
    CANCELLATION = "cancellation"  # 撤销


class Reason(enum.StrEnum):
    """Why the fund does not pay all of a line (不予支付原因)."""

    OUT_OF_SCOPE = "out_of_scope"  # 不纳入直接结算
    ENTITLEMENT_LOST = "entitlement_lost"  # 丧失待遇资格之后
    NOT_INJURY_RELATED = "not_injury_related"  # 非工伤（伤病分离）
    NOT_IN_CATALOGUE = "not_in_catalogue"  # 目录外
    DEVICE_NOT_LISTED = "device_not_listed"  # 辅助器具项目范围外
    DEVICE_LIFE = "device_life"  # 未满最低使用年限
    RESTRICTED = "restricted"  # 限制使用未经审批
    OVER_CAP = "over_cap"  # 超最高支付标准
    DEVICE_OVER_CAP = "device_over_cap"  # 超辅助器具最高限额


@dataclass(frozen=True, slots=True, kw_only=True)
class Listing:
    """What the list in force says of a line's item (目录信息)."""

    place: str
    version: int
    label: str
    listed: bool
    cap: Money | None
    restricted: bool
    minimum_life_months: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Charge:
    """One fee line as adjudication sees it; `listing` None: no list is in force for it."""

    serial: str
    position: int
    refund_of: str | None
    category: FeeCategory
    item_code: str | None
    item_name: str
    quantity: Decimal
    unit_price: Decimal
    amount: Money
    day: date
    injury_related: bool
    restricted_approved: bool
    listing: Listing | None
    fitted_before: date | None  # the day the same device was last fitted at the fund's cost

    def turned(self) -> Charge:
        """Return the charge with its signs turned: what a cancellation books."""
        return replace(self, quantity=-self.quantity, amount=-self.amount)


@dataclass(frozen=True, slots=True, kw_only=True)
class Circumstances:
    """What is true of the whole visit: where, under which scheme, and how far entitled."""

    cost_kind: CostKind
    scheme: Scheme
    insured_region: str
    treatment_region: str
    entitlement_lost_on: date | None
    confirmed_on: date


@dataclass(frozen=True, slots=True, kw_only=True)
class LineResult:
    """The decision on one line (明细核算结果): fund share, own share, why, by which clause."""

    charge: Charge
    fund: Money
    own: Money
    reason: Reason | None
    clause: str

    def turned(self) -> LineResult:
        """Return the result a cancellation books."""
        return replace(self, charge=self.charge.turned(), fund=-self.fund, own=-self.own)


@dataclass(frozen=True, slots=True)
class Bill:
    """The decided lines of a visit; its figures are sums of theirs."""

    lines: tuple[LineResult, ...]

    @property
    def total(self) -> Money:
        """Return what was charged."""
        return Money.total(line.charge.amount for line in self.lines)

    @property
    def fund(self) -> Money:
        """Return what the fund pays (基金支付)."""
        return Money.total(line.fund for line in self.lines)

    @property
    def own(self) -> Money:
        """Return what the worker pays (个人支付)."""
        return Money.total(line.own for line in self.lines)

    def own_by_reason(self) -> Mapping[Reason, Money]:
        """Return what the worker pays, by reason, in order of precedence."""
        return own_by_reason(self.lines)


def own_by_reason(lines: Iterable[LineResult]) -> Mapping[Reason, Money]:
    """Add up own shares by reason; reasons that cost nothing are left out."""
    sums = dict.fromkeys(Reason, ZERO)
    for line in lines:
        if line.reason is not None:
            sums[line.reason] += line.own
    return {reason: amount for reason, amount in sums.items() if amount != ZERO}


@dataclass(frozen=True, slots=True, kw_only=True)
class Settlement:
    """One settlement or cancellation as it is kept.

    `conceded` is what contests took off its fund share; `conceded_before` what they had when it was
    booked, so that a clearing counts the rest only.
    """

    id: int
    number: str
    kind: SettlementKind
    visit_id: int
    visit_number: str
    cancels_id: int | None
    cancels: str | None
    cancelled_by: str | None
    settled_at: datetime
    business_day: date
    month: Month
    institution: str
    worker_id: int
    worker_number: str
    filing_id: int
    filing_number: str
    circumstances: Circumstances
    insured_place: str
    treatment_place: str
    line_count: int
    total: Money
    fund: Money
    own: Money
    policy_version: str
    invoice_no: str | None
    adjustment: bool
    reason: str | None
    conceded: Money
    conceded_before: Money
    clearing: str | None
    deducted: Money = ZERO  # what review took off, or proposes to

    def turned(
        self,
        *,
        settled_at: datetime,
        business_day: date,
        month: Month,
        policy_version: str,
        adjustment: bool,
        reason: str | None,
    ) -> Settlement:
        """Return the negative twin; id and number are the database's to give."""
        return replace(
            self,
            id=0,
            number="",
            kind=SettlementKind.CANCELLATION,
            cancels_id=self.id,
            cancels=self.number,
            cancelled_by=None,
            settled_at=settled_at,
            business_day=business_day,
            month=month,
            total=-self.total,
            fund=-self.fund,
            own=-self.own,
            policy_version=policy_version,
            adjustment=adjustment,
            reason=reason,
            conceded=-self.conceded,
            conceded_before=-self.conceded,
            clearing=None,
            deducted=ZERO,
        )


@dataclass(frozen=True, slots=True)
class SettlementWithLines:
    """A settlement and the decision on each of its lines."""

    settlement: Settlement
    bill: Bill


@dataclass(frozen=True, slots=True, kw_only=True)
class Recomputation:
    """A settlement computed again from what it stored, beside what it stored."""

    settlement: Settlement
    bill: Bill
    different: tuple[str, ...]

    @property
    def is_equal(self) -> bool:
        """Say whether every line and the sums came out the same."""
        return not self.different


@dataclass(frozen=True, slots=True, kw_only=True)
class SettlementsAsked:
    """What a caller looks for; what is None does not matter."""

    month: Month | None = None
    institution: str | None = None
    visit: str | None = None
    kind: SettlementKind | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SettleAsked:
    """The institution's own figures, which must be the hub's."""

    total: Money
    line_count: int | None
    invoice_no: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class CancelAsked:
    """Whether an adjustment is meant, and why."""

    adjustment: bool
    reason: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """What a settlement would decide now; nothing is booked (预结算)."""

    visit_number: str
    bill: Bill
    policy_version: str
