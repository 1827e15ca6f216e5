"""Every SQL statement about catalogues, and nothing else.

Catalogues are public to every party, so their reads take no scope.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError

from app.catalogues.errors import CatalogueInForce
from app.catalogues.model import (
    CatalogueEdition,
    CatalogueItem,
    CatalogueKind,
    CatalogueVersion,
    Found,
    ItemsAsked,
    VersionsAsked,
    Wanted,
    digest_of,
)
from app.catalogues.tables import catalogue_item, catalogue_version
from app.kernel.money import Money
from app.kernel.regions import province_of
from app.parties.tables import region
from app.runtime.db import Conn, Tx
from app.runtime.paging import Page, PageAsked

IN_FORCE = "HC001"  # what the trigger says when a version in force is touched

_version, _item = catalogue_version.c, catalogue_item.c
_PLACE = sa.bindparam("place", type_=sa.Text)
_KIND = sa.bindparam("kind", type_=sa.Text)
_ON = sa.bindparam("on", type_=sa.Date)
_later = catalogue_version.alias("later")

_VERSIONS = sa.select(catalogue_version)
_BY_ID = _VERSIONS.where(_version.id == sa.bindparam("id", type_=sa.BigInteger))
_OF_PLACE = _VERSIONS.where(_version.place == _PLACE, _version.kind == _KIND)
_SUCCEEDED = sa.exists().where(
    _later.c.place == _version.place,
    _later.c.kind == _version.kind,
    _later.c.first_day > _version.first_day,
    _later.c.first_day <= _ON,
)
# The place's own list before its province's, and of one place the newest that has begun.
_IN_FORCE = (
    _VERSIONS.where(
        _version.kind == _KIND,
        _version.place.in_([_PLACE, sa.bindparam("province", type_=sa.Text)]),
        _version.first_day <= _ON,
    )
    .order_by((_version.place == _PLACE).desc(), _version.first_day.desc())
    .limit(1)
)


async def versions(conn: Conn, asked: VersionsAsked, page: PageAsked) -> Page[CatalogueVersion]:
    """List versions, oldest import first."""
    listed = _VERSIONS.where(_version.id > page.after_id)
    if asked.place is not None:
        listed = listed.where(_version.place == _PLACE)
    if asked.kind is not None:
        listed = listed.where(_version.kind == _KIND)
    if asked.on is not None:
        listed = listed.where(_version.first_day <= _ON, ~_SUCCEEDED)
    binds = {"place": asked.place, "kind": asked.kind, "on": asked.on}
    given = {name: value for name, value in binds.items() if value is not None}
    found = await conn.execute(listed.order_by(_version.id).limit(page.rows + 1), given)
    return Page.of([_version_of(row) for row in found], page, lambda it: it.id)


async def version(conn: Conn, version_id: int) -> CatalogueVersion | None:
    """Read one version."""
    row = (await conn.execute(_BY_ID, {"id": version_id})).one_or_none()
    return None if row is None else _version_of(row)


async def in_force(conn: Conn, wanted: Wanted) -> CatalogueVersion | None:
    """Read the version in force for a place (or else its province) on a day."""
    place = wanted.place
    binds = {"place": place, "province": province_of(place), "kind": wanted.kind, "on": wanted.day}
    row = (await conn.execute(_IN_FORCE, binds)).one_or_none()
    return None if row is None else _version_of(row)


async def items(
    conn: Conn, version_id: int, asked: ItemsAsked, page: PageAsked
) -> Page[CatalogueItem]:
    """List the items of a version by code."""
    listed = sa.select(catalogue_item).where(
        _item.version_id == sa.bindparam("id", type_=sa.BigInteger), _item.code > page.after
    )
    binds: dict[str, object] = {"id": version_id}
    if asked.code is not None:
        listed = listed.where(_item.code == sa.bindparam("code", type_=sa.Text))
        binds["code"] = asked.code
    if asked.q is not None:
        words = sa.bindparam("q", type_=sa.Text)
        named = sa.func.lower(sa.func.normalize(_item.name, sa.text("NFKC")))
        listed = listed.where(sa.func.strpos(named, words) > 0)
        binds["q"] = unicodedata.normalize("NFKC", asked.q).lower()
    found = await conn.execute(listed.order_by(_item.code).limit(page.rows + 1), binds)
    return Page.of([_item_of(row) for row in found], page, lambda it: it.code)


_LOOK_UP = sa.text("""
WITH wanted AS (
    SELECT * FROM unnest(:kinds, :places, :provinces, :codes, :days) WITH ORDINALITY
        AS wanted (kind, place, province, code, day, n)
), in_force AS (
    SELECT list.kind, list.place AS wanted_place, list.day, version.*
    FROM (SELECT DISTINCT kind, place, province, day FROM wanted) AS list
    CROSS JOIN LATERAL (
        SELECT id, place, label, first_day, digest, item_count, source, imported_at, imported_by
        FROM catalogue_version
        WHERE catalogue_version.kind = list.kind AND first_day <= list.day
        AND catalogue_version.place IN (list.place, list.province)
        ORDER BY (catalogue_version.place = list.place) DESC, first_day DESC LIMIT 1
    ) AS version
)
SELECT wanted.n, in_force.*, item.code, item.name, item.unit, item.specification, item.cap_fen,
    item.restricted, item.minimum_life_months
FROM wanted JOIN in_force ON in_force.kind = wanted.kind
    AND in_force.wanted_place = wanted.place AND in_force.day = wanted.day
