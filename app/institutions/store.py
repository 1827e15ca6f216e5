"""Every SQL statement about institutions, and nothing else.

The list is open to every party, so its reads take no scope.
"""

from __future__ import annotations

import json
import unicodedata
from collections.abc import Mapping, Sequence
from datetime import date, datetime
from functools import cache
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.dialects.postgresql import insert as upsert

from app.institutions.model import (
    Grade,
    Institution,
    InstitutionEntry,
    InstitutionsAsked,
    InstitutionScope,
    InstitutionState,
    InstitutionType,
    ProvinceCount,
    Standing,
)
from app.institutions.tables import institution, institution_scope, institution_standing, revision
from app.kernel.costs import CostKind
from app.kernel.regions import Level, Scheme, prefix_of
from app.parties.tables import region
from app.runtime.db import Conn, Tx
from app.runtime.fetching import fetch
from app.runtime.paging import Page, PageAsked

TURN = 0x6875625F696E7374  # "hub_inst"

_scope, _standing = institution_scope.c, institution_standing.c
_ON = sa.bindparam("on", type_=sa.Date)
_TEXTS = ARRAY(sa.Text)

_SCOPES = (
    sa.select(
        sa.func.jsonb_agg(
            sa.func.jsonb_build_array(
                _scope.cost_kind, _scope.scheme, _scope.first_day, _scope.last_day
            ),
            type_=JSONB,
        )
    )
    .where(_scope.institution_id == institution.c.id)
    .scalar_subquery()
    .label("scopes")
)
_STANDINGS = (
    sa.select(
        sa.func.jsonb_agg(
            sa.func.jsonb_build_array(_standing.first_day, _standing.state, _standing.reason),
            type_=JSONB,
        )
    )
    .where(_standing.institution_id == institution.c.id)
    .scalar_subquery()
    .label("standings")
)
_LIST = sa.select(
    *(column for column in institution.c if column.name != "search"), _SCOPES, _STANDINGS
)
_BY_CODES = _LIST.where(institution.c.code == sa.any_(sa.bindparam("codes", type_=_TEXTS)))

_STATE_ON = (
    sa.select(_standing.state)
    .where(_standing.institution_id == institution.c.id, _standing.first_day <= _ON)
    .order_by(_standing.first_day.desc())
    .limit(1)
    .scalar_subquery()
)
_IS_ONLINE = sa.literal(InstitutionState.ONLINE.value, sa.Text) == _STATE_ON


