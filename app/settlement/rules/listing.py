"""Which place's list decides about a line."""

from __future__ import annotations

from datetime import date

from app.catalogues.model import CatalogueKind
from app.kernel.basis import basis
from app.kernel.regions import Scheme, city_of, province_of
from app.policy.book import PolicyBook
from app.settlement.model import Circumstances
from app.visit.model import SUBSIDIES, FeeCategory


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
