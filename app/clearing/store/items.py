"""What a clearing counts: settlements and deductions of its months, and what rolled into it.

A closed month takes no more, so the months a clearing holds say which items are its own.
"""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence
from typing import Any

import asyncpg
import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError

from app.clearing.model import Item, ItemKind, PairTotal, Part, Totals
from app.clearing.model.confirming import Pair
from app.clearing.model.paying import CityShare
from app.clearing.tables import carried, claim, clearing, contest
from app.kernel.calendar import Month
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.review.tables import deduction
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.paging import PageAsked
from app.settlement.tables import cleared_month, settlement
from app.visit.tables import visit

# The connection is gone: the door knows these as they are, and begins anew.
_BROKEN = (
    asyncpg.PostgresConnectionError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
)
_NEWEST = sa.select(sa.func.max(settlement.c.id))
# One statement, whatever the number of settlements: pair by pair, each read from an index alone and
# sorted by itself, which is less work than sorting them all. Nothing is written but the claims, and
# nothing waits for the last pair: a pair is counted when it is asked for, in the order of places.
# Numbers are a capital and digits, which every collation orders alike; "C" does so fastest.
_TOTALS = sa.text(
    """
    WITH RECURSIVE pair AS (
        (SELECT insured_place, treatment_place FROM settlement WHERE scheme = :scheme
          ORDER BY insured_place, treatment_place LIMIT 1)
        UNION ALL
        SELECT following.* FROM pair CROSS JOIN LATERAL (
            SELECT s.insured_place, s.treatment_place FROM settlement s
             WHERE s.scheme = :scheme AND (s.insured_place, s.treatment_place)
                                        > (pair.insured_place, pair.treatment_place)
             ORDER BY s.insured_place, s.treatment_place LIMIT 1) AS following
    )
    SELECT pair.insured_place, pair.treatment_place, counted.*
      FROM pair CROSS JOIN LATERAL (
        SELECT count(*) AS settlement_count,
               sum(total_fen)::bigint AS total_fen, sum(fund_fen)::bigint AS fund_fen,
               count(reviewed_fen) AS reviewed_count,
               coalesce(sum(reviewed_fen), 0)::bigint AS reviewed_fen,
               sha256(convert_to(string_agg(
                   number || ' ' || total_fen || ' ' || fund_fen, E'\\n' ORDER BY number COLLATE "C"
               ), 'UTF8')) AS root
          FROM (SELECT number, total_fen, fund_fen - conceded_before_fen AS fund_fen,
                       NULL::bigint AS reviewed_fen
                  FROM settlement s
                 WHERE s.scheme = :scheme AND s.month = ANY (:months)
                   AND s.insured_place = pair.insured_place
                   AND s.treatment_place = pair.treatment_place
                UNION ALL
                SELECT number, 0, - amount_fen, amount_fen
                  FROM deduction d
                 WHERE d.scheme = :scheme AND d.month = ANY (:months)
                   AND d.insured_place = pair.insured_place
                   AND d.treatment_place = pair.treatment_place
                UNION ALL
                SELECT c.settlement, s.total_fen, coalesce(c.agreed_fen, c.fund_fen), NULL
                  FROM contest c JOIN settlement s ON s.number = c.settlement
                 WHERE c.id = ANY (:waiting)
                   AND c.insured_place = pair.insured_place
                   AND c.treatment_place = pair.treatment_place
                   AND coalesce(c.agreed_fen, c.fund_fen) <> 0
               ) AS item) AS counted
     WHERE counted.settlement_count > 0
    """
).bindparams(
    sa.bindparam("scheme", type_=sa.Text),
    sa.bindparam("months", type_=ARRAY(sa.CHAR(7))),
    sa.bindparam("waiting", type_=ARRAY(sa.BigInteger)),
)
_INSURED = sa.bindparam("insured_place", type_=sa.Text)
_TREATMENT = sa.bindparam("treatment_place", type_=sa.Text)
_NUMBER = sa.bindparam("number", type_=sa.Text)
_AFTER = sa.bindparam("after", type_=sa.Text)
_ROWS = sa.bindparam("rows", type_=sa.BigInteger)


