"""The regions table holds every province and every city of GB/T 2260, once."""

from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

import app
from app.kernel.regions import REGION_CODE, province_of
from app.runtime.seeds import SeedsMissingError, seed_rows, seeds_folder

REGIONS = seed_rows("regions.csv")
PROVINCES = [row for row in REGIONS if row["level"] == "province"]
CITIES = [row for row in REGIONS if row["level"] == "city"]

PREFECTURES = {
    "110000": 0,
    "120000": 0,
    "130000": 11,
    "140000": 11,
    "150000": 12,
    "210000": 14,
    "220000": 9,
    "230000": 13,
    "310000": 0,
    "320000": 13,
    "330000": 11,
    "340000": 16,
    "350000": 9,
    "360000": 11,
    "370000": 16,
    "410000": 17,
    "420000": 13,
    "430000": 14,
    "440000": 21,
    "450000": 14,
    "460000": 4,
    "500000": 0,
    "510000": 21,
    "520000": 9,
    "530000": 16,
    "540000": 7,
    "610000": 10,
    "620000": 14,
    "630000": 8,
    "640000": 5,
    "650000": 14,
    "660000": 0,
}
DIRECTLY_GOVERNED = {"410000": 1, "420000": 4, "460000": 15}


def test_each_province_has_its_number_of_prefecture_level_cities() -> None:
    counted = Counter(row["parent"] for row in CITIES if row["code"][2:4] != "90")
    assert {row["code"]: counted[row["code"]] for row in PROVINCES} == PREFECTURES
    assert sum(PREFECTURES.values()) == 333


def test_counties_under_a_province_are_cities_of_their_own() -> None:
    counted = Counter(row["parent"] for row in CITIES if row["code"][2:4] == "90")
    assert counted == DIRECTLY_GOVERNED


def test_codes_and_names_are_unique_and_well_formed() -> None:
    assert len({row["code"] for row in REGIONS}) == len(REGIONS)
    assert len({row["name"] for row in REGIONS}) == len(REGIONS)
    assert all(REGION_CODE.fullmatch(row["code"]) for row in REGIONS)


def test_a_city_lies_in_the_province_its_code_says() -> None:
    assert all(row["parent"] == province_of(row["code"]) for row in CITIES)
    assert {row["parent"] for row in PROVINCES} == {""}


def test_every_region_names_its_source_and_day_and_the_overlay_says_so() -> None:
    sources = Counter(row["source"] for row in REGIONS)
    assert sources.pop("GB/T 2260") == len(REGIONS) - 1
    assert [row["code"] for row in REGIONS if row["source"] in sources] == ["660000"]
    assert {row["as_of"] for row in REGIONS} == {"2023-06-30"}


@pytest.mark.parametrize(
    ("code", "name"),
    [
        ("110000", "北京市"),
        ("370100", "济南市"),
        ("371300", "临沂市"),
        ("419001", "济源市"),
        ("429004", "仙桃市"),
        ("422800", "恩施土家族苗族自治州"),
        ("445100", "潮州市"),
        ("460400", "儋州市"),
        ("660000", "新疆生产建设兵团"),
    ],
)
def test_a_code_means_what_the_standard_says(code: str, name: str) -> None:
    assert [row["name"] for row in REGIONS if row["code"] == code] == [name]


def test_an_installation_without_seed_tables_says_so(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    monkeypatch.setattr(app, "__file__", str(tmp_path / "app" / "__init__.py"))
    with pytest.raises(SeedsMissingError, match="no seed tables"):
        seeds_folder()