LEFT JOIN catalogue_item AS item ON item.version_id = in_force.id AND item.code = wanted.code
""").bindparams(
    *(
        sa.bindparam(name, type_=ARRAY(sa.Text))
        for name in ("kinds", "places", "provinces", "codes")
    ),
    sa.bindparam("days", type_=ARRAY(sa.Date)),
)


async def look_up(conn: Conn, wanted: Sequence[Wanted]) -> dict[Wanted, Found]:
    """Look many items up, each in the version in force for its place and day, in one statement."""
    distinct = list(dict.fromkeys(wanted))
    binds = {
        "kinds": [each.kind.value for each in distinct],
        "places": [each.place for each in distinct],
        "provinces": [province_of(each.place) for each in distinct],
        "codes": [each.code for each in distinct],
        "days": [each.day for each in distinct],
    }
    known: dict[int, CatalogueVersion] = {}
    answers: dict[Wanted, Found] = {}
    for row in await conn.execute(_LOOK_UP, binds):
        if row.id not in known:
            known[row.id] = _version_of(row)
        item = None if row.code is None else _item_of(row)
        answers[distinct[row.n - 1]] = Found(known[row.id], item)
    return answers


# One turn for all lists: so the ids of versions come to sight in their order, and the highest of
# them is higher whenever another version is there.
_TAKE_TURN = sa.select(
    sa.func.pg_advisory_xact_lock(sa.func.hashtextextended(sa.literal("catalogue_version"), 0))
)
_KNOWN_PLACE = sa.select(sa.exists().where(region.c.code == _PLACE))


async def take_turn(tx: Tx, edition: CatalogueEdition) -> bool:
    """Wait until nobody else imports a list; say whether the place is known."""
    await tx.execute(_TAKE_TURN)
    known: bool = (await tx.execute(_KNOWN_PLACE, {"place": edition.place})).scalar_one()
    return known


async def versions_of(tx: Tx, edition: CatalogueEdition) -> list[CatalogueVersion]:
    """Read all versions of the edition's place and kind."""
    found = await tx.execute(_OF_PLACE, {"place": edition.place, "kind": edition.kind})
    return [_version_of(row) for row in found]


_DROP = sa.delete(catalogue_version).where(_version.id == sa.bindparam("of"))
_ADD = sa.insert(catalogue_version).returning(catalogue_version)
_ADD_ITEMS = sa.text("""
INSERT INTO catalogue_item (version_id, code, name, unit, specification, cap_fen, restricted,
    minimum_life_months)
SELECT :version_id, * FROM unnest(:codes, :names, :units, :specifications, :caps, :restricted,
    :lives)
""").bindparams(
    sa.bindparam("version_id", type_=sa.BigInteger),
    *(sa.bindparam(n, type_=ARRAY(sa.Text)) for n in ("codes", "names", "units", "specifications")),
    sa.bindparam("caps", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("restricted", type_=ARRAY(sa.Boolean)),
    sa.bindparam("lives", type_=ARRAY(sa.Integer)),
)


async def drop(tx: Tx, it: CatalogueVersion) -> None:
    """Take back a version that is not in force yet; the database looks at its own clock, too."""
    try:
        dropped = await tx.execute(_DROP, {"of": it.id})
    except DBAPIError as error:
        if getattr(error.orig, "sqlstate", None) == IN_FORCE:
            raise CatalogueInForce(place=it.place, label=it.label, first_day=it.first_day) from None
        raise
    assert dropped.rowcount == 1, "importers of one list take turns"


async def add(
    tx: Tx, edition: CatalogueEdition, listed: Sequence[CatalogueItem], at: datetime, by: str
) -> CatalogueVersion:
    """Keep a version and its items, in two statements whatever their number."""
    row = {
        "place": edition.place,
        "kind": edition.kind,
        "label": edition.label,
        "first_day": edition.first_day,
        "digest": digest_of(listed),
        "item_count": len(listed),
        "source": edition.source,
        "imported_at": at,
        "imported_by": by,
    }
    added = _version_of((await tx.execute(_ADD, row)).one())
    await tx.execute(_ADD_ITEMS, {"version_id": added.id, **_columns(listed)})
    return added


def _columns(listed: Iterable[CatalogueItem]) -> dict[str, list[object]]:
    rows = list(listed)
    return {
        "codes": [item.code for item in rows],
        "names": [item.name for item in rows],
        "units": [item.unit for item in rows],
        "specifications": [item.specification for item in rows],
        "caps": [None if item.cap is None else item.cap.fen for item in rows],
        "restricted": [item.restricted for item in rows],
        "lives": [item.minimum_life_months for item in rows],
    }


def _version_of(row: sa.Row[*tuple[Any, ...]]) -> CatalogueVersion:
    return CatalogueVersion(
        id=row.id,
        place=row.place,
        kind=CatalogueKind(row.kind),
        label=row.label,
        first_day=row.first_day,
        digest=bytes(row.digest),
        item_count=row.item_count,
        source=row.source,
        imported_at=row.imported_at,
        imported_by=row.imported_by,
    )


def _item_of(row: sa.Row[*tuple[Any, ...]]) -> CatalogueItem:
    return CatalogueItem(
        code=row.code,
        name=row.name,
        unit=row.unit,
        specification=row.specification,
        cap=None if row.cap_fen is None else Money(row.cap_fen),
        restricted=row.restricted,
        minimum_life_months=row.minimum_life_months,
    )
