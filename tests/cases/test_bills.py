"""The worked bills, held against the rules."""

from __future__ import annotations

import tomllib
from decimal import Decimal
from pathlib import Path
from typing import Any

import pytest

from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.policy.book import PolicyBook
from app.policy.provisions import Provisions
from app.settlement import rules
from app.settlement.model import Charge
from app.visit.model import SUBSIDIES, FeeCategory
from tests.rules.settlement.facts import charge, circumstances, listing

BOOK = PolicyBook.load()
PROVISIONS = Provisions.load()
BILLS: list[dict[str, Any]] = tomllib.loads(
    Path(__file__).with_name("bills.toml").read_text("utf-8")
)["bill"]
KNOWN = frozenset(
    {
        "amount", "approved", "cap", "category", "clause", "day", "fitted_before", "fund",
        "injury_related", "listed", "minimum_life_months", "own", "quantity", "reason",
        "refund_of", "restricted",
    }
)  # fmt: skip


def _charge(position: int, said: dict[str, Any], bill: dict[str, Any]) -> Charge:
    assert KNOWN.issuperset(said), "a word the runner does not know"
    refund_of = said.get("refund_of")
    judged = said if refund_of is None else bill["line"][refund_of - 1]
    category = FeeCategory(said["category"])
    listed = listing(
        listed=judged.get("listed", True),
        cap=Money.yuan(judged["cap"]) if "cap" in judged else None,
        restricted=judged.get("restricted", False),
        minimum_life_months=judged.get("minimum_life_months"),
    )
    return charge(
        str(position),
        position=position,
        refund_of=None if refund_of is None else str(refund_of),
        category=category,
        quantity=Decimal(said["quantity"]),
        amount=Money.yuan(said["amount"]),
        day=said.get("day", bill["day"]),
        injury_related=said.get("injury_related", True),
        restricted_approved=said.get("approved", False),
        listing=None if category in SUBSIDIES else listed,
        fitted_before=said.get("fitted_before"),
    )


@pytest.mark.parametrize("bill", BILLS, ids=[bill["name"] for bill in BILLS])
def test_a_worked_bill_comes_out_as_written(bill: dict[str, Any]) -> None:
    at = circumstances(
        scheme=Scheme(bill.get("scheme", "cross_province")),
        insured_region=bill["insured"],
        treatment_region=bill["treatment"],
        entitlement_lost_on=bill.get("entitled_until"),
        **({"confirmed_on": bill["confirmed_on"]} if "confirmed_on" in bill else {}),
    )
    charges = [_charge(n, said, bill) for n, said in enumerate(bill["line"], start=1)]
    decided = rules.adjudicate(charges, at, BOOK)
    for said, line in zip(bill["line"], decided.lines, strict=True):
        shown = (str(line.fund), str(line.own), line.reason)
        assert shown == (said["fund"], said["own"], said.get("reason"))
        assert line.clause == said.get("clause", line.clause)
    sums = (str(decided.total), str(decided.fund), str(decided.own))
    assert sums == (bill["total"], bill["fund"], bill["own"])


@pytest.mark.parametrize("bill", BILLS, ids=[bill["name"] for bill in BILLS])
def test_a_worked_bill_names_clauses_that_exist(bill: dict[str, Any]) -> None:
    assert set(bill["clauses"]) <= set(PROVISIONS.clauses)