def _offers(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[bool]:
    """Build the condition "one of its scopes is like this"."""
    return sa.exists().where(_scope.institution_id == institution.c.id, *conditions)


# Writers take turns and give every change the next number, so the largest one tells every state of
# the list from every other; the sequence itself would tell of changes before they are committed.
REVISION = sa.select(sa.func.max(institution.c.revision)).scalar_subquery()
_ROWS = sa.bindparam("rows", type_=sa.BigInteger)
_SAME_SCHEME = _scope.scheme == sa.bindparam("scheme", type_=sa.Text)
_SAME_COST = _scope.cost_kind == sa.bindparam("cost_kind", type_=sa.Text)
_THAT_DAY = sa.and_(
    _scope.first_day <= _ON, sa.or_(_scope.last_day.is_(None), _scope.last_day >= _ON)
)
_CONDITIONS: Mapping[str, sa.ColumnElement[bool]] = {
    "place": sa.func.starts_with(institution.c.region, sa.bindparam("place", type_=sa.Text)),
    "type": institution.c.types.contains(sa.bindparam("type", type_=_TEXTS)),
    "grade": institution.c.grade == sa.bindparam("grade", type_=sa.Text),
    "speciality": institution.c.specialities.contains(sa.bindparam("speciality", type_=_TEXTS)),
    "q": institution.c.search.like(sa.bindparam("q", type_=sa.Text)),
}


async def find(conn: Conn, asked: InstitutionsAsked, page: PageAsked) -> Page[Institution]:
    """Read a page in one statement: by code, or by revision where a copy is being kept."""
    by_code = asked.since is None
    binds = _binds(asked)
    binds |= {
        "after": page.after if asked.since is None else max(asked.since, page.after_id),
        "rows": page.rows + 1,
    }
    found = await fetch(conn, _page(frozenset(binds), by_code=by_code), binds)
    rows = [_institution(row) for row in found]
    return Page.of(rows, page, lambda it: it.code if by_code else it.revision)


@cache
def _page(asked: frozenset[str], *, by_code: bool) -> sa.Select[Any]:
    """Build the statement for some conditions, once."""
    conditions = [condition for name, condition in _CONDITIONS.items() if name in asked]
    offered = [_SAME_SCHEME] if "scheme" in asked else []
    offered += [_SAME_COST] if "cost_kind" in asked else []
    if "on" in asked:
        offered.append(_THAT_DAY)
        conditions.append(_IS_ONLINE)
    if offered:
        conditions.append(_offers(*offered))
    key: sa.Column[Any] = institution.c.code if by_code else institution.c.revision
    after = key > sa.bindparam("after", type_=key.type)
    return _LIST.where(*conditions, after).order_by(key).limit(_ROWS)


def _binds(asked: InstitutionsAsked) -> dict[str, object]:
    binds: dict[str, object | None] = {
        "place": prefix_of(asked.place) if asked.place else None,
        "type": [asked.type] if asked.type else None,
        "grade": asked.grade,
        "speciality": [asked.speciality] if asked.speciality else None,
        "q": _pattern(asked.q) if asked.q else None,
        "scheme": asked.scheme,
        "cost_kind": asked.cost_kind,
        "on": asked.on,
    }
    return {name: value for name, value in binds.items() if value is not None}


def _pattern(words: str) -> str:
    """Make what people type comparable with the search column: one width, one case, literal."""
    plain = unicodedata.normalize("NFKC", words).lower()
    escaped = "".join(f"\\{each}" if each in "\\%_" else each for each in plain)
    return f"%{escaped}%"


async def by_codes(conn: Conn, codes: Sequence[str]) -> dict[str, Institution]:
    """Read some institutions by code, in one statement."""
    found = await fetch(conn, _BY_CODES, {"codes": list(codes)})
    return {row.code: _institution(row) for row in found}


async def by_code(conn: Conn, code: str) -> Institution | None:
    """Read one institution."""
    return (await by_codes(conn, [code])).get(code)


_REGIONS = sa.select(region.c.code).where(
    region.c.code == sa.any_(sa.bindparam("codes", type_=_TEXTS))
)


async def known_regions(conn: Conn, codes: Sequence[str]) -> frozenset[str]:
    """Tell which of the codes are regions."""
    return frozenset(await conn.scalars(_REGIONS, {"codes": list(codes)}))


_TAKE_TURN = sa.select(sa.func.pg_advisory_xact_lock(sa.literal(TURN, sa.BigInteger)))


async def take_turn(tx: Tx) -> None:
    """Wait until no other writer of the list is at work; the turn lasts until the commit.

    A sequence hands out numbers before the commit, so two writers at once could commit revision
    8 before 7, and a reader who asked in between would hold 8 and never be given 7. Writers are
    few, readers many: the writers take turns, and readers wait for nobody.
    """
    await tx.execute(_TAKE_TURN)


_KEEP = sa.text("""
INSERT INTO institution (code, name, aliases, types, grade, region, address, address_aliases,
    specialities, uscc, source, state, state_since, revision, updated_at)
SELECT code, name, aliases, types, grade, region, address, address_aliases,
    specialities, uscc, source, 'online', state_since, nextval('institution_revision'), :at
FROM jsonb_to_recordset(CAST(:entries AS jsonb)) AS entry (code text, name text, aliases text[],
    types text[], grade text, region text, address text, address_aliases text[],
    specialities text[], uscc text, source text, state_since date)
ORDER BY code
ON CONFLICT (code) DO UPDATE SET name = excluded.name, aliases = excluded.aliases,
    types = excluded.types, grade = excluded.grade, region = excluded.region,
    address = excluded.address, address_aliases = excluded.address_aliases,
    specialities = excluded.specialities, uscc = coalesce(excluded.uscc, institution.uscc),
    source = excluded.source, revision = excluded.revision, updated_at = excluded.updated_at
""").bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True)))
_DROP_SCOPES = sa.text("""
DELETE FROM institution_scope USING institution
WHERE institution.id = institution_scope.institution_id AND institution.code = ANY(:codes)
""").bindparams(sa.bindparam("codes", type_=_TEXTS))
_KEEP_SCOPES = sa.text("""
INSERT INTO institution_scope (institution_id, cost_kind, scheme, first_day, last_day)
SELECT institution.id, scope.cost_kind, scope.scheme, scope.first_day, scope.last_day
FROM jsonb_to_recordset(CAST(:scopes AS jsonb)) AS scope (code text, cost_kind text,
    scheme text, first_day date, last_day date)
JOIN institution ON institution.code = scope.code
""")
_KEEP_FIRST_STANDINGS = sa.text("""
INSERT INTO institution_standing (institution_id, first_day, state, reason)
SELECT id, state_since, state, '' FROM institution WHERE code = ANY(:codes)
""").bindparams(sa.bindparam("codes", type_=_TEXTS))


