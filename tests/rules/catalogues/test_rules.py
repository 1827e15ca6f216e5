"""A version begins today or later, is never altered once in force, and is taken whole."""

from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from app.catalogues.errors import CatalogueDayPast, CatalogueDayTaken, CatalogueInForce
from app.catalogues.model import (
    CatalogueEdition,
    CatalogueItem,
    CatalogueKind,
    CatalogueVersion,
    digest_of,
)
from app.catalogues.rules import not_importable, read_items
from app.kernel.money import Money
from app.kernel.refusal import Refusal

YESTERDAY, TODAY, TOMORROW = date(2025, 8, 31), date(2025, 9, 1), date(2025, 9, 2)
DRUG, DEVICE = CatalogueKind.DRUG, CatalogueKind.DEVICE


def edition(first_day: date) -> CatalogueEdition:
    return CatalogueEdition(
        place="370000", kind=DEVICE, label="新版", first_day=first_day, source="synthetic"
    )


def version(first_day: date) -> CatalogueVersion:
    return CatalogueVersion(
        id=1,
        place="370000",
        kind=DEVICE,
        label="新版",
        first_day=first_day,
        source="synthetic",
        digest=b"",
        item_count=1,
        imported_at=datetime(2025, 1, 1, tzinfo=UTC),
        imported_by="370000",
    )


# In order of precedence.
IMPORTS: list[tuple[date, date | None, bool, type[Refusal] | None]] = [
    (YESTERDAY, YESTERDAY, True, CatalogueInForce),
    (TOMORROW, TODAY, False, CatalogueInForce),
    (YESTERDAY, TOMORROW, True, CatalogueDayPast),
    (YESTERDAY, None, False, CatalogueDayPast),
    (TOMORROW, TOMORROW, True, CatalogueDayTaken),
    (TODAY, None, False, None),
    (TOMORROW, TOMORROW, False, None),
]


@pytest.mark.parametrize(("first_day", "same", "taken", "expected"), IMPORTS)
def test_what_is_in_force_stands_and_what_comes_may_still_be_replaced(
    first_day: date, same: date | None, *, taken: bool, expected: type[Refusal] | None
) -> None:
    known = None if same is None else version(same)
    refusal = not_importable(edition(first_day), known, TODAY, taken=taken)
    assert type(refusal) is (expected or type(None))


def cells(**other: str) -> dict[str, str]:
    return {
        "code": "A1",
        "name": "小腿假肢（示例）",
        "unit": "具",
        "specification": "",
        "cap": "12000.00",
        "restricted": "1",
        "minimum_life_months": "36",
    } | other


ITEM = CatalogueItem(
    code="A1",
    name="小腿假肢（示例）",
    unit="具",
    specification="",
    cap=Money(1_200_000),
    restricted=True,
    minimum_life_months=36,
)


def test_a_row_says_an_item() -> None:
    plain = cells(code="A2", cap="", restricted="", minimum_life_months="", specification="右")
    assert read_items([(2, cells()), (3, plain)], DEVICE) == [
        ITEM,
        CatalogueItem(
            code="A2",
            name="小腿假肢（示例）",
            unit="具",
            specification="右",
            cap=None,
            restricted=False,
            minimum_life_months=None,
        ),
    ]


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("code", ""),
        ("code", "甲"),
        ("name", ""),
        ("name", "a\x00"),
        ("unit", "具" * 201),
        ("specification", "a\nb"),
        ("cap", "0"),
        ("cap", "1.005"),
        ("cap", "-3"),
        ("restricted", "maybe"),
        ("minimum_life_months", "0"),
        ("minimum_life_months", "1201"),
        ("minimum_life_months", "99999"),
        ("minimum_life_months", "１２"),
    ],
)
def test_a_faulty_cell_is_told_with_its_line(column: str, cell: str) -> None:
    faults = read_items([(2, cells(code="A0")), (7, cells(**{column: cell}))], DEVICE)
    assert [
        (fault.line, fault.column) for fault in faults if not isinstance(fault, CatalogueItem)
    ] == [(7, column)]
    assert len(faults) == 1


def test_only_devices_have_a_minimum_life() -> None:
    (fault,) = read_items([(2, cells())], DRUG)
    assert not isinstance(fault, CatalogueItem)
    assert fault.column == "minimum_life_months"


def test_a_code_stands_once_and_a_list_is_not_empty() -> None:
    for rows, code in (([(2, cells()), (3, cells())], "repeated"), ([], "empty")):
        (fault,) = read_items(rows, DEVICE)
        assert not isinstance(fault, CatalogueItem)
        assert fault.code == code


def test_a_list_is_known_again_however_it_is_sorted_but_not_with_another_cap() -> None:
    other = CatalogueItem(
        code="A0",
        name="甲",
        unit="具",
        specification="",
        cap=None,
        restricted=False,
        minimum_life_months=None,
    )
    dearer = CatalogueItem(
        code="A0",
        name="甲",
        unit="具",
        specification="",
        cap=Money(1),
        restricted=False,
        minimum_life_months=None,
    )
    assert digest_of([ITEM, other]) == digest_of([other, ITEM])
    assert digest_of([ITEM, other]) != digest_of([ITEM, dearer])
