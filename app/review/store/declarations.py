"""Every SQL statement about what institutions settled in a month, and what was declared of it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.kernel.calendar import Month
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.review.model.monthly import Declaration, MonthAsked, MonthFigures, MonthsWanted
from app.review.store.stamp import Stamp
from app.review.tables import declaration
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.lists import Listing
from app.runtime.paging import PageAsked
from app.settlement.tables import settlement

_PLACE, _MONTH = sa.bindparam("place", type_=sa.CHAR(6)), sa.bindparam("month", type_=sa.CHAR(7))
_INSTITUTION = sa.bindparam("institution", type_=sa.CHAR(12))
_AFTER, _ROWS = (sa.bindparam(name, type_=sa.BigInteger) for name in ("after", "rows"))


def _sum(column: sa.ColumnElement[int], label: str) -> sa.ColumnElement[int]:
    return sa.cast(sa.func.sum(column), sa.BigInteger).label(label)


# The root is over "number total fund" in fen, one a line, by number: anybody can compute it again.
_LINE = sa.func.concat_ws(" ", settlement.c.number, settlement.c.total_fen, settlement.c.fund_fen)
_ROOT = sa.func.sha256(
    sa.func.convert_to(
        sa.func.string_agg(_LINE, sa.literal_column("E'\\n' ORDER BY number COLLATE \"C\"")),
        "UTF8",
    )
)
_SUMS: sa.Select[Any] = (
    sa.select(
        settlement.c.institution,
        sa.func.min(settlement.c.treatment_region).label("region"),
        sa.func.count().label("settlement_count"),
        _sum(settlement.c.total_fen, "total_fen"),
        _sum(settlement.c.fund_fen, "fund_fen"),
        _sum(settlement.c.own_fen, "own_fen"),
        _ROOT.label("root"),
    )
    .where(settlement.c.treatment_place == _PLACE, settlement.c.month == _MONTH)
    .group_by(settlement.c.institution)
)
_FIGURES = (
    _SUMS.where(
        visible(regions=(settlement.c.treatment_region,), institution=settlement.c.institution),
        _INSTITUTION.is_(None) | (settlement.c.institution == _INSTITUTION),
        settlement.c.institution > sa.bindparam("after", type_=sa.Text),
    )
    .order_by(settlement.c.institution)
    .limit(_ROWS)
)
_KEEP = sa.text(
    """
    INSERT INTO declaration (number, place, scheme, month, institution, region, settlement_count,
                             total_fen, fund_fen, own_fen, root, declared_at, declared_by)
    VALUES ('B' || :region || to_char(:today, 'YYMMDD')
                || lpad(nextval('declaration_serial')::text, 7, '0'),
            :place, :scheme, :month, :institution, :region, :settlement_count, :total_fen,
            :fund_fen, :own_fen, :root, :at, :client)
    ON CONFLICT (institution, place, month, root) DO NOTHING
    RETURNING number
    """
).bindparams(
    *(sa.bindparam(n, type_=sa.Text) for n in ("region", "scheme", "institution", "client")),
    sa.bindparam("place", type_=sa.Text),
    sa.bindparam("month", type_=sa.Text),
    sa.bindparam("today", type_=sa.Date),
    *(
        sa.bindparam(n, type_=sa.BigInteger)
        for n in ("settlement_count", "total_fen", "fund_fen", "own_fen")
    ),
    sa.bindparam("root", type_=sa.LargeBinary),
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
)
_said = _SUMS.subquery("said")
_NUMBER = (
    sa.literal("B")
    + _said.c.region
    + sa.func.to_char(sa.bindparam("today", type_=sa.Date), "YYMMDD")
    + sa.func.lpad(
        sa.cast(sa.func.nextval(sa.literal_column("'declaration_serial'")), sa.Text), 7, "0"
    )
)
_COLUMNS = (
    "number",
    "place",
    "scheme",
    "month",
    "institution",
    "region",
    "settlement_count",
    "total_fen",
    "fund_fen",
    "own_fen",
    "root",
    "declared_at",
)
_DECLARE_REST = sa.insert(declaration).from_select(
    list(_COLUMNS),
    sa.select(
        _NUMBER,
        _PLACE,
        sa.bindparam("scheme", type_=sa.Text),
        _MONTH,
        *(_said.c[name] for name in _COLUMNS[4:11]),
        sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    ).where(
        ~sa.exists().where(
            declaration.c.institution == _said.c.institution,
            declaration.c.place == _PLACE,
            declaration.c.month == _MONTH,
            declaration.c.root == _said.c.root,
        )
    ),
)
_LATEST = sa.select(declaration).where(
    declaration.c.institution == _INSTITUTION,
    declaration.c.place == _PLACE,
    declaration.c.month == _MONTH,
)
_LAST = _LATEST.order_by(declaration.c.id.desc()).limit(1)
_LISTING = Listing(
    rows=sa.select(declaration),
    of=declaration,
    regions=("place", "region"),
    institution="institution",
    filters={
        "place": declaration.c.place == _PLACE,
        "month": declaration.c.month == _MONTH,
        "institution": declaration.c.institution == _INSTITUTION,
    },
)


async def figures(
    conn: Conn, scope: Scope, asked: MonthAsked, institution: str | None, wanted: PageAsked
) -> list[MonthFigures]:
    """Total a month of a place by institution, as far as the caller may see; and one more."""
    row = {
        "place": asked.place,
        "month": str(asked.month),
        "institution": institution,
        "after": wanted.after,
        "rows": wanted.rows + 1,
    }
    return [_figures(each) for each in await conn.execute(_FIGURES, row | scope.binds())]


async def keep(
    tx: Tx,
    asked: MonthAsked,
    scheme: Scheme,
    it: MonthFigures,
    by: Stamp,
) -> str | None:
    """Keep an institution's declaration; None if the month was declared with these very rows."""
    row = {
        "place": asked.place,
        "month": str(asked.month),
        "scheme": scheme.value,
        "institution": it.institution,
        "region": it.region,
        "settlement_count": it.settlements,
        "total_fen": it.total.fen,
        "fund_fen": it.fund.fen,
        "own_fen": it.own.fen,
        "root": it.root,
        "at": by.at,
        "today": by.today,
        "client": by.client,
    }
    return (await tx.execute(_KEEP, row)).scalar_one_or_none()


