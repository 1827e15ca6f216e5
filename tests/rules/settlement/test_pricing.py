"""What the fund pays of one charge: every reason, in order, with its clause."""

from __future__ import annotations

from datetime import date
from decimal import Decimal
from typing import Any

import pytest

from app.kernel.money import ZERO, Money
from app.policy.book import PolicyBook
from app.policy.provisions import Provisions
from app.settlement.model import Reason
from app.settlement.rules.pricing import clause_of, is_early, payable
from app.visit.model import FeeCategory
from tests.rules.settlement.facts import DAY, charge, circumstances, listing

BOOK = PolicyBook.load()
PROVISIONS = Provisions.load()
DEVICE: dict[str, Any] = {"category": FeeCategory.DEVICE, "quantity": Decimal(1)}
WRONG_IN_EVERY_WAY: dict[str, Any] = {
    "category": FeeCategory.TRAVEL,
    "day": date(2025, 9, 2),
    "injury_related": False,
    "listing": None,
}


def decided(at: dict[str, Any] | None = None, /, **other: Any) -> tuple[Money, Reason | None]:
    it = charge(**other)
    return payable(it, circumstances(**at or {}), it.quantity, it.amount)


@pytest.mark.parametrize(
    ("other", "reason"),
    [
        ({"category": FeeCategory.MEAL_SUBSIDY, "listing": None}, Reason.OUT_OF_SCOPE),
        ({"category": FeeCategory.TRAVEL, "listing": None}, Reason.OUT_OF_SCOPE),
        ({"injury_related": False}, Reason.NOT_INJURY_RELATED),
        ({"listing": None}, Reason.NOT_IN_CATALOGUE),
        ({"listing": listing(listed=False)}, Reason.NOT_IN_CATALOGUE),
        ({"listing": listing(restricted=True)}, Reason.RESTRICTED),
        (DEVICE | {"listing": listing(listed=False)}, Reason.DEVICE_NOT_LISTED),
        (
            DEVICE
            | {"listing": listing(minimum_life_months=12), "fitted_before": date(2025, 5, 1)},
            Reason.DEVICE_LIFE,
        ),
    ],
)
def test_what_the_fund_does_not_pay_at_all(other: dict[str, Any], reason: Reason) -> None:
    assert decided(**other) == (ZERO, reason)


def test_the_first_reason_is_told_in_the_order_of_precedence() -> None:
    at = {"entitlement_lost_on": DAY}
    other = dict(WRONG_IN_EVERY_WAY)
    told = [decided(at, **other)[1]]
    other["category"] = FeeCategory.DRUG
    told.append(decided(at, **other)[1])
    other["day"] = DAY
    told.append(decided(at, **other)[1])
    other["injury_related"] = True
    told.append(decided(at, **other)[1])
    other["listing"] = listing(restricted=True, cap=Money(1))
    told.append(decided(at, **other)[1])
    other["restricted_approved"] = True
    told.append(decided(at, **other)[1])
    assert told == [
        Reason.OUT_OF_SCOPE,
        Reason.ENTITLEMENT_LOST,
        Reason.NOT_INJURY_RELATED,
        Reason.NOT_IN_CATALOGUE,
        Reason.RESTRICTED,
        Reason.OVER_CAP,
    ]


def test_the_day_entitlement_was_lost_is_the_last_one_paid() -> None:
    at = {"entitlement_lost_on": DAY}
    assert decided(at, day=DAY) == (Money(1000), None)
    assert decided(at, day=date(2025, 9, 2)) == (ZERO, Reason.ENTITLEMENT_LOST)


@pytest.mark.parametrize(
    ("cap", "fund", "reason"),
    [
        (None, 1000, None),
        (Money(100), 1000, None),
        (Money(101), 1000, None),
        (Money(99), 990, Reason.OVER_CAP),
    ],
)
def test_the_fund_pays_up_to_the_cap_a_unit(
    cap: Money | None, fund: int, reason: Reason | None
) -> None:
    assert decided(listing=listing(cap=cap)) == (Money(fund), reason)


def test_the_cap_of_a_broken_quantity_is_rounded_half_up_to_the_fen() -> None:
    capped: dict[str, Any] = {"listing": listing(cap=Money(1)), "amount": Money(1000)}
    assert decided(quantity=Decimal("2.5"), **capped)[0] == Money(3)
    assert decided(quantity=Decimal("2.4999"), **capped)[0] == Money(2)