def _paired(source: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(
        _INSURED.is_(None) | (source.c.insured_place == _INSURED),
        _TREATMENT.is_(None) | (source.c.treatment_place == _TREATMENT),
        visible(regions=(source.c.insured_place, source.c.treatment_place)),
    )


def _of_months(source: sa.Table) -> sa.ColumnElement[bool]:
    return sa.and_(
        source.c.scheme == cleared_month.c.scheme, source.c.month == cleared_month.c.month
    )


def _next_numbers(source: sa.Table) -> sa.Select[Any]:
    """Select the numbers that follow, each month's from its index and no more than a page."""
    following = (
        sa.select(source.c.number)
        .where(_of_months(source), source.c.number > _AFTER, _paired(source))
        .order_by(source.c.number)
        .limit(_ROWS)
        .lateral(f"next_{source.name}")
    )
    return (
        sa.select(following.c.number)
        .select_from(cleared_month.join(following, sa.true()))
        .where(cleared_month.c.clearing == _NUMBER)
    )


def _columns(source: sa.Table) -> tuple[sa.ColumnElement[Any], ...]:
    """Name what settlements and deductions have alike."""
    return (
        source.c.institution,
        source.c.insured_place,
        source.c.treatment_place,
        source.c.insured_region,
        source.c.treatment_region,
        source.c.month,
    )


_NO_TEXT = sa.null().cast(sa.Text)
_origin, _into = claim.alias("origin"), claim.alias("into")
_from_clearing, _into_clearing = clearing.alias("from_clearing"), clearing.alias("into_clearing")
_ROLLED = (
    carried.join(contest, contest.c.id == carried.c.contest_id)
    .join(settlement, settlement.c.number == contest.c.settlement)
    .join(_into, _into.c.id == carried.c.claim_id)
    .join(_into_clearing, _into_clearing.c.id == _into.c.clearing_id)
    .join(_origin, _origin.c.id == contest.c.claim_id)
    .join(_from_clearing, _from_clearing.c.id == _origin.c.clearing_id)
)
_IS_ROLLED = sa.and_(_into_clearing.c.number == _NUMBER, _paired(settlement))
_SETTLED = (
    settlement.c.number,
    settlement.c.visit_id,
    settlement.c.kind,
    settlement.c.business_day,
    settlement.c.total_fen,
)
_COUNTED = sa.union_all(
    sa.select(
        *_SETTLED,
        *_columns(settlement),
        (settlement.c.fund_fen - settlement.c.conceded_before_fen).label("fund_fen"),
        _NO_TEXT.label("carried_from"),
        _NO_TEXT.label("deducts"),
    )
    .select_from(settlement.join(cleared_month, _of_months(settlement)))
    .where(cleared_month.c.clearing == _NUMBER, _paired(settlement)),
    sa.select(
        deduction.c.number,
        settlement.c.visit_id,
        sa.literal(ItemKind.DEDUCTION.value, sa.Text),
        settlement.c.business_day,
        sa.literal(0, sa.BigInteger),
        *_columns(deduction),
        -deduction.c.amount_fen,
        _NO_TEXT,
        deduction.c.settlement,
    )
    .select_from(
        deduction.join(cleared_month, _of_months(deduction)).join(
            settlement, settlement.c.id == deduction.c.settlement_id
        )
    )
    .where(cleared_month.c.clearing == _NUMBER, _paired(deduction)),
    sa.select(
        *_SETTLED, *_columns(settlement), carried.c.fund_fen, _from_clearing.c.number, _NO_TEXT
    )
    .select_from(_ROLLED)
    .where(_IS_ROLLED),
).subquery("counted")
_numbers = sa.union_all(
    _next_numbers(settlement),
    _next_numbers(deduction),
    sa.select(settlement.c.number)
    .select_from(_ROLLED)
    .where(_IS_ROLLED, settlement.c.number > _AFTER),
).subquery("numbers")
_NEXT = sa.select(_numbers.c.number).order_by(_numbers.c.number).limit(_ROWS)
# The visit is looked up for the rows that are read, not for those that are only added up.
_NAMED: sa.Select[Any] = (
    sa.select(
        _COUNTED,
        sa.select(visit.c.number)
        .where(visit.c.id == _COUNTED.c.visit_id)
        .scalar_subquery()
        .label("visit"),
    )
    .where(_COUNTED.c.number == sa.func.any(sa.bindparam("numbers", type_=ARRAY(sa.Text))))
    .order_by(_COUNTED.c.number)
)


def _by_region(region: sa.ColumnElement[str], place: sa.ColumnElement[str]) -> sa.Select[Any]:
    pair = (_COUNTED.c.insured_place, _COUNTED.c.treatment_place)
    return (
        sa.select(
            region.label("region"),
            *pair,
            sa.func.count().label("settlement_count"),
            sa.cast(sa.func.sum(_COUNTED.c.total_fen), sa.BigInteger).label("total_fen"),
            sa.cast(sa.func.sum(_COUNTED.c.fund_fen), sa.BigInteger).label("fund_fen"),
        )
        .where(place == sa.bindparam("place", type_=sa.Text))
        .group_by(region, *pair)
    )


_SHARES = sa.union_all(
    _by_region(_COUNTED.c.insured_region, _COUNTED.c.insured_place),
    _by_region(_COUNTED.c.treatment_region, _COUNTED.c.treatment_place),
)


async def newest(conn: Conn) -> int:
    """Tell the newest settlement there is by its key; a later one, and somebody settled since."""
    found: int | None = (await conn.execute(_NEWEST)).scalar_one()
    return found or 0


async def totals(
    tx: Tx, scheme: Scheme, months: Sequence[Month], waiting: Sequence[int], pairs: int
) -> AsyncGenerator[list[PairTotal]]:
    """Total and digest by ordered pair what some months hold and the contests that roll on.

    Yield so many pairs at a time, each portion counted when it is asked for. What fails then fails
    as any statement does: the driver's own faults come out of a cursor unwrapped, and the door
    would take each for a broken connection and count again.
    """
    asked = {
        "scheme": scheme.value,
        "months": [str(month) for month in months],
        "waiting": list(waiting),
    }
    try:
        async with tx.stream(_TOTALS, asked) as counted:
            async for portion in counted.partitions(pairs):
                yield [_pair_total(row) for row in portion]
    except asyncpg.PostgresError as error:
        if isinstance(error, _BROKEN):
            raise
        raise DBAPIError(None, None, error) from error


async def items(
    conn: Conn,
    scope: Scope,
    page: PageAsked,
    *,
    number: str,
    insured_place: str | None,
    treatment_place: str | None,
) -> Sequence[Item]:
    """Read a page of the items of a clearing, in the order the roots digest them."""
    asked = scope.binds() | {
        "number": number,
        "insured_place": insured_place,
        "treatment_place": treatment_place,
    }
    following = await conn.execute(_NEXT, asked | {"after": page.after, "rows": page.rows + 1})
    numbers = list(following.scalars())
    return [_item(row) for row in await conn.execute(_NAMED, asked | {"numbers": numbers})]


async def named_items(
    conn: Conn, scope: Scope, number: str, pair: Pair | None, numbers: Sequence[str]
) -> dict[str, Item]:
    """Read some items of a claim, or of any, by number; what is not in it is left out."""
    asked = {
        "number": number,
        "insured_place": None if pair is None else pair.insured_place,
        "treatment_place": None if pair is None else pair.treatment_place,
        "numbers": list(numbers),
    }
    found = await conn.execute(_NAMED, scope.binds() | asked)
    return {row.number: _item(row) for row in found}


async def shares(conn: Conn, scope: Scope, number: str, place: str) -> list[CityShare]:
    """Total the items of a place's claims by the region of its own side."""
    asked = {"number": number, "place": place, "insured_place": None, "treatment_place": None}
    return [
        CityShare(
            city=row.region,
            insured_place=row.insured_place,
            treatment_place=row.treatment_place,
            settlements=row.settlement_count,
            total=Money(row.total_fen),
            fund=Money(row.fund_fen),
        )
        for row in await conn.execute(_SHARES, scope.binds() | asked)
    ]


def _pair_total(row: sa.Row[Any]) -> PairTotal:
    return PairTotal(
        insured_place=row.insured_place,
        treatment_place=row.treatment_place,
        totals=Totals(row.settlement_count, Money(row.total_fen), Money(row.fund_fen)),
        reviewed=Part(row.reviewed_count, Money(row.reviewed_fen)),
        root=bytes(row.root),
    )


def _item(row: sa.Row[Any]) -> Item:
    return Item(
        number=row.number,
        insured_place=row.insured_place,
        treatment_place=row.treatment_place,
        kind=ItemKind(row.kind),
        business_day=row.business_day,
        month=row.month,
        total=Money(row.total_fen),
        fund=Money(row.fund_fen),
        carried_from=row.carried_from,
        deducts=row.deducts,
        institution=row.institution,
        visit=row.visit,
    )
