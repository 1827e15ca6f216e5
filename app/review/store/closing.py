"""Every SQL statement about closing months: what is open, the statement, its upload and request."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel.calendar import Month
from app.kernel.regions import Scheme
from app.review.model import ReviewState
from app.review.model.monthly import DueDays, MonthAsked, OpenReview
from app.review.store.stamp import Stamp
from app.runtime.auth import Scope
from app.runtime.db import Conn, Tx

_AT = sa.bindparam("at", type_=sa.DateTime(timezone=True))
_TODAY = sa.bindparam("today", type_=sa.Date)
_TEXTS = ARRAY(sa.Text)
_HOLD = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('review ' || :place, 0))")
# Months of the places that ever settled, each a probe or two of an index; what is deducted from or
# contested of a settlement falls to the place of that settlement.
_UNCLOSED = sa.text(
    """
    WITH places AS MATERIALIZED (
        SELECT code, level FROM region p
         WHERE level IN ('province', 'city') AND (:place IS NULL OR code = :place)
           AND (:prefix IS NULL OR starts_with(code, :prefix))
           AND EXISTS (SELECT FROM settlement WHERE treatment_place = p.code)
    )
    SELECT r.code AS place, to_char(m.first_day, 'YYYY-MM') AS month
      FROM places r
     CROSS JOIN generate_series(:first, :last, INTERVAL '1 month') AS m(first_day)
     WHERE NOT EXISTS (SELECT FROM review v
                        WHERE v.place = r.code AND v.month = to_char(m.first_day, 'YYYY-MM'))
       AND (EXISTS (SELECT FROM settlement s WHERE s.treatment_place = r.code
                       AND s.month = to_char(m.first_day, 'YYYY-MM'))
            OR EXISTS (SELECT FROM deduction d WHERE d.treatment_place = r.code
                          AND d.scheme = CASE r.level WHEN 'province' THEN 'cross_province'
                                                      ELSE 'in_province' END
                          AND d.month = to_char(m.first_day, 'YYYY-MM'))
            OR EXISTS (SELECT FROM contest c WHERE c.treatment_place = r.code
                          AND c.month = to_char(m.first_day, 'YYYY-MM')))
     ORDER BY month, place
    """
).bindparams(
    sa.bindparam("first", type_=sa.Date),
    sa.bindparam("last", type_=sa.Date),
    sa.bindparam("place", type_=sa.Text),
    sa.bindparam("prefix", type_=sa.Text),
)
_UNASKED = sa.text(
    """
    SELECT place, month, number, review_by, request_by, uploaded_at FROM review
     WHERE request IS NULL AND due_fen > 0 AND starts_with(place, :prefix)
     ORDER BY month, place
    """
).bindparams(sa.bindparam("prefix", type_=sa.Text))
_ALERTED = sa.text(
    "SELECT place, month, alerted_at FROM review_alert WHERE starts_with(place, :prefix)"
).bindparams(sa.bindparam("prefix", type_=sa.Text))
_ALERT = sa.text(
    """
    INSERT INTO review_alert (place, month, review_by, alerted_at)
    SELECT place, month, review_by, :at
      FROM unnest(:places, :months, :days) AS t(place, month, review_by)
    ON CONFLICT DO NOTHING
    RETURNING place, month
    """
).bindparams(
    _AT,
    sa.bindparam("places", type_=_TEXTS),
    sa.bindparam("months", type_=_TEXTS),
    sa.bindparam("days", type_=ARRAY(sa.Date)),
)
# Everything that fell into the month, once its closing has waited for whoever was still writing.
# What a clearing's contests took off counts among the deductions, and so does what a cancellation
# gives back of it. The root is over "number total fund" of settlements, less what contests had
# taken before, and "number 0 -amount" of deductions and contests: as a clearing counts them.
_CLOSE = sa.text(
    """
    WITH items AS (
        SELECT number, institution, 1 AS settled, total_fen, fund_fen, own_fen,
               (conceded_before_fen <> 0)::int AS taken, conceded_before_fen AS deducted_fen
          FROM settlement WHERE treatment_place = :place AND month = :month
        UNION ALL
        SELECT number, institution, 0, 0, 0, 0, 1, amount_fen
          FROM deduction
         WHERE treatment_place = :place AND month = :month AND scheme = :scheme
        UNION ALL
        SELECT c.number, s.institution, 0, 0, 0, 0, 1, c.fund_fen - c.agreed_fen
          FROM contest c JOIN settlement s ON s.number = c.settlement
         WHERE c.treatment_place = :place AND c.month = :month AND s.scheme = :scheme
    ), sums AS (
        SELECT institution, sum(settled) AS settlement_count, sum(total_fen)::bigint AS total_fen,
               sum(fund_fen)::bigint AS fund_fen, sum(own_fen)::bigint AS own_fen,
               sum(taken) AS deduction_count, sum(deducted_fen)::bigint AS deducted_fen
          FROM items GROUP BY institution
    ), carried AS (
        SELECT count(*) AS carried_count, coalesce(sum(d.amount_fen), 0)::bigint AS carried_fen
          FROM deduction d JOIN settlement s ON s.id = d.settlement_id
         WHERE d.state IN ('proposed', 'appealed') AND d.treatment_place = :place
           AND s.month <= :month
    ), made AS (
        INSERT INTO review (number, place, scheme, month, settlement_count, total_fen, fund_fen,
            own_fen, deduction_count, deducted_fen, due_fen, carried_count, carried_fen, root,
            review_by, request_by, closed_at, closed_by, policy_version)
        SELECT 'T' || :place || to_char(:today, 'YYMMDD')
                   || lpad(nextval('review_serial')::text, 7, '0'),
               :place, :scheme, :month, t.settlement_count, t.total_fen, t.fund_fen, t.own_fen,
               t.deduction_count, t.deducted_fen, t.fund_fen - t.deducted_fen,
               carried_count, carried_fen, r.root, :review_by, :request_by, :at, :client,
               :policy_version
          FROM carried,
               (SELECT coalesce(sum(settlement_count), 0)::bigint AS settlement_count,
                       coalesce(sum(total_fen), 0)::bigint AS total_fen,
                       coalesce(sum(fund_fen), 0)::bigint AS fund_fen,
                       coalesce(sum(own_fen), 0)::bigint AS own_fen,
                       coalesce(sum(deduction_count), 0)::bigint AS deduction_count,
                       coalesce(sum(deducted_fen), 0)::bigint AS deducted_fen
                  FROM sums) AS t,
               (SELECT sha256(convert_to(coalesce(string_agg(
                           number || ' ' || total_fen || ' ' || fund_fen - deducted_fen, E'\\n'
                           ORDER BY number COLLATE "C"), ''), 'UTF8')) AS root
                  FROM items) AS r
        RETURNING id, number
    ), lines AS (
        INSERT INTO review_line (review_id, institution, review, place, month, settlement_count,
                                 total_fen, fund_fen, own_fen, deduction_count, deducted_fen,
                                 due_fen)
        SELECT made.id, institution, made.number, :place, :month, settlement_count, total_fen,
               fund_fen, own_fen, deduction_count, deducted_fen, fund_fen - deducted_fen
          FROM made, sums
    )
    SELECT number FROM made
    """
).bindparams(
    *(
        sa.bindparam(name, type_=sa.Text)
        for name in ("place", "month", "scheme", "client", "policy_version")
    ),
    _TODAY,
    _AT,
    sa.bindparam("review_by", type_=sa.Date),
    sa.bindparam("request_by", type_=sa.Date),
)
_UPLOAD = sa.text(
    """
    UPDATE review SET uploaded_at = :at, uploaded_by = :client
     WHERE number = :number AND uploaded_at IS NULL
    """
).bindparams(_AT, sa.bindparam("client", type_=sa.Text))
_REQUEST = sa.text(
    """
    UPDATE review
       SET request = 'U' || place || to_char(:today, 'YYMMDD')
                         || lpad(nextval('fund_request_serial')::text, 7, '0'),
           requested_at = :at, requested_by = :client
     WHERE number = :number AND uploaded_at IS NOT NULL AND request IS NULL
    """
).bindparams(_AT, _TODAY, sa.bindparam("client", type_=sa.Text))


async def hold(tx: Tx, place: str) -> None:
    """Let the closings of a place go one after another."""
    await tx.execute(_HOLD, {"place": place})


async def unclosed(
    conn: Conn, first: Month, last: Month, *, place: str | None, scope: Scope | None
) -> list[MonthAsked]:
    """Read the months with something in them that their place has not closed, oldest first."""
    row = {
        "first": first.first,
        "last": last.first,
        "place": place,
        "prefix": None if scope is None else scope.prefix,
    }
    found = await conn.execute(_UNCLOSED, row)
    return [MonthAsked(place=it.place, month=Month.parse(it.month)) for it in found]


async def unasked(conn: Conn, scope: Scope) -> list[OpenReview]:
    """Read the closed months that owe something and whose money nobody asked for yet."""
    return [
        OpenReview(
            place=it.place,
            month=Month.parse(it.month),
            due=DueDays(review_by=it.review_by, request_by=it.request_by),
            state=ReviewState.CLOSED if it.uploaded_at is None else ReviewState.UPLOADED,
            review=it.number,
            alerted_at=None,
        )
        for it in await conn.execute(_UNASKED, {"prefix": scope.prefix})
    ]


async def alerts(conn: Conn, scope: Scope) -> dict[tuple[str, Month], datetime]:
    """Read which months were found overdue, and when."""
    found = await conn.execute(_ALERTED, {"prefix": scope.prefix})
    return {(it.place, Month.parse(it.month)): it.alerted_at for it in found}


async def alert(tx: Tx, overdue: Sequence[OpenReview], at: datetime) -> list[MonthAsked]:
    """Note that months are overdue; return those that were not noted before."""
    row = {
        "places": [it.place for it in overdue],
        "months": [str(it.month) for it in overdue],
        "days": [it.due.review_by for it in overdue],
        "at": at,
    }
    found = await tx.execute(_ALERT, row)
    return [MonthAsked(place=it.place, month=Month.parse(it.month)) for it in found]


async def close(
    tx: Tx,
    asked: MonthAsked,
    scheme: Scheme,
    due: DueDays,
    by: Stamp,
) -> str:
    """Write the statement of a month, with a line for each institution; return its number."""
    row = {
        "place": asked.place,
        "month": str(asked.month),
        "scheme": scheme.value,
        "review_by": due.review_by,
        "request_by": due.request_by,
        "at": by.at,
        "today": by.today,
        "client": by.client,
        "policy_version": by.policy_version,
    }
    return str((await tx.execute(_CLOSE, row)).scalar_one())


async def upload(tx: Tx, number: str, by: Stamp) -> None:
    """Note that a month was uploaded."""
    row = {"number": number, "at": by.at, "client": by.client}
    moved = await tx.execute(_UPLOAD, row)
    assert moved.rowcount == 1, "it is held"


async def request(tx: Tx, number: str, by: Stamp) -> None:
    """Number a month's fund request."""
    row = {"number": number, "at": by.at, "today": by.today, "client": by.client}
    moved = await tx.execute(_REQUEST, row)
    assert moved.rowcount == 1, "it is held"