def test_a_bed_is_paid_up_to_the_standard_a_day() -> None:
    bed = charge(category=FeeCategory.BED, quantity=Decimal(3), listing=listing(cap=Money(40)))
    at = circumstances()
    fund, reason = payable(bed, at, bed.quantity, bed.amount)
    assert (fund, reason) == (Money(120), Reason.OVER_CAP)
    assert clause_of(reason, bed, at, BOOK) == "hub-default/bed-standard"


@pytest.mark.parametrize(
    ("price", "fund", "reason"),
    [(900, 900, None), (1000, 1000, None), (1001, 1000, Reason.DEVICE_OVER_CAP)],
)
def test_a_device_is_paid_at_its_price_and_no_more_than_the_cap(
    price: int, fund: int, reason: Reason | None
) -> None:
    device = DEVICE | {"amount": Money(price), "listing": listing(cap=Money(1000))}
    assert decided(**device) == (Money(fund), reason)


@pytest.mark.parametrize(
    ("fitted_before", "day", "confirmed_on", "early"),
    [
        (None, date(2025, 9, 1), date(2025, 1, 1), False),
        (date(2025, 3, 1), date(2025, 9, 1), date(2025, 1, 1), True),
        (date(2025, 3, 1), date(2025, 9, 2), date(2025, 1, 1), False),
        (date(2025, 3, 1), date(2025, 9, 1), date(2025, 3, 1), True),
        (date(2025, 3, 1), date(2025, 9, 1), date(2025, 3, 2), False),
    ],
)
def test_a_device_is_replaced_after_its_life_or_on_a_new_confirmation(
    fitted_before: date | None, day: date, confirmed_on: date, *, early: bool
) -> None:
    half_a_year = listing(minimum_life_months=6)
    assert is_early(half_a_year, fitted_before, day, confirmed_on) is early


def test_a_device_without_a_minimum_life_is_never_early() -> None:
    assert not is_early(listing(), date(2025, 8, 31), DAY, date(2025, 1, 1))


@pytest.mark.parametrize(
    ("reason", "insured", "treatment", "clause"),
    [
        (None, "110000", "370100", "injury-regulations/30-catalogue"),
        (Reason.NOT_INJURY_RELATED, "110000", "370100", "shandong-2024/2.4-illness"),
        (Reason.NOT_INJURY_RELATED, "370100", "110000", "beijing-2025-5/3.3-illness"),
        (Reason.NOT_INJURY_RELATED, "370100", "440100", "injury-regulations/30-illness"),
        (Reason.OUT_OF_SCOPE, "110000", "370100", "beijing-2025-5/2.3-subsidies"),
        (Reason.OUT_OF_SCOPE, "370100", "110000", "shandong-2024/1.5-subsidies"),
        (Reason.DEVICE_OVER_CAP, "110000", "370100", "beijing-2025-5/2.3-device-cap"),
        (Reason.DEVICE_OVER_CAP, "370100", "110000", "hub-default/device-over-cap"),
        (Reason.OVER_CAP, "110000", "370100", "hub-default/over-cap"),
        (Reason.NOT_IN_CATALOGUE, "370100", "110000", "beijing-2025-5/3.3-catalogue"),
    ],
)
def test_the_clause_is_of_the_place_whose_rule_decides(
    reason: Reason | None, insured: str, treatment: str, clause: str
) -> None:
    at = circumstances(insured_region=insured, treatment_region=treatment)
    assert clause_of(reason, charge(), at, BOOK) == clause


def test_a_covered_device_rests_on_its_own_clause() -> None:
    assert clause_of(None, charge(**DEVICE), circumstances(), BOOK) == "injury-regulations/32"


@pytest.mark.parametrize("reason", [None, *Reason])
@pytest.mark.parametrize("category", FeeCategory)
@pytest.mark.parametrize("place", ["110000", "370100", "440100"])
def test_every_clause_has_a_sentence_in_both_languages(
    reason: Reason | None, category: FeeCategory, place: str
) -> None:
    at = circumstances(insured_region=place, treatment_region=place)
    clause = clause_of(reason, charge(category=category), at, BOOK)
    assert PROVISIONS.says(clause).isascii()
    assert not PROVISIONS.says_zh(clause).isascii()
