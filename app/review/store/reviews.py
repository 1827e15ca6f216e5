"""Every SQL statement that reads closed months: statements, their lines, their insured places."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from app.kernel.calendar import Month
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.review.model.monthly import (
    DueDays,
    InsuredLine,
    MonthAsked,
    MonthsWanted,
    Review,
    ReviewLine,
    ReviewTotals,
)
from app.review.tables import review, review_line
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.lists import Listing
from app.runtime.paging import PageAsked

_SEEN = visible(regions=(review.c.place,))
_PLACE, _MONTH = sa.bindparam("place", type_=sa.CHAR(6)), sa.bindparam("month", type_=sa.CHAR(7))
_ROWS = sa.bindparam("rows", type_=sa.BigInteger)
_ONE = sa.select(review).where(review.c.number == sa.bindparam("number", type_=sa.Text), _SEEN)
_LOCKED = _ONE.with_for_update()
_OF_MONTH = sa.select(review.c.number).where(review.c.place == _PLACE, review.c.month == _MONTH)
_LISTING = Listing(
    rows=sa.select(review),
    of=review,
    regions=("place",),
    filters={"place": review.c.place == _PLACE, "month": review.c.month == _MONTH},
)
_REVIEW_ID = sa.bindparam("review_id", type_=sa.BigInteger)
_LINES = (
    sa.select(review_line)
    .where(
        review_line.c.review_id == _REVIEW_ID,
        review_line.c.institution > sa.bindparam("after", type_=sa.Text),
    )
    .order_by(review_line.c.institution)
    .limit(_ROWS)
)
_INSURED = sa.text(
    """
    SELECT insured_place, sum(settled) AS settlement_count, sum(total_fen)::bigint AS total_fen,
           sum(fund_fen)::bigint AS fund_fen, sum(own_fen)::bigint AS own_fen,
           sum(taken) AS deduction_count, sum(deducted_fen)::bigint AS deducted_fen
      FROM (SELECT insured_place, 1 AS settled, total_fen, fund_fen, own_fen,
                   (conceded_before_fen <> 0)::int AS taken, conceded_before_fen AS deducted_fen
              FROM settlement WHERE treatment_place = :place AND month = :month
            UNION ALL
            SELECT insured_place, 0, 0, 0, 0, 1, amount_fen
              FROM deduction
             WHERE treatment_place = :place AND month = :month AND scheme = :scheme
            UNION ALL
            SELECT c.insured_place, 0, 0, 0, 0, 1, c.fund_fen - c.agreed_fen
              FROM contest c JOIN settlement s ON s.number = c.settlement
             WHERE c.treatment_place = :place AND c.month = :month AND s.scheme = :scheme) AS items
     GROUP BY insured_place ORDER BY insured_place
    """
).bindparams(*(sa.bindparam(name, type_=sa.Text) for name in ("place", "month", "scheme")))
_NAME = sa.text("SELECT name FROM region WHERE code = :place")


async def find(conn: Conn, scope: Scope, number: str) -> Review | None:
    """Read a closed month the caller may see."""
    row = (await conn.execute(_ONE, {"number": number} | scope.binds())).one_or_none()
    return None if row is None else _review(row)


async def locked(tx: Tx, scope: Scope, number: str) -> Review | None:
    """Read a closed month and hold it against other writers until the transaction ends."""
    row = (await tx.execute(_LOCKED, {"number": number} | scope.binds())).one_or_none()
    return None if row is None else _review(row)


async def number_of(conn: Conn, asked: MonthAsked) -> str | None:
    """Read the number under which a month was closed."""
    row = {"place": asked.place, "month": str(asked.month)}
    return (await conn.execute(_OF_MONTH, row)).scalar_one_or_none()


async def page(
    conn: Conn, scope: Scope, asked: MonthsWanted, wanted: PageAsked
) -> Sequence[Review]:
    """Read a page of the closed months the caller may see, and one more."""
    filters = {
        "place": asked.place,
        "month": None if asked.month is None else str(asked.month),
    }
    return [_review(each) for each in await _LISTING.read(conn, scope, wanted, filters)]


async def lines(conn: Conn, review_id: int, after: str, limit: int) -> list[ReviewLine]:
    """Read the lines of a month the caller was allowed to see, by institution."""
    row = {"review_id": review_id, "after": after, "rows": limit}
    return [
        ReviewLine(each.institution, totals_of(each)) for each in await conn.execute(_LINES, row)
    ]


async def by_insured_place(conn: Conn, it: Review) -> list[InsuredLine]:
    """Total a closed month by who is to bear it."""
    row = {"place": it.place, "month": str(it.month), "scheme": it.scheme.value}
    found = await conn.execute(_INSURED, row)
    return [InsuredLine(each.insured_place, totals_of(each)) for each in found]


async def name_of(conn: Conn, place: str) -> str:
    """Read the name of a place."""
    return str((await conn.execute(_NAME, {"place": place})).scalar_one())


def totals_of(row: sa.Row[Any]) -> ReviewTotals:
    """Read what a month comes to."""
    return ReviewTotals(
        settlements=row.settlement_count,
        total=Money(row.total_fen),
        fund=Money(row.fund_fen),
        own=Money(row.own_fen),
        deductions=row.deduction_count,
        deducted=Money(row.deducted_fen),
    )


def _review(row: sa.Row[Any]) -> Review:
    return Review(
        id=row.id,
        number=row.number,
        place=row.place,
        scheme=Scheme(row.scheme),
        month=Month.parse(row.month),
        totals=totals_of(row),
        carried=row.carried_count,
        carried_amount=Money(row.carried_fen),
        root=bytes(row.root),
        due=DueDays(review_by=row.review_by, request_by=row.request_by),
        closed_at=row.closed_at,
        uploaded_at=row.uploaded_at,
        request=row.request,
        requested_at=row.requested_at,
    )