async def keep(
    tx: Tx, entries: Sequence[InstitutionEntry], created: Mapping[str, date], at: datetime
) -> None:
    """Add or replace entries, four statements whatever their number.

    `created` names the new ones and the day from which they are online. Needs the turn.
    """
    rows = [_row(entry) | {"state_since": created.get(entry.code, date.min)} for entry in entries]
    scopes = [
        {
            "code": entry.code,
            "cost_kind": scope.cost_kind,
            "scheme": scope.scheme,
            "first_day": scope.first_day,
            "last_day": scope.last_day,
        }
        for entry in entries
        for scope in entry.scopes
    ]
    await tx.execute(_KEEP, {"entries": _json(rows), "at": at})
    await tx.execute(_DROP_SCOPES, {"codes": [entry.code for entry in entries]})
    await tx.execute(_KEEP_SCOPES, {"scopes": _json(scopes)})
    await tx.execute(_KEEP_FIRST_STANDINGS, {"codes": list(created)})


_MOVE = (
    sa.update(institution)
    .where(institution.c.id == sa.bindparam("of"), institution.c.revision == sa.bindparam("was"))
    .values(
        state=sa.bindparam("to_state", type_=sa.Text),
        state_since=sa.bindparam("day", type_=sa.Date),
        revision=revision.next_value(),
        updated_at=sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    )
)
_STAND = upsert(institution_standing)
_STAND = _STAND.on_conflict_do_update(
    index_elements=["institution_id", "first_day"],
    set_={"state": _STAND.excluded.state, "reason": _STAND.excluded.reason},
)


async def stand(tx: Tx, it: Institution, standing: Standing, at: datetime) -> None:
    """Let an institution stand otherwise from a day on. Needs the turn."""
    day, state = standing.first_day, standing.state
    binds = {"of": it.id, "was": it.revision, "to_state": state, "day": day, "at": at}
    moved = await tx.execute(_MOVE, binds)
    assert moved.rowcount == 1, "writers take turns, so nobody moved it since it was read"
    row = {"institution_id": it.id, "first_day": day, "state": state, "reason": standing.reason}
    await tx.execute(_STAND, row)


_IS_GRADE_3 = sa.and_(
    institution.c.types.contains(["medical"]),
    institution.c.grade.in_([grade.value for grade in Grade if grade.is_grade_3]),
)


