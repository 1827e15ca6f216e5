"""Hold a law against the whole hub and read its first difference; count what there is."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date

import sqlalchemy as sa

from app.kernel.money import Money
from app.proof.model.laws import Difference, Extent, Law
from app.proof.store.laws import STATEMENTS
from app.runtime.db import Conn

# A nation's books take longer than a request, and are read whole: where the planner cannot tell how
# many rows a sum of postings has, looking each up one by one would take days.
_PATIENTLY = (
    sa.text("SET statement_timeout = '30min'"),
    sa.text("SET enable_nestloop = off"),
    sa.text("SET work_mem = '64MB'"),
)
_AS_EVER = (
    sa.text("RESET statement_timeout"),
    sa.text("RESET enable_nestloop"),
    sa.text("RESET work_mem"),
)
# Through the second wall a proof sees nothing wrong, since it sees nothing.
_SEES_ALL = sa.text(
    "SELECT NOT row_security_active('posting') OR current_setting('hub.whole', true) = 'on'"
)
_EXTENT = sa.text(
    """
    SELECT (SELECT count(*) FROM account) AS accounts, (SELECT count(*) FROM entry) AS entries,
           (SELECT count(*) FROM posting) AS postings,
           (SELECT coalesce(sum(fen), 0) FROM posting) AS turnover_fen,
           (SELECT count(*) FROM settlement) AS settlements, (SELECT count(*) FROM claim) AS claims,
           (SELECT count(*) FROM notice) AS notices,
           (SELECT count(*) FROM bank_confirmation) AS payments,
           (SELECT count(*) FROM seal) AS seals
    """
)


def _first(code: str) -> sa.TextClause:
    statement = f"""
        SELECT subject, insured_place, treatment_place, institution, period, found, expected
          FROM ({STATEMENTS[code]}) AS difference
         ORDER BY insured_place NULLS FIRST, treatment_place NULLS FIRST, institution NULLS FIRST,
                  period NULLS FIRST, subject COLLATE "C" NULLS FIRST, found
         LIMIT 1
    """  # noqa: S608 -- our own words
    found = sa.text(statement)
    if ":today" in statement:
        found = found.bindparams(
            sa.bindparam("today", type_=sa.Date), sa.bindparam("alarming_days", type_=sa.Integer)
        )
    return found


_FIRST = {code: _first(code) for code in STATEMENTS}


async def require_whole(conn: Conn) -> None:
    """Hold a connection to working for somebody who sees the whole hub."""
    sees_all = (await conn.execute(_SEES_ALL)).scalar_one()
    assert sees_all, "only who sees everything can prove or seal everything"


@asynccontextmanager
async def patiently(conn: Conn) -> AsyncIterator[None]:
    """Let a connection read a nation's books whole, in the time they take."""
    await require_whole(conn)
    for setting in _PATIENTLY:
        await conn.execute(setting)
    try:
        yield
    finally:
        for setting in _AS_EVER:
            await conn.execute(setting)


async def first_difference(
    conn: Conn, law: Law, today: date, alarming_days: int
) -> Difference | None:
    """Read the first difference from a law: one statement, of one moment."""
    statement = _FIRST[law.code]
    asked = {"today": today, "alarming_days": alarming_days}
    wanted = {name: asked[name] for name in statement.compile().params}
    row = (await conn.execute(statement, wanted)).one_or_none()
    if row is None:
        return None
    return Difference(
        subject=row.subject,
        insured_place=row.insured_place,
        treatment_place=row.treatment_place,
        institution=row.institution,
        period=row.period,
        found=int(row.found),
        expected=int(row.expected),
    )


async def extent(conn: Conn) -> Extent:
    """Count what there is to be held against the laws."""
    row = (await conn.execute(_EXTENT)).one()
    return Extent(
        accounts=row.accounts,
        entries=row.entries,
        postings=row.postings,
        turnover=Money(int(row.turnover_fen)),
        settlements=row.settlements,
        claims=row.claims,
        notices=row.notices,
        payments=row.payments,
        seals=row.seals,
    )
