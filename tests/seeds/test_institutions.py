"""The institutions tables: the published ones with their source, and enough made-up ones."""

from __future__ import annotations

from collections import Counter

import pytest

from app.institutions.notice import COLUMNS, GRADE
from app.kernel.identity import INSTITUTION_CODE
from app.kernel.regions import province_of
from app.runtime.seeds import seed_rows
from app.sandbox.places import cities_of, institutions, institutions_in, provinces

PUBLISHED = seed_rows("institutions.csv")
SYNTHETIC = seed_rows("institutions_synthetic.csv")
EVERY = (*PUBLISHED, *SYNTHETIC)


def test_the_published_annexes_have_24_and_11_rows() -> None:
    schemes = Counter(scheme for row in PUBLISHED for scheme in row["schemes"].split("；"))
    assert len(PUBLISHED) == 24
    assert schemes == {"in_province": 24, "cross_province": 11}
    assert {province_of(row["region"]) for row in PUBLISHED} == {"370000"}


def test_every_published_institution_names_notice_and_annex() -> None:
    annexes = Counter(row["source"].rpartition(" ")[2] for row in PUBLISHED)
    assert annexes == {"附件1、附件2": 11, "附件1": 13}
    assert all("山东省人力资源和社会保障厅" in row["source"] for row in PUBLISHED)
    assert all("2024年" in row["source"] for row in PUBLISHED)


@pytest.mark.parametrize(
    ("name", "column", "value"),
    [
        ("东营市人民医院", "address", "山东省东营市东营区南一路317号"),
        ("东营市人民医院", "address_aliases", "山东省东营市南一路317号"),
        ("康复大学青岛中心医院", "aliases", "青岛市中心医院"),
        ("淄博市职业病防治院", "aliases", "淄博市第六人民医院"),
        ("德林义肢矫型器（北京）有限公司济南分公司", "aliases", ""),
        ("德林义肢矫型器（北京）有限公司济南分公司", "types", "device"),
        ("山东中医药大学第二附属医院", "types", "medical；rehabilitation"),
        ("山东中医药大学第二附属医院", "code", "H37010000001"),
        ("菏泽博爱手外显微骨科医院", "grade", "二级"),
    ],
)
def test_a_published_institution_is_kept_as_published(name: str, column: str, value: str) -> None:
    assert [row[column] for row in PUBLISHED if row["name"] == name] == [value]


def test_what_is_made_up_says_so_in_source_and_name() -> None:
    assert {row["source"] for row in SYNTHETIC} == {"synthetic"}
    assert all("示例" in row["name"] and "示例区" in row["address"] for row in SYNTHETIC)


def test_codes_are_unique_and_carry_the_letter_and_the_city() -> None:
    assert len({row["code"] for row in EVERY}) == len(EVERY)
    for row in EVERY:
        assert INSTITUTION_CODE.fullmatch(row["code"])
        assert row["code"][1:7] == row["region"]
        assert (row["code"][0] == "A") == (row["types"] == "device")


def test_every_institution_lies_in_a_known_city_and_has_the_columns_of_the_import() -> None:
    regions = {row["code"] for row in seed_rows("regions.csv")}
    for row in EVERY:
        assert tuple(row) == COLUMNS
        assert row["region"] in regions
        assert row["region"] in cities_of(province_of(row["region"]))
        assert (row["grade"] == "") == (row["types"] == "device")
        assert not row["grade"] or GRADE.fullmatch(row["grade"])


def test_every_province_can_treat_rehabilitate_and_fit_other_provinces_workers() -> None:
    assert len(provinces()) == 32
    for province in provinces():
        medical = institutions_in(province, "medical")
        assert len(medical) >= 2
        assert any((institution.grade or "").startswith("三级") for institution in medical)
        assert institutions_in(province, "rehabilitation")
        assert institutions_in(province, "device")


def test_only_institutions_of_the_cross_province_scheme_are_open_to_others() -> None:
    found = {institution.code for institution in institutions_in("370000", "medical")}
    assert len(found) == 9
    assert {institution.code for institution in institutions()} > found


def test_a_single_city_province_has_no_scheme_of_its_own() -> None:
    for row in SYNTHETIC:
        single = cities_of(province_of(row["region"])) == (province_of(row["region"]),)
        assert ("in_province" in row["schemes"]) != single
