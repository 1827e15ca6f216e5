"""What the fund pays of one charge, and why it does not pay the rest."""

from __future__ import annotations

from datetime import date
from decimal import Decimal

from app.kernel.basis import basis
from app.kernel.calendar import corresponding_day
from app.kernel.money import ZERO, Money
from app.policy.book import PolicyBook
from app.settlement.model import Charge, Circumstances, Listing, Reason
from app.visit.model import SUBSIDIES, FeeCategory

TREATMENT_COVERED = "injury-regulations/30-catalogue"
DEVICE_COVERED = "injury-regulations/32"
# Reasons the insured place's rule decides; all others are the treatment place's.
OF_INSURED_PLACE = frozenset(
    {
        Reason.OUT_OF_SCOPE,
        Reason.ENTITLEMENT_LOST,
        Reason.DEVICE_NOT_LISTED,
        Reason.DEVICE_LIFE,
        Reason.DEVICE_OVER_CAP,
    }
)


@basis(
    "national-2024-11/subsidies",
    "beijing-2025-5/2.3-subsidies",
    "shandong-2024/1.5-subsidies",
    "hub-default/entitlement-lost",
    "beijing-2025-5/3.3-illness",
    "shandong-2024/2.4-illness",
    "injury-regulations/30-illness",
    "beijing-2025-5/3.3-catalogue",
    "beijing-2025-5/2.3-device-list",
    "hub-default/device-not-listed",
    "hub-default/restricted",
)
def exclusion(charge: Charge, at: Circumstances) -> Reason | None:
    """Some charges the fund does not pay at all; the first reason in this order is told.

    Subsidies and travel are reimbursed by the insured agency. The day entitlement was lost is the
    last one paid. 伤病分离: illness is not the injury's. What is in no list, a device replaced
    before its time, and a restricted item without approval are the worker's.
    """
    if charge.category in SUBSIDIES:
        return Reason.OUT_OF_SCOPE
    lost_on = at.entitlement_lost_on
    if lost_on is not None and charge.day > lost_on:
        return Reason.ENTITLEMENT_LOST
    if not charge.injury_related:
        return Reason.NOT_INJURY_RELATED
    return _exclusion_of_item(charge, charge.listing, at)


def _exclusion_of_item(charge: Charge, listing: Listing | None, at: Circumstances) -> Reason | None:
    device = charge.category is FeeCategory.DEVICE
    if listing is None or not listing.listed:
        return Reason.DEVICE_NOT_LISTED if device else Reason.NOT_IN_CATALOGUE
    if device and is_early(listing, charge.fitted_before, charge.day, at.confirmed_on):
        return Reason.DEVICE_LIFE
    if listing.restricted and not charge.restricted_approved:
        return Reason.RESTRICTED
    return None


@basis("device-rules/16")
def is_early(listing: Listing, fitted_before: date | None, day: date, confirmed_on: date) -> bool:
    """A device is replaced after its minimum life, or on a new confirmation (最低使用年限).

    The life runs from the day of the fitting to its corresponding day, that day included.
    """
    if fitted_before is None or listing.minimum_life_months is None:
        return False
    within = day <= corresponding_day(fitted_before, listing.minimum_life_months)
    return within and confirmed_on <= fitted_before


@basis(
    "hub-default/whole-share",
    "hub-default/over-cap",
    "hub-default/bed-standard",
    "hub-default/device-over-cap",
    "beijing-2025-5/2.3-device-cap",
    "hub-default/rounding",
)
def payable(
    charge: Charge, at: Circumstances, quantity: Decimal, amount: Money
) -> tuple[Money, Reason | None]:
    """Return what the fund pays of `quantity` for `amount` on this charge, and why not all.

    All of what is covered, up to the cap a unit (a bed: the standard a day) times the quantity,
    half up to the fen: no deductible, no ratio, no annual cap.
    """
    excluded = exclusion(charge, at)
    if excluded is not None:
        return ZERO, excluded
    listing = charge.listing
    assert listing is not None, "a charge without a list is excluded"
    if listing.cap is None:
        return amount, None
    limit = listing.cap.part(quantity)
    if amount <= limit:
        return amount, None
    device = charge.category is FeeCategory.DEVICE
    return limit, Reason.DEVICE_OVER_CAP if device else Reason.OVER_CAP


@basis("hub-default/reasons", "injury-regulations/32")
def clause_of(reason: Reason | None, charge: Charge, at: Circumstances, book: PolicyBook) -> str:
    """Every line names the clause it rests on, in the place whose rule decides."""
    device = charge.category is FeeCategory.DEVICE
    if reason is None:
        return DEVICE_COVERED if device else TREATMENT_COVERED
    region = at.insured_region if reason in OF_INSURED_PLACE else at.treatment_region
    bed = reason is Reason.OVER_CAP and charge.category is FeeCategory.BED
    key = "bed_standard" if bed else reason.value
    return book.text("adjudication.clause_of_reason", charge.day, region, of=key)
