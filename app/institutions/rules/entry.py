"""What an entry of the list must say, and how a row of a sheet says it."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from datetime import date
from itertools import pairwise, product

from app.institutions.errors import (
    InstitutionCodeMismatch,
    InstitutionGradeMismatch,
    InstitutionRowMalformed,
    InstitutionScopeOverlap,
    InstitutionTypeMismatch,
    InstitutionUsccFault,
)
from app.institutions.model import (
    TYPE_NEEDED,
    Grade,
    InstitutionEntry,
    InstitutionScope,
    InstitutionType,
)
from app.kernel.basis import basis
from app.kernel.calendar import is_within_reach
from app.kernel.identity import uscc_fault
from app.kernel.refusal import Refusal
from app.kernel.regions import REGION_CODE, Scheme

CODE = re.compile(r"[HA][0-9]{11}")
DAY = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
TEXT = re.compile(r"[^\x00-\x1f\x7f]{1,200}")
LISTED = re.compile(r"[；;]")


@basis("hub-default/institution-code", "hub-default/institution-types")
def entry_faults(entry: InstitutionEntry) -> list[Refusal]:
    """The code tells hospital (H) from device firm (A) and names the division; grades fit.

    A unified social credit code passes the check of GB 32100. A scope needs the institution's
    type to match, and no day lies in two scopes of one kind.
    """
    faults: list[Refusal] = []
    is_firm = entry.types == {InstitutionType.DEVICE}
    expected = f"{'A' if is_firm else 'H'}{entry.region}"
    if not entry.code.startswith(expected):
        faults.append(InstitutionCodeMismatch(expected=expected))
    if is_firm is not (entry.grade is None):
        faults.append(InstitutionGradeMismatch())
    mistyped = None if entry.uscc is None else uscc_fault(entry.uscc)
    if mistyped is not None:
        faults.append(InstitutionUsccFault(fault=mistyped))
    faults.extend(
        InstitutionTypeMismatch(
            institution=entry.code, types=sorted(entry.types), cost_kind=cost_kind
        )
        for cost_kind in sorted({scope.cost_kind for scope in entry.scopes})
        if TYPE_NEEDED[cost_kind] not in entry.types
    )
    faults.extend(_overlaps(entry.scopes))
    return faults


def _overlaps(scopes: tuple[InstitutionScope, ...]) -> Iterator[Refusal]:
    clashing: dict[tuple[str, str], None] = {}
    for scope in scopes:
        if scope.last_day is not None and scope.last_day < scope.first_day:
            clashing[scope.cost_kind, scope.scheme] = None
    ordered = sorted(scopes, key=lambda each: (each.cost_kind, each.scheme, each.first_day))
    for one, next_one in pairwise(ordered):
        is_same = (one.cost_kind, one.scheme) == (next_one.cost_kind, next_one.scheme)
        if is_same and one.covers(next_one.first_day):
            clashing[one.cost_kind, one.scheme] = None
    for cost_kind, scheme in clashing:
        yield InstitutionScopeOverlap(cost_kind=cost_kind, scheme=scheme)


@basis("hub-default/institution-code", "hub-default/institution-scope")
def read_row(cells: Mapping[str, str]) -> InstitutionEntry | list[Refusal]:
    """A row offers each of its types under each of its schemes, on the same days.

    Returns every column that cannot be read, or else everything wrong with the entry.
    """
    faults = list(_malformed(cells))
    if faults:
        return faults
    types = [InstitutionType(each) for each in _listed(cells["types"])]
    schemes = [Scheme(each) for each in _listed(cells["schemes"])]
    costs = {needed: cost_kind for cost_kind, needed in TYPE_NEEDED.items()}
    entry = InstitutionEntry(
        code=cells["code"],
        name=cells["name"],
        aliases=_listed(cells["aliases"]),
        types=frozenset(types),
        grade=Grade(cells["grade"]) if cells["grade"] else None,
        region=cells["region"],
        address=cells["address"],
        address_aliases=_listed(cells["address_aliases"]),
        specialities=_listed(cells["specialities"]),
        uscc=None,
        source=cells["source"],
        scopes=tuple(
            InstitutionScope(
                cost_kind=costs[each],
                scheme=scheme,
                first_day=date.fromisoformat(cells["first_day"]),
                last_day=date.fromisoformat(cells["last_day"]) if cells["last_day"] else None,
            )
            for each, scheme in product(types, schemes)
        ),
    )
    return entry_faults(entry) or entry


def _listed(cell: str) -> tuple[str, ...]:
    """Split a cell that lists several values with ；, each once."""
    return tuple(dict.fromkeys(part.strip() for part in LISTED.split(cell) if part.strip()))


def _malformed(cells: Mapping[str, str]) -> Iterator[Refusal]:
    """Yield every column that does not hold what is expected, in the order of the columns."""
    for column, (is_good, expected, expected_zh) in _expected(cells).items():
        if not is_good:
            yield InstitutionRowMalformed(
                column=column, expected=expected, expected_zh=expected_zh or expected
            )


def _expected(cells: Mapping[str, str]) -> dict[str, tuple[bool, str, str]]:
    last_day = cells["last_day"]
    return {
        "code": (bool(CODE.fullmatch(cells["code"])), "H or A and 11 digits", "H或A加11位数字"),
        "name": _text(cells["name"]),
        "aliases": _texts(cells["aliases"]),
        "types": (_are_all(cells["types"], InstitutionType), "; ".join(InstitutionType), ""),
        "grade": (cells["grade"] in ("", *Grade), "; ".join(Grade), ""),
        "region": (bool(REGION_CODE.match(cells["region"])), "six digits", "六位区划代码"),
        "address": _text(cells["address"]),
        "address_aliases": _texts(cells["address_aliases"]),
        "schemes": (_are_all(cells["schemes"], Scheme), "; ".join(Scheme), ""),
        "first_day": (_is_day(cells["first_day"]), "YYYY-MM-DD", ""),
        "last_day": (
            not last_day or _is_day(last_day),
            "YYYY-MM-DD or nothing",
            "YYYY-MM-DD或留空",
        ),
        "specialities": _texts(cells["specialities"]),
        "source": _text(cells["source"]),
    }


def _text(cell: str) -> tuple[bool, str, str]:
    return bool(TEXT.fullmatch(cell)), "a text of 1 to 200 characters", "1至200个字符的文字"


def _texts(cell: str) -> tuple[bool, str, str]:
    are_good = all(TEXT.fullmatch(each) for each in _listed(cell))
    return are_good, "texts of at most 200 characters", "每项不超过200个字符的文字"


def _are_all(cell: str, words: type[InstitutionType | Scheme]) -> bool:
    found = _listed(cell)
    return bool(found) and set(found) <= {word.value for word in words}


def _is_day(text: str) -> bool:
    if not DAY.fullmatch(text):
        return False
    try:
        return is_within_reach(date.fromisoformat(text))
    except ValueError:
        return False
