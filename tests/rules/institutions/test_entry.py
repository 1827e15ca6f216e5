"""An entry agrees with itself, and a row of a sheet says an entry or everything wrong with it."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.institutions.errors import InstitutionRowMalformed
from app.institutions.model import Grade, InstitutionEntry, InstitutionScope, InstitutionType
from app.institutions.rules import entry_faults, read_row
from app.kernel.costs import CostKind
from app.kernel.regions import Scheme
from app.runtime.seeds import seed_rows
from tests.support.institutions import row

MEDICAL, REHABILITATION, DEVICE = InstitutionType


def scope(first: date, last: date | None = None, **other: CostKind | Scheme) -> InstitutionScope:
    cost_kind = other.get("cost_kind", CostKind.MEDICAL)
    scheme = other.get("scheme", Scheme.CROSS_PROVINCE)
    assert isinstance(cost_kind, CostKind)
    assert isinstance(scheme, Scheme)
    return InstitutionScope(cost_kind=cost_kind, scheme=scheme, first_day=first, last_day=last)


HOSPITAL = InstitutionEntry(
    code="H37010000001",
    name="济南示例医院",
    aliases=(),
    types=frozenset({MEDICAL}),
    grade=Grade.THREE_A,
    region="370100",
    address="济南",
    address_aliases=(),
    specialities=(),
    uscc=None,
    source="synthetic",
    scopes=(scope(date(2024, 4, 1)),),
)
DEVICES = scope(date(2024, 4, 1), cost_kind=CostKind.DEVICE)
FIRM = replace(
    HOSPITAL, code="A37010000001", types=frozenset({DEVICE}), grade=None, scopes=(DEVICES,)
)


def codes(entry: InstitutionEntry) -> list[str]:
    return [fault.code for fault in entry_faults(entry)]


def test_a_hospital_and_a_device_firm_agree_with_themselves() -> None:
    assert codes(HOSPITAL) == []
    assert codes(FIRM) == []


def test_a_social_credit_code_is_checked_by_its_last_digit() -> None:
    good = "91370100MA3C0000X8"
    assert codes(replace(HOSPITAL, uscc=good)) == []
    assert codes(replace(HOSPITAL, uscc=good[:-1] + "0")) == ["institution-uscc-fault"]


@pytest.mark.parametrize(
    "code", ["A37010000001", "H37020000001"], ids=["a firm's letter", "another division"]
)
def test_the_code_tells_the_letter_and_the_division(code: str) -> None:
    assert codes(replace(HOSPITAL, code=code)) == ["institution-code-mismatch"]


def test_hospitals_have_a_grade_and_firms_have_none() -> None:
    assert codes(replace(HOSPITAL, grade=None)) == ["institution-grade-mismatch"]
    assert codes(replace(FIRM, grade=Grade.TWO)) == ["institution-grade-mismatch"]


def test_a_hospital_that_also_fits_devices_is_a_hospital() -> None:
    both = replace(HOSPITAL, types=frozenset({MEDICAL, DEVICE}), scopes=(*HOSPITAL.scopes, DEVICES))
    assert codes(both) == []


def test_a_scope_needs_the_type() -> None:
    assert codes(replace(HOSPITAL, scopes=(DEVICES,))) == ["institution-type-mismatch"]


@pytest.mark.parametrize(
    ("scopes", "is_good"),
    [
        ((scope(date(2024, 1, 1), date(2024, 6, 30)), scope(date(2024, 7, 1))), True),
        ((scope(date(2024, 7, 1)), scope(date(2024, 1, 1), date(2024, 7, 1))), False),
        ((scope(date(2024, 1, 1)), scope(date(2030, 1, 1))), False),
        ((scope(date(2024, 1, 1)), scope(date(2024, 1, 1), scheme=Scheme.IN_PROVINCE)), True),
        ((scope(date(2024, 1, 2), date(2024, 1, 1)),), False),
        ((scope(date(2024, 1, 1), date(2024, 1, 1)),), True),
    ],
    ids=["one after the other", "one shared day", "open end", "two schemes", "backwards", "a day"],
)
def test_no_day_lies_in_two_scopes_of_one_kind(
    scopes: tuple[InstitutionScope, ...], *, is_good: bool
) -> None:
    expected = [] if is_good else ["institution-scope-overlap"]
    assert codes(replace(HOSPITAL, scopes=scopes)) == expected


def test_every_seeded_row_says_an_entry() -> None:
    for table in ("institutions.csv", "institutions_synthetic.csv"):
        for cells in seed_rows(table):
            assert isinstance(read_row(cells), InstitutionEntry), cells["code"]


def test_a_row_offers_each_type_under_each_scheme_on_the_same_days() -> None:
    read = read_row(
        row(
            types="medical；rehabilitation",
            schemes="cross_province；in_province",
            last_day="2026-12-31",
            aliases="甲；乙； 甲",
        )
    )
    assert isinstance(read, InstitutionEntry)
    assert read.aliases == ("甲", "乙")
    assert {(each.cost_kind, each.scheme) for each in read.scopes} == {
        (cost_kind, scheme)
        for cost_kind in (CostKind.MEDICAL, CostKind.REHABILITATION)
        for scheme in Scheme
    }
    assert {each.last_day for each in read.scopes} == {date(2026, 12, 31)}


@pytest.mark.parametrize(
    ("column", "cell"),
    [
        ("code", "h37010000001"),
        ("name", ""),
        ("name", "甲" * 201),
        ("aliases", "乙" * 201),
        ("types", ""),
        ("types", "medical；clinic"),
        ("grade", "一级"),
        ("region", "37010"),
        ("address", "a\x00b"),
        ("address_aliases", "a\nb"),
        ("schemes", "everywhere"),
        ("first_day", "2025-02-30"),
        ("first_day", "20250201"),
        ("first_day", "0001-01-01"),
        ("last_day", "soon"),
        ("last_day", "9999-12-31"),
        ("specialities", "丙" * 201),
        ("source", ""),
    ],
)
def test_a_column_that_does_not_hold_what_it_should_is_named(column: str, cell: str) -> None:
    faults = read_row(row(**{column: cell}))
    assert isinstance(faults, list)
    assert [type(fault) for fault in faults] == [InstitutionRowMalformed]
    assert faults[0].facts["column"] == column


def test_all_faulty_columns_are_named_and_no_value_is_repeated() -> None:
    faults = read_row(row(code="110101199001010000", grade="一级", source=""))
    assert isinstance(faults, list)
    assert [fault.facts["column"] for fault in faults] == ["code", "grade", "source"]
    assert "110101199001010000" not in str([fault.facts for fault in faults])


def test_a_readable_row_is_judged_as_an_entry() -> None:
    faults = read_row(row(grade=""))
    assert isinstance(faults, list)
    assert [fault.code for fault in faults] == ["institution-grade-mismatch"]
