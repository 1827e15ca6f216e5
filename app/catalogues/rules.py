"""What a version must be to be taken in, and how a row of a sheet says an item."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import date

from app.catalogues.errors import CatalogueDayPast, CatalogueDayTaken, CatalogueInForce
from app.catalogues.model import CatalogueEdition, CatalogueItem, CatalogueKind, CatalogueVersion
from app.kernel.basis import basis
from app.kernel.money import Money
from app.kernel.refusal import Refusal

CODE = re.compile(r"[!-~]{1,40}")
TEXT = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
MONTHS_MAX = 1200
YES, NO = frozenset({"1", "true", "是"}), frozenset({"0", "false", "否", ""})


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemFault:
    """Why a line of a version cannot be taken."""

    line: int
    column: str
    code: str
    detail: str


@basis("hub-default/catalogue-version")
def not_importable(
    edition: CatalogueEdition, same: CatalogueVersion | None, today: date, *, taken: bool
) -> Refusal | None:
    """A version in force is never altered (已生效不得修改); a new one begins today or later.

    `same` bears the label already; `taken` says whether yet another one has the first day.
    """
    if same is not None and same.first_day <= today:
        return CatalogueInForce(place=same.place, label=same.label, first_day=same.first_day)
    if edition.first_day < today:
        return CatalogueDayPast(earliest=today)
    if taken:
        return CatalogueDayTaken(label=edition.label, first_day=edition.first_day)
    return None


@basis("hub-default/catalogue-version")
def read_items(
    rows: Sequence[tuple[int, Mapping[str, str]]], kind: CatalogueKind
) -> list[CatalogueItem] | list[ItemFault]:
    """A version is taken in whole or not at all: every faulty cell is told, codes are unique."""
    faults = [fault for line, cells in rows for fault in _faults_of(line, cells, kind)]
    first: dict[str, int] = {}
    for line, cells in rows:
        known = first.setdefault(cells["code"], line)
        if known != line:
            detail = f"the code stands in line {known} already 编码与第{known}行重复"
            faults.append(ItemFault(line=line, column="code", code="repeated", detail=detail))
    if not rows:
        detail = "a version has at least one item 至少一个项目"
        faults.append(ItemFault(line=2, column="code", code="empty", detail=detail))
    if faults:
        return sorted(faults, key=lambda fault: fault.line)
    return [_item(cells) for _, cells in rows]


def _item(cells: Mapping[str, str]) -> CatalogueItem:
    life = cells["minimum_life_months"]
    return CatalogueItem(
        code=cells["code"],
        name=cells["name"],
        unit=cells["unit"],
        specification=cells["specification"],
        cap=Money.yuan(cells["cap"]) if cells["cap"] else None,
        restricted=cells["restricted"] in YES,
        minimum_life_months=int(life) if life else None,
    )


def _faults_of(line: int, cells: Mapping[str, str], kind: CatalogueKind) -> Iterator[ItemFault]:
    life, is_device = cells["minimum_life_months"], kind is CatalogueKind.DEVICE
    checks = {
        "code": (bool(CODE.fullmatch(cells["code"])), "1 to 40 visible characters 1至40个可见字符"),
        "name": (bool(TEXT.fullmatch(cells["name"])), "1 to 200 characters 1至200个字符"),
        "unit": (bool(TEXT.fullmatch(cells["unit"])), "1 to 200 characters 1至200个字符"),
        "specification": (
            not cells["specification"] or bool(TEXT.fullmatch(cells["specification"])),
            "at most 200 characters 最多200个字符",
        ),
        "cap": (
            not cells["cap"] or _is_price(cells["cap"]),
            "yuan above zero, at most two decimals, or nothing 大于零的金额（元）或留空",
        ),
        "restricted": (cells["restricted"] in YES | NO, "1 or 0 填写1或0"),
        "minimum_life_months": (
            not life or (is_device and _is_life(life)),
            "months, for devices only 月数，仅辅助器具填写",
        ),
    }
    for column, (is_good, expected) in checks.items():
        if not is_good:
            yield ItemFault(line=line, column=column, code="expected", detail=expected)


def _is_price(text: str) -> bool:
    try:
        return Money.yuan(text).fen > 0
    except ValueError:
        return False


def _is_life(text: str) -> bool:
    return text.isascii() and text.isdecimal() and len(text) <= 4 and 0 < int(text) <= MONTHS_MAX  # noqa: PLR2004 -- four digits hold the largest
