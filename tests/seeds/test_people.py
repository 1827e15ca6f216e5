"""Synthetic people: sound numbers, nobody real, nobody twice."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.identity import birth_date_of, citizen_number_fault, sex_of
from app.runtime.seeds import seed_rows
from app.sandbox.people import PEOPLE_MAX, person

INDEXES = st.integers(0, PEOPLE_MAX - 1)
REGIONS = st.sampled_from([row["code"] for row in seed_rows("regions.csv")])


@given(INDEXES, REGIONS)
def test_a_number_passes_every_check_and_agrees_with_the_person(index: int, region: str) -> None:
    made = person(index, region)
    assert citizen_number_fault(made.number) is None
    assert birth_date_of(made.number) == made.birth_date
    assert sex_of(made.number) == made.sex
    assert 1960 <= made.birth_date.year <= 2003
    assert (made.region, made.source) == (region, "synthetic")


@given(INDEXES, REGIONS)
def test_a_number_begins_with_a_province_never_with_a_county(index: int, region: str) -> None:
    province = "65" if region == "660000" else region[:2]
    assert person(index, region).number[:6] == f"{province}0000"


@given(INDEXES, INDEXES, REGIONS)
def test_no_two_indexes_share_a_number_or_a_card(one: int, other: int, region: str) -> None:
    first, second = person(one, region), person(other, region)
    assert (one == other) == (first.number == second.number)
    assert (one == other) == (first.card_number == second.card_number)


def test_thirty_thousand_neighbours_are_all_distinct() -> None:
    people = [person(index, "370100") for index in range(30_000)]
    assert len({made.number for made in people}) == 30_000
    assert len({made.card_number for made in people}) == 30_000
    assert {made.sex for made in people} == {"male", "female"}


def test_there_are_more_than_a_million_and_then_no_more() -> None:
    assert PEOPLE_MAX > 1_000_000
    assert person(PEOPLE_MAX - 1, "110000").number[14:17] == "999"
    for index in (-1, PEOPLE_MAX):
        with pytest.raises(ValueError, match="there are synthetic people"):
            person(index, "110000")


@given(INDEXES)
def test_a_name_looks_like_a_sample_and_a_card_like_a_card(index: int) -> None:
    made = person(index, "110000")
    assert (len(made.name), made.name[1]) == (4, "例")
    assert made.card_number[0].isupper()
    assert len(made.card_number) == 9
    assert made.card_number[1:].isdigit()


def test_an_index_is_always_the_same_person() -> None:
    assert person(4711, "110000") == person(4711, "110000")
    assert person(0, "110000").number == "11000019600101001X"
