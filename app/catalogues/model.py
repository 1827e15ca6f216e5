"""What a catalogue is: versions of one place and kind, each a list of items from a day on."""

from __future__ import annotations

import enum
import hashlib
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime

from app.kernel.money import Money


class CatalogueKind(enum.StrEnum):
    """Kind of catalogue 目录类别."""

    DRUG = "drug"  # 药品目录
    SERVICE = "service"  # 诊疗项目目录
    REHABILITATION = "rehabilitation"  # 康复服务项目
    BED = "bed"  # 住院服务标准
    DEVICE = "device"  # 辅助器具目录


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueItem:
    """One item; `cap` is the most the fund pays for one unit, None where there is no cap."""

    code: str
    name: str
    unit: str
    specification: str
    cap: Money | None
    restricted: bool  # 限定支付: paid with an approval only
    minimum_life_months: int | None  # 最低使用年限, devices only


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueEdition:
    """What an agency publishes: which place's list of which kind, from which day."""

    place: str
    kind: CatalogueKind
    label: str
    first_day: date
    source: str


@dataclass(frozen=True, slots=True, kw_only=True)
class CatalogueVersion(CatalogueEdition):
    """A version as the hub keeps it; `digest` is of its items, in any order."""

    id: int
    digest: bytes
    item_count: int
    imported_at: datetime
    imported_by: str


@dataclass(frozen=True, slots=True)
class Wanted:
    """One item of one place's list on one day."""

    kind: CatalogueKind
    place: str
    code: str
    day: date


@dataclass(frozen=True, slots=True)
class Found:
    """The version in force, and the item if the version lists it."""

    version: CatalogueVersion
    item: CatalogueItem | None


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionsAsked:
    """Which versions: of a place, of a kind, in force on a day."""

    place: str | None = None
    kind: CatalogueKind | None = None
    on: date | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ItemsAsked:
    """Which items of a version: with a word in the name or code, or one code."""

    q: str | None = None
    code: str | None = None


@dataclass(frozen=True, slots=True)
class Imported:
    """A version after its import: created, replaced (not yet in force) or unchanged."""

    version: CatalogueVersion
    change: str


def digest_of(items: Sequence[CatalogueItem]) -> bytes:
    """Digest items so that the same list, however sorted, is known again."""
    rows = sorted(
        (
            item.code,
            item.name,
            item.unit,
            item.specification,
            None if item.cap is None else item.cap.fen,
            item.restricted,
            item.minimum_life_months,
        )
        for item in items
    )
    return hashlib.sha256(json.dumps(rows, ensure_ascii=False).encode()).digest()
