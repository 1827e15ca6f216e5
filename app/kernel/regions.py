"""Regions by their six-digit division codes (GB/T 2260), as far as the digits alone tell.

What lies in what, and whether a journey from one to the other crosses a province.
"""

from __future__ import annotations

import enum
import re

from app.kernel.basis import basis

REGION_CODE = re.compile(r"^[1-9][0-9]{5}$")

# 北京 天津 上海 重庆, and 新疆生产建设兵团, which runs its own insurance under the code 660000:
# each pools its fund as one city, so nothing inside one is "elsewhere".
SINGLE_CITIES = frozenset({"11", "12", "31", "50", "66"})
# xx90yy: county-level cities directly under their province (仙桃, 济源 …); each is its own place.
DIRECTLY_GOVERNED = "90"


class Level(enum.StrEnum):
    """行政层级: how deep in the tree a code lies."""

    PROVINCE = "province"
    CITY = "city"
    DISTRICT = "district"


class Scheme(enum.StrEnum):
    """结算范围: direct settlement across provinces, or between the cities of one."""

    CROSS_PROVINCE = "cross_province"
    IN_PROVINCE = "in_province"


def level_of(code: str) -> Level:
    """Tell a province from a city from a district by the zeros at the end."""
    if code.endswith("0000"):
        return Level.PROVINCE
    return Level.CITY if code.endswith("00") else Level.DISTRICT


def province_of(code: str) -> str:
    """Return the code of the province a region lies in."""
    return f"{code[:2]}0000"


def city_of(code: str) -> str | None:
    """Return the code of the city a region lies in; None for a province as a whole."""
    if code[:2] in SINGLE_CITIES:
        return province_of(code)
    if code[2:4] == "00":
        return None
    return code if code[2:4] == DIRECTLY_GOVERNED else f"{code[:4]}00"


def prefix_of(code: str) -> str:
    """Return the digits that every region within this one starts with."""
    return {Level.PROVINCE: code[:2], Level.CITY: code[:4], Level.DISTRICT: code}[level_of(code)]


def covers(place: str, code: str) -> bool:
    """Say whether `code` is `place` or lies within it."""
    return code.startswith(prefix_of(place))


@basis("hub-default/treatment-place", "shandong-2024/1.1")
def scheme_between(insured_region: str, treatment_region: str) -> Scheme | None:
    """Return the scheme under which one region's worker is treated in the other.

    None where nothing is crossed: the same city, or a province and a place within it.
    """
    if province_of(insured_region) != province_of(treatment_region):
        return Scheme.CROSS_PROVINCE
    cities = city_of(insured_region), city_of(treatment_region)
    if None in cities or cities[0] == cities[1]:
        return None
    return Scheme.IN_PROVINCE
