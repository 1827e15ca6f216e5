"""How a province's claims fall to its cities, for its clearing with them at the second level."""

from __future__ import annotations

from collections.abc import Iterable

from app.clearing.model.paying import CityShare
from app.kernel.basis import basis
from app.kernel.money import Money
from app.kernel.regions import city_of


@basis("hub-default/gross")
def by_city(regions: Iterable[CityShare]) -> tuple[CityShare, ...]:
    """Add what districts have up by their cities (分市); a single city is its own province."""
    sums: dict[tuple[str, str, str], list[CityShare]] = {}
    for each in regions:
        city = city_of(each.city) or each.city
        sums.setdefault((each.insured_place, each.treatment_place, city), []).append(each)
    return tuple(
        CityShare(
            city=city,
            insured_place=insured,
            treatment_place=treatment,
            settlements=sum(it.settlements for it in parts),
            total=Money.total(it.total for it in parts),
            fund=Money.total(it.fund for it in parts),
        )
        for (insured, treatment, city), parts in sorted(sums.items())
    )