async def declare_rest(tx: Tx, asked: MonthAsked, scheme: Scheme, by: Stamp) -> int:
    """Declare for every institution that has not, or whose month has changed since; tell how many.

    The hub does it by itself: nobody is named.
    """
    row = {
        "place": asked.place,
        "month": str(asked.month),
        "scheme": scheme.value,
        "at": by.at,
        "today": by.today,
    }
    return (await tx.execute(_DECLARE_REST, row)).rowcount


async def last(conn: Conn, asked: MonthAsked, institution: str) -> Declaration | None:
    """Read an institution's last declaration of a month."""
    row = {"place": asked.place, "month": str(asked.month), "institution": institution}
    found = (await conn.execute(_LAST, row)).one_or_none()
    return None if found is None else _declaration(found)


async def page(
    conn: Conn, scope: Scope, asked: MonthsWanted, wanted: PageAsked
) -> Sequence[Declaration]:
    """Read a page of the declarations the caller may see, and one more."""
    filters = {
        "place": asked.place,
        "month": None if asked.month is None else str(asked.month),
        "institution": asked.institution,
    }
    return [_declaration(each) for each in await _LISTING.read(conn, scope, wanted, filters)]


def _figures(row: sa.Row[Any]) -> MonthFigures:
    return MonthFigures(
        institution=row.institution,
        region=row.region,
        settlements=row.settlement_count,
        total=Money(row.total_fen),
        fund=Money(row.fund_fen),
        own=Money(row.own_fen),
        root=bytes(row.root),
    )


def _declaration(row: sa.Row[Any]) -> Declaration:
    return Declaration(
        id=row.id,
        number=row.number,
        place=row.place,
        scheme=Scheme(row.scheme),
        month=Month.parse(row.month),
        figures=_figures(row),
        declared_at=row.declared_at,
        by_hub=row.declared_by is None,
    )
