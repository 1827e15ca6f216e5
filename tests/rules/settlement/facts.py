"""Facts for rules of settlement: charges, listings and the circumstances of a visit."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

from app.kernel.calendar import Month
from app.kernel.costs import CostKind
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.settlement.model import (
    Charge,
    Circumstances,
    Listing,
    Settlement,
    SettlementKind,
)
from app.visit.model import FeeCategory

DAY = date(2025, 9, 1)


def listing(**other: Any) -> Listing:
    """Return an item listed without cap or restriction."""
    about: dict[str, Any] = {
        "place": "370000",
        "version": 1,
        "label": "2024",
        "listed": True,
        "cap": None,
        "restricted": False,
        "minimum_life_months": None,
    }
    return Listing(**about | other)


def charge(serial: str = "1", **other: Any) -> Charge:
    """Return ten of a listed drug for 1.00 each."""
    about: dict[str, Any] = {
        "position": 1,
        "refund_of": None,
        "category": FeeCategory.DRUG,
        "item_code": "D1",
        "item_name": "示例药品",
        "quantity": Decimal(10),
        "unit_price": Decimal(1),
        "amount": Money(1000),
        "day": DAY,
        "injury_related": True,
        "restricted_approved": False,
        "listing": listing(),
        "fitted_before": None,
    }
    return Charge(serial=serial, **about | other)


def circumstances(**other: Any) -> Circumstances:
    """Return a Beijing worker's stay in Jinan."""
    about: dict[str, Any] = {
        "cost_kind": CostKind.MEDICAL,
        "scheme": Scheme.CROSS_PROVINCE,
        "insured_region": "110000",
        "treatment_region": "370100",
        "entitlement_lost_on": None,
        "confirmed_on": date(2025, 1, 15),
    }
    return Circumstances(**about | other)


def settlement(**other: Any) -> Settlement:
    """Return a settlement of one line of 10.00, all paid by the fund."""
    about: dict[str, Any] = {
        "id": 1,
        "number": "A3701002509010000001",
        "kind": SettlementKind.SETTLEMENT,
        "visit_id": 1,
        "visit_number": "S1",
        "cancels_id": None,
        "cancels": None,
        "cancelled_by": None,
        "settled_at": datetime(2025, 9, 1, 1, tzinfo=UTC),
        "business_day": DAY,
        "month": Month(2025, 9),
        "institution": "H37010000001",
        "worker_id": 1,
        "worker_number": "W1",
        "filing_id": 1,
        "filing_number": "Y1",
        "circumstances": circumstances(),
        "insured_place": "110000",
        "treatment_place": "370000",
        "line_count": 1,
        "total": Money(1000),
        "fund": Money(1000),
        "own": Money(0),
        "policy_version": "test",
        "invoice_no": None,
        "adjustment": False,
        "reason": None,
        "conceded": Money(0),
        "conceded_before": Money(0),
        "clearing": None,
    }
    return Settlement(**about | other)
