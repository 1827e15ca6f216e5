"""Regions, as far as their codes alone tell."""

import pytest

from app.kernel.regions import (
    REGION_CODE,
    Level,
    Scheme,
    city_of,
    covers,
    level_of,
    prefix_of,
    province_of,
    scheme_between,
)


@pytest.mark.parametrize(
    ("code", "level", "prefix", "city"),
    [
        ("370000", Level.PROVINCE, "37", None),
        ("370100", Level.CITY, "3701", "370100"),
        ("370102", Level.DISTRICT, "370102", "370100"),
        ("110000", Level.PROVINCE, "11", "110000"),
        ("110105", Level.DISTRICT, "110105", "110000"),
        ("660000", Level.PROVINCE, "66", "660000"),
        ("429004", Level.DISTRICT, "429004", "429004"),  # 仙桃: a city directly under its province
    ],
)
def test_a_code_tells_its_level_its_prefix_and_its_city(
    code: str, level: Level, prefix: str, city: str | None
) -> None:
    assert (level_of(code), prefix_of(code), city_of(code)) == (level, prefix, city)
    assert province_of(code) == f"{code[:2]}0000"


@pytest.mark.parametrize(
    ("place", "code", "covered"),
    [
        ("370000", "370100", True),
        ("370000", "370000", True),
        ("370100", "370102", True),
        ("370100", "370000", False),
        ("370100", "370200", False),
        ("370102", "370103", False),
        ("650000", "660000", False),  # 兵团 is its own province
        ("660000", "660000", True),
    ],
)
def test_a_place_covers_what_lies_within_it(place: str, code: str, covered: bool) -> None:  # noqa: FBT001 -- a parameter of the table
    assert covers(place, code) is covered


@pytest.mark.parametrize(
    ("insured", "treatment", "scheme"),
    [
        ("110000", "370100", Scheme.CROSS_PROVINCE),
        ("110105", "120000", Scheme.CROSS_PROVINCE),
        ("650100", "660000", Scheme.CROSS_PROVINCE),
        ("370100", "370200", Scheme.IN_PROVINCE),
        ("370102", "370203", Scheme.IN_PROVINCE),
        ("429004", "429005", Scheme.IN_PROVINCE),
        ("370100", "370100", None),
        ("370102", "370103", None),
        ("110105", "110108", None),  # a municipality is one city
        ("500100", "500200", None),
        ("660000", "660000", None),
        ("370000", "370100", None),  # a province and a place within it
        ("370100", "370000", None),
    ],
)
def test_the_scheme_follows_from_what_the_journey_crosses(
    insured: str, treatment: str, scheme: Scheme | None
) -> None:
    assert scheme_between(insured, treatment) == scheme


def test_a_region_code_is_six_digits() -> None:
    assert REGION_CODE.fullmatch("370100")
    assert not any(REGION_CODE.fullmatch(text) for text in ("37010", "070100", "3701000", "37010X"))
