"""Which place's list decides about a line."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from app.catalogues.model import CatalogueKind, Found, Wanted
from app.kernel.basis import basis
from app.kernel.regions import Scheme, city_of, province_of
from app.policy.book import PolicyBook
from app.settlement.errors import ListMissing
from app.settlement.model import Charge, Circumstances, Listing
from app.visit.model import SUBSIDIES, ChargedItem, FeeCategory

UNMAPPED = ""  # no list has this code


@basis(
    "beijing-2025-5/2.3-catalogue",
    "shandong-2024/1.3",
    "hub-default/catalogue-version",
    "hub-default/rehabilitation-list",
)
def list_of(
    category: FeeCategory, at: Circumstances, day: date, book: PolicyBook
) -> tuple[CatalogueKind, str] | None:
    """Treatment follows the treatment place's lists, devices the insured place's (执行何地目录).

    Whose rehabilitation list applies is policy of the treatment province. Subsidies have no list.
    """
    if category in SUBSIDIES:
        return None
    kind = CatalogueKind(category.value)
    if category is FeeCategory.DEVICE:
        return kind, pooling_place(at.insured_region)
    if category is FeeCategory.REHABILITATION:
        name = "catalogue.rehabilitation_list"
        whose = book.text(name, day, at.treatment_region, of=at.scheme.value)
        if whose == "province":
            return kind, province_of(at.treatment_region)
    return kind, pooling_place(at.treatment_region)


@basis("hub-default/catalogue-version")
def pooling_place(region: str) -> str:
    """A list is a city's, or its province's where the city has none (统筹地区)."""
    return city_of(region) or province_of(region)


@basis("hub-default/gross", "shandong-2024/1")
def paying_place(region: str, scheme: Scheme) -> str:
    """Between provinces the province owes and is owed, within one the city."""
    return province_of(region) if scheme is Scheme.CROSS_PROVINCE else pooling_place(region)


@basis("hub-default/catalogue-version", "hub-default/civil-time")
def wanted(
    lines: Sequence[ChargedItem], at: Circumstances, book: PolicyBook
) -> Mapping[str, Wanted]:
    """Say by serial what is to be looked up: the item, in the list of the day of service.

    A refund is judged as the charge it takes back, so nothing is looked up for it.
    """
    found: dict[str, Wanted] = {}
    for line in lines:
        which = list_of(line.category, at, line.day, book)
        if which is not None and line.refund_of is None:
            kind, place = which
            found[line.serial] = Wanted(kind, place, line.item_code or UNMAPPED, line.day)
    return found


@basis("hub-default/catalogue-version")
def require_lists(
    lines: Sequence[ChargedItem], asked: Mapping[str, Wanted], found: Mapping[str, Found]
) -> None:
    """A line is judged by a list in force; where the place has none the worker is not charged.

    An item that stands in no list is the worker's; a place without any list is an omission of its
    agency, and would make every line personal in silence.
    """
    missing = {
        f"{wanted.place} {wanted.kind.value} {wanted.day}"
        for line in lines
        if line.injury_related
        if (wanted := asked.get(line.serial)) is not None and line.serial not in found
    }
    if missing:
        raise ListMissing(lists=sorted(missing))


@basis("hub-default/catalogue-version", "device-rules/16")
def charges(
    lines: Sequence[ChargedItem], found: Mapping[str, Found], fitted: Mapping[str, date]
) -> list[Charge]:
    """Put beside every line what the list says of its item, and when it was last fitted.

    `found` is what was looked up, by the serial of the line it was looked up for.
    """
    made: list[Charge] = []
    for position, line in enumerate(lines, start=1):
        there = found.get(line.refund_of or line.serial)
        device = line.category is FeeCategory.DEVICE and line.item_code is not None
        made.append(
            Charge(
                serial=line.serial,
                position=position,
                refund_of=line.refund_of,
                category=line.category,
                item_code=line.item_code,
                item_name=line.item_name,
                quantity=line.quantity,
                unit_price=line.unit_price,
                amount=line.amount,
                day=line.day,
                injury_related=line.injury_related,
                restricted_approved=line.restricted_approved,
                listing=None if there is None else _listing(there),
                fitted_before=fitted.get(line.item_code or UNMAPPED) if device else None,
            )
        )
    return made


def _listing(found: Found) -> Listing:
    version, item = found.version, found.item
    return Listing(
        place=version.place,
        version=version.id,
        label=version.label,
        listed=item is not None,
        cap=None if item is None else item.cap,
        restricted=item is not None and item.restricted,
        minimum_life_months=None if item is None else item.minimum_life_months,
    )