def _online(cost_kind: CostKind) -> sa.ColumnElement[bool]:
    across = _scope.scheme == Scheme.CROSS_PROVINCE.value
    return sa.and_(_IS_ONLINE, _offers(_scope.cost_kind == cost_kind.value, across, _THAT_DAY))


def _count(*conditions: sa.ColumnElement[bool]) -> sa.ColumnElement[int]:
    return sa.func.count(institution.c.id).filter(*conditions)


_is_rehabilitation = institution.c.types.contains(["rehabilitation"])
_is_device = institution.c.types.contains(["device"])
_COVERAGE = (
    sa.select(
        region.c.code.label("province"),
        region.c.name,
        _count(_IS_GRADE_3).label("grade3_medical"),
        _count(_IS_GRADE_3, _online(CostKind.MEDICAL)).label("grade3_medical_online"),
        _count(_is_rehabilitation).label("rehabilitation"),
        _count(_is_rehabilitation, _online(CostKind.REHABILITATION)).label("rehabilitation_online"),
        _count(_is_device).label("device"),
        _count(_is_device, _online(CostKind.DEVICE)).label("device_online"),
    )
    .select_from(region)
    .outerjoin(
        institution,
        sa.func.left(institution.c.region, 2) == sa.func.left(region.c.code, 2),
    )
    .where(region.c.level == Level.PROVINCE.value)
    .group_by(region.c.code, region.c.name)
    .order_by(region.c.code)
)


async def coverage(conn: Conn, day: date) -> list[ProvinceCount]:
    """Count every province's institutions and those online on a day, in one statement."""
    found = await conn.execute(_COVERAGE, {"on": day})
    return [ProvinceCount(**row) for row in found.mappings()]


def _json(rows: Sequence[Mapping[str, object]]) -> str:
    return json.dumps(rows, default=str, ensure_ascii=False)


def _row(entry: InstitutionEntry) -> dict[str, object]:
    return {
        "code": entry.code,
        "name": entry.name,
        "aliases": list(entry.aliases),
        "types": sorted(entry.types),
        "grade": entry.grade,
        "region": entry.region,
        "address": entry.address,
        "address_aliases": list(entry.address_aliases),
        "specialities": list(entry.specialities),
        "uscc": entry.uscc,
        "source": entry.source,
    }


def _institution(row: sa.Row[*tuple[Any, ...]]) -> Institution:
    return Institution(
        id=row.id,
        code=row.code,
        name=row.name,
        aliases=tuple(row.aliases),
        types=frozenset(map(InstitutionType, row.types)),
        grade=None if row.grade is None else Grade(row.grade),
        region=row.region,
        address=row.address,
        address_aliases=tuple(row.address_aliases),
        specialities=tuple(row.specialities),
        uscc=row.uscc,
        source=row.source,
        scopes=tuple(sorted(map(_scope_of, row.scopes or []), key=_scope_order)),
        state=InstitutionState(row.state),
        state_since=row.state_since,
        standings=tuple(sorted(map(_standing_of, row.standings or []), key=_standing_order)),
        revision=row.revision,
        updated_at=row.updated_at,
    )


def _scope_of(cells: tuple[str, str, str, str | None]) -> InstitutionScope:
    cost_kind, scheme, first_day, last_day = cells
    return InstitutionScope(
        cost_kind=CostKind(cost_kind),
        scheme=Scheme(scheme),
        first_day=date.fromisoformat(first_day),
        last_day=None if last_day is None else date.fromisoformat(last_day),
    )


def _scope_order(scope: InstitutionScope) -> tuple[str, str, date]:
    return scope.cost_kind, scope.scheme, scope.first_day


def _standing_of(cells: tuple[str, str, str]) -> Standing:
    first_day, state, reason = cells
    return Standing(
        first_day=date.fromisoformat(first_day), state=InstitutionState(state), reason=reason
    )


def _standing_order(standing: Standing) -> date:
    return standing.first_day
