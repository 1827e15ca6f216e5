"""Synthetic price lists: complete everywhere, different between places, the same every time."""

from __future__ import annotations

import csv
import io

import pytest

from app.runtime.seeds import seed_rows
from app.sandbox.catalogues import COLUMNS, FACTORS, KINDS, ItemKind, as_csv, items_of
from app.sandbox.places import provinces

BASE = seed_rows("catalogue_items.csv")
LEAST: dict[ItemKind, int] = {
    "drug": 300,
    "service": 300,
    "rehabilitation": 60,
    "bed": 6,
    "device": 80,
}


def test_the_base_list_is_marked_synthetic_and_its_codes_are_unique() -> None:
    assert {row["source"] for row in BASE} == {"synthetic"}
    assert len({row["code"] for row in BASE}) == len(BASE)
    assert {row["kind"] for row in BASE} == set(KINDS)


def test_no_two_items_are_the_same_thing() -> None:
    things = [(row["kind"], row["name"], row["specification"]) for row in BASE]
    assert len(set(things)) == len(things)


def test_the_letter_of_a_code_tells_the_kind() -> None:
    letters = {(row["kind"], row["code"][0]) for row in BASE}
    assert sorted(letters) == [
        ("bed", "B"),
        ("device", "A"),
        ("drug", "D"),
        ("rehabilitation", "R"),
        ("service", "S"),
    ]


def test_only_devices_have_a_minimum_life() -> None:
    assert all((row["minimum_life_months"] != "") == (row["kind"] == "device") for row in BASE)


def test_every_province_has_a_factor() -> None:
    assert sorted(FACTORS) == sorted(provinces())


@pytest.mark.parametrize("kind", KINDS)
def test_every_place_lists_enough_of_each_kind(kind: ItemKind) -> None:
    assert min(len(items_of(place, kind)) for place in provinces()) >= LEAST[kind]


def test_a_city_uses_its_provinces_list() -> None:
    assert items_of("370100", "drug") == items_of("370000", "drug")


def test_caps_differ_between_places() -> None:
    beijing = {row.code: row.usual_price for row in items_of("110000", "device")}
    shandong = {row.code: row.usual_price for row in items_of("370000", "device")}
    shared = beijing.keys() & shandong.keys()
    assert len(shared) > 80
    assert sum(beijing[code] > shandong[code] for code in shared) > len(shared) * 0.9


def test_devices_and_beds_are_always_capped_drugs_often_not() -> None:
    for place in provinces():
        assert all(row.cap for kind in ("device", "bed") for row in items_of(place, kind))
        drugs = items_of(place, "drug")
        uncapped = sum(row.cap is None for row in drugs)
        assert len(drugs) // 3 < uncapped < len(drugs)


def test_some_items_are_missing_in_some_places_only() -> None:
    everywhere = {row["code"] for row in BASE if row["kind"] == "drug"}
    listed = [{row.code for row in items_of(place, "drug")} for place in provinces()]
    assert set.union(*listed) == everywhere
    assert all(codes < everywhere for codes in listed)


def test_a_place_has_restricted_items() -> None:
    assert any(row.restricted for row in items_of("370000", "drug"))
    assert not all(row.restricted for row in items_of("370000", "drug"))


def test_the_list_is_the_same_every_time() -> None:
    first = items_of("110000", "service")
    items_of.cache_clear()
    assert items_of("110000", "service") == first


@pytest.mark.parametrize(("place", "cap"), [("110000", "21201.80"), ("370100", "16609.70")])
def test_a_limbs_cap_is_pinned_so_that_the_story_stays_the_same(place: str, cap: str) -> None:
    (limb,) = [row for row in items_of(place, "device") if row.name == "小腿假肢（硅胶套）"]
    assert (limb.unit, str(limb.cap), limb.minimum_life_months) == ("具", cap, 36)


def test_the_csv_is_what_the_import_takes() -> None:
    rows = items_of("370000", "device")
    written = list(csv.DictReader(io.StringIO(as_csv(rows))))
    assert tuple(written[0]) == COLUMNS
    assert len(written) == len(rows)
    assert written[0] == {
        "code": rows[0].code,
        "name": rows[0].name,
        "unit": "具",
        "specification": "",
        "cap": str(rows[0].cap),
        "restricted": "0",
        "minimum_life_months": "36",
    }


def test_an_item_without_a_cap_is_written_empty() -> None:
    (drug, *_) = [row for row in items_of("370000", "drug") if row.cap is None and row.restricted]
    (written,) = csv.DictReader(io.StringIO(as_csv([drug])))
    assert (written["cap"], written["restricted"], written["minimum_life_months"]) == ("", "1", "")
