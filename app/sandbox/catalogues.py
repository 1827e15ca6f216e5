"""Synthetic price lists: one base list, and what each place makes of it.

Caps differ between places by a fixed factor, some items are missing here or there, and some have
no cap. The same place always gives the same list.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cache
from hashlib import blake2b
from typing import Literal

from app.kernel.money import Money
from app.kernel.regions import province_of
from app.runtime.seeds import seed_rows

ItemKind = Literal["drug", "service", "rehabilitation", "bed", "device"]
KINDS: tuple[ItemKind, ...] = ("drug", "service", "rehabilitation", "bed", "device")
COLUMNS = ("code", "name", "unit", "specification", "cap", "restricted", "minimum_life_months")

# What things cost in a place, as a percentage of the base list.
FACTORS = {
    "110000": 124, "120000": 110, "130000": 94, "140000": 92, "150000": 95, "210000": 96,
    "220000": 92, "230000": 91, "310000": 128, "320000": 112, "330000": 115, "340000": 95,
    "350000": 104, "360000": 93, "370000": 100, "410000": 90, "420000": 98, "430000": 96,
    "440000": 118, "450000": 92, "460000": 101, "500000": 99, "510000": 97, "520000": 89,
    "530000": 91, "540000": 106, "610000": 95, "620000": 87, "630000": 93, "640000": 90,
    "650000": 96, "660000": 94,
}  # fmt: skip

# Per kind and per thousand items: how many a place leaves out, and how many it lists uncapped.
MISSING = {"drug": 40, "service": 40, "rehabilitation": 40, "bed": 0, "device": 30}
UNCAPPED = {"drug": 620, "service": 60, "rehabilitation": 80, "bed": 0, "device": 0}
SWING = 13  # a place's own taste: up to 6 per cent up or down, item by item
PER_JIAO = 100 * 100 * 10  # two percentages and ten fen


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueRow:
    """One item of one place's catalogue (目录); `usual_price` is what is charged there."""

    kind: ItemKind
    code: str
    name: str
    unit: str
    specification: str
    cap: Money | None
    usual_price: Money
    restricted: bool
    minimum_life_months: int | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _BaseItem:
    """One line of the committed base list."""

    code: str
    name: str
    unit: str
    specification: str
    price_fen: int
    restricted: bool
    minimum_life_months: int | None


@cache
def items_of(place: str, kind: ItemKind) -> tuple[CatalogueRow, ...]:
    """Return a place's catalogue of one kind; a city uses its province's."""
    province = province_of(place)
    return tuple(
        _priced(province, kind, item)
        for item in _base(kind)
        if _dice(province, item.code, "listed") % 1000 >= MISSING[kind]
    )


def as_csv(rows: Iterable[CatalogueRow]) -> str:
    """Write a catalogue in its import's columns; caps in yuan, empty where there is none."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    writer.writerow(COLUMNS)
    for row in rows:
        cap = "" if row.cap is None else str(row.cap)
        life = "" if row.minimum_life_months is None else row.minimum_life_months
        restricted = "1" if row.restricted else "0"
        writer.writerow((row.code, row.name, row.unit, row.specification, cap, restricted, life))
    return out.getvalue()


@cache
def _base(kind: ItemKind) -> tuple[_BaseItem, ...]:
    return tuple(
        _BaseItem(
            code=row["code"],
            name=row["name"],
            unit=row["unit"],
            specification=row["specification"],
            price_fen=int(row["base_price_fen"]),
            restricted=row["restricted"] == "1",
            minimum_life_months=int(row["minimum_life_months"] or 0) or None,
        )
        for row in seed_rows("catalogue_items.csv")
        if row["kind"] == kind
    )


def _priced(province: str, kind: ItemKind, item: _BaseItem) -> CatalogueRow:
    """Apply a place's factor and taste to an item, in whole jiao (角)."""
    swing = _dice(province, item.code, "price") % SWING - SWING // 2
    exact = item.price_fen * FACTORS[province] * (100 + swing)
    price = Money(max((exact + PER_JIAO // 2) // PER_JIAO, 1) * 10)
    is_uncapped = _dice(province, item.code, "cap") % 1000 < UNCAPPED[kind]
    return CatalogueRow(
        kind=kind,
        code=item.code,
        name=item.name,
        unit=item.unit,
        specification=item.specification,
        cap=None if is_uncapped else price,
        usual_price=price,
        restricted=item.restricted,
        minimum_life_months=item.minimum_life_months,
    )


def _dice(place: str, code: str, question: str) -> int:
    """A throw that always falls the same way for the same place, item and question."""
    seed = f"{place} {code} {question}".encode()
    return int.from_bytes(blake2b(seed, digest_size=4).digest(), "big")
