"""Every SQL statement about regions and parties."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel.parties import PartyKind
from app.kernel.regions import Level
from app.parties.model import Party, Region, RegionsAsked
from app.parties.tables import party, region
from app.runtime.db import Conn, Tx
from app.runtime.paging import PageAsked


def _arrays(*texts: str) -> list[sa.BindParameter[Any]]:
    return [sa.bindparam(name, type_=ARRAY(sa.Text)) for name in texts]


_KEEP_REGIONS = sa.text(
    """
    INSERT INTO region (code, name, name_en, level, parent, source, as_of)
    SELECT * FROM unnest(:code, :name, :name_en, :level, :parent, :source, :as_of)
    ON CONFLICT (code) DO UPDATE
       SET name = excluded.name, name_en = excluded.name_en, level = excluded.level,
           parent = excluded.parent, source = excluded.source, as_of = excluded.as_of
     WHERE (region.name, region.name_en, region.level, region.parent, region.source, region.as_of)
           IS DISTINCT FROM (excluded.name, excluded.name_en, excluded.level, excluded.parent,
                             excluded.source, excluded.as_of)
    """
).bindparams(
    *_arrays("code", "name", "name_en", "level", "parent", "source"),
    sa.bindparam("as_of", type_=ARRAY(sa.Date)),
)
# What an operator decided since (state, role) outlives a second load of the seeds.
_KEEP_PARTIES = sa.text(
    """
    INSERT INTO party (code, kind, name, region, parent, role, state, source)
    SELECT * FROM unnest(:code, :kind, :name, :region, :parent, :role, :state, :source)
    ON CONFLICT (code) DO UPDATE
       SET name = excluded.name, region = excluded.region, parent = excluded.parent,
           source = excluded.source
     WHERE (party.name, party.region, party.parent, party.source)
           IS DISTINCT FROM (excluded.name, excluded.region, excluded.parent, excluded.source)
    """
).bindparams(*_arrays("code", "kind", "name", "region", "parent", "role", "state", "source"))
_REGIONS = (
    sa.select(region)
    .where(
        region.c.code > sa.bindparam("after", type_=sa.Text),
        sa.or_(
            sa.bindparam("level", type_=sa.Text).is_(None),
            region.c.level == sa.bindparam("level", type_=sa.Text),
        ),
        sa.or_(
            sa.bindparam("parent", type_=sa.Text).is_(None),
            region.c.parent == sa.bindparam("parent", type_=sa.Text),
        ),
    )
    .order_by(region.c.code)
    .limit(sa.bindparam("rows"))
)
_REGION = sa.select(region).where(region.c.code == sa.bindparam("code", type_=sa.Text))
_ALL_REGIONS = sa.select(region).order_by(region.c.code)
_PARTY_KIND = sa.select(party.c.kind).where(party.c.code == sa.bindparam("code", type_=sa.Text))


async def keep_regions(tx: Tx, rows: Sequence[Region]) -> int:
    """Insert new regions and amend changed ones; return how many that were."""
    return _changed(await tx.execute(_KEEP_REGIONS, _columns(rows)))


async def keep_parties(tx: Tx, rows: Sequence[Party]) -> int:
    """Insert new parties and amend changed ones; return how many that were."""
    return _changed(await tx.execute(_KEEP_PARTIES, _columns(rows)))


async def regions(conn: Conn, asked: RegionsAsked, page: PageAsked) -> list[Region]:
    """Read a page of regions (one row more than asked), by code."""
    found = await conn.execute(
        _REGIONS,
        {"after": page.after, "level": asked.level, "parent": asked.parent, "rows": page.rows + 1},
    )
    return [_region(row) for row in found]


async def all_regions(conn: Conn) -> list[Region]:
    """Read every region, by code."""
    return [_region(row) for row in await conn.execute(_ALL_REGIONS)]


async def region_by_code(conn: Conn, code: str) -> Region | None:
    """Read one region."""
    row = (await conn.execute(_REGION, {"code": code})).one_or_none()
    return None if row is None else _region(row)


async def kind_of(conn: Conn, code: str) -> PartyKind | None:
    """Say what a party is; none, if it is not registered."""
    found = (await conn.execute(_PARTY_KIND, {"code": code})).scalar_one_or_none()
    return None if found is None else PartyKind(found)


def _columns(rows: Sequence[Region] | Sequence[Party]) -> dict[str, list[object]]:
    dicts = [asdict(row) for row in rows]
    return {name: [each[name] for each in dicts] for name in dicts[0]}


def _changed(result: sa.CursorResult[Any]) -> int:
    return result.rowcount


def _region(row: sa.Row[Any]) -> Region:
    return Region(
        code=row.code,
        name=row.name,
        name_en=row.name_en,
        level=Level(row.level),
        parent=row.parent,
        source=row.source,
        as_of=row.as_of,
    )
