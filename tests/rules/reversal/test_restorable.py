"""When a cancellation may be undone: not cleared yet, and the lines as they were settled."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from app.kernel.money import Money
from app.settlement import rules
from app.settlement.errors import SettlementInClearing, VisitMovedOn
from app.settlement.model import Bill, LineResult, SettlementKind
from app.visit.model import FeeCategory, FeeLine
from tests.rules.settlement.facts import charge, settlement

CANCELLATION = settlement(kind=SettlementKind.CANCELLATION, cancels="A1", cancels_id=1)
DECIDED = LineResult(
    charge=charge("1"), fund=Money(1000), own=Money(0), reason=None, clause="hub-default/shares"
)
BILL = Bill((DECIDED,))


def held(**other: Any) -> FeeLine:
    """Return the visit's line as it was charged."""
    about = DECIDED.charge
    return FeeLine(
        **{
            "serial": about.serial,
            "refund_of": about.refund_of,
            "category": about.category,
            "item_code": about.item_code,
            "item_name": about.item_name,
            "institution_item_code": None,
            "specification": None,
            "unit": None,
            "quantity": about.quantity,
            "unit_price": about.unit_price,
            "amount": about.amount,
            "occurred_at": datetime(2025, 9, 1, 1, tzinfo=UTC),
            "injury_related": about.injury_related,
            "restricted_approved": about.restricted_approved,
            "department": None,
            "physician": None,
        }
        | other
    )


def test_a_cancellation_is_undone_while_the_lines_are_the_same() -> None:
    rules.require_restorable(CANCELLATION, BILL, [held()])
    later_that_day = datetime(2025, 9, 1, 1, tzinfo=UTC) + timedelta(hours=2)
    rules.require_restorable(CANCELLATION, BILL, [held(occurred_at=later_that_day)])


def test_a_cancellation_that_a_clearing_took_stands() -> None:
    with pytest.raises(SettlementInClearing) as refused:
        rules.require_restorable(replace(CANCELLATION, clearing="C1"), BILL, [held()])
    assert refused.value.facts["clearing"] == "C1"


@pytest.mark.parametrize(
    "other",
    [
        {"serial": "2"},
        {"amount": Money(999)},
        {"item_code": "D2"},
        {"category": FeeCategory.SERVICE},
        {"injury_related": False},
        {"restricted_approved": True},
        {"occurred_at": datetime(2025, 9, 2, 1, tzinfo=UTC)},
    ],
)
def test_a_cancellation_stands_once_a_line_is_another(other: dict[str, Any]) -> None:
    with pytest.raises(VisitMovedOn):
        rules.require_restorable(CANCELLATION, BILL, [held(**other)])


def test_a_cancellation_stands_once_a_line_came_or_went() -> None:
    for lines in ([], [held(), held(serial="2")]):
        with pytest.raises(VisitMovedOn):
            rules.require_restorable(CANCELLATION, BILL, lines)
