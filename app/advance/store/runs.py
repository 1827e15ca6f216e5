"""Runs of quotas: what they are computed from, how they are kept, and their worksheet."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.advance.model import (
    Opening,
    Pair,
    Quota,
    QuotaReason,
    QuotaRow,
    Run,
    RunState,
    Terms,
)
from app.advance.tables import advance_quota, advance_run, advance_run_serial
from app.filing.model import FilingState
from app.filing.tables import filing
from app.kernel.calendar import Month
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.runtime.auth import PartyKind, Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.numbers import next_number
from app.runtime.paging import PageAsked
from app.settlement.tables import settlement

NATION = "000000"  # the region in the number of what the operator makes
_SPENT = (
    sa.select(
        settlement.c.insured_place,
        settlement.c.treatment_place,
        settlement.c.month,
        sa.cast(sa.func.sum(settlement.c.fund_fen), sa.BigInteger).label("fund_fen"),
    )
    .where(
        settlement.c.scheme == sa.bindparam("scheme"),
        settlement.c.month.between(sa.bindparam("first"), sa.bindparam("last")),
    )
    .group_by(settlement.c.insured_place, settlement.c.treatment_place, settlement.c.month)
)
_FILED = (
    sa.select(filing.c.insured_region, filing.c.treatment_region)
    .where(
        filing.c.scheme == sa.bindparam("scheme"),
        filing.c.state == FilingState.APPROVED.value,
        filing.c.last_day >= sa.bindparam("day", type_=sa.Date),
    )
    .distinct()
)
# What is in the account and what is called for and not booked: together it does not change when a
# payment is confirmed.
_HELD = sa.text(
    """
    SELECT insured_place, treatment_place, sum(fen)::bigint AS held_fen
      FROM (SELECT insured_place, treatment_place, -balance_fen AS fen
              FROM account WHERE kind = 'advance'
             UNION ALL
            SELECT insured_place, treatment_place,
                   CASE direction WHEN 'paid_in' THEN amount_fen ELSE -amount_fen END
              FROM advance_transfer WHERE state <> 'received') AS it
     GROUP BY insured_place, treatment_place
    """
)
# Whoever calls for money waits for the others: what is held decides how much.
_ALONE = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('advance transfers', 0))")
_OPEN = (
    sa.insert(advance_run)
    .values(
        number=next_number("Q", advance_run_serial),
        scheme=sa.bindparam("scheme"),
        year=sa.bindparam("year"),
        state=RunState.COMPUTED.value,
        months=sa.bindparam("months"),
        cover_months=sa.bindparam("cover_months"),
        floor_fen=sa.bindparam("floor_fen"),
        step_fen=sa.bindparam("step_fen"),
        computed_at=sa.bindparam("at"),
        computed_by=sa.bindparam("by"),
        policy_version=sa.bindparam("policy_version"),
    )
    .returning(advance_run.c.id, advance_run.c.number)
)
_ISSUED = sa.select(advance_run.c.number).where(
    advance_run.c.scheme == sa.bindparam("scheme"),
    advance_run.c.year == sa.bindparam("year"),
    advance_run.c.state == RunState.ISSUED.value,
)
_FIGURES = ("base", "mean", "exact", "rounded", "quota", "held")
_KEEP = sa.text(
    """
    INSERT INTO advance_quota (run_id, insured_place, treatment_place, month_amounts, base_fen,
                               mean_fen, exact_fen, rounded_fen, quota_fen, held_fen, reason)
    SELECT :run_id, t.insured, t.treatment, string_to_array(t.months, ' ')::bigint[],
           t.base, t.mean, t.exact, t.rounded, t.quota, t.held, t.reason
      FROM unnest(:insured, :treatment, :months, :base, :mean, :exact, :rounded, :quota, :held,
                  :reasons)
           AS t(insured, treatment, months, base, mean, exact, rounded, quota, held, reason)
    """
).bindparams(
    sa.bindparam("run_id", type_=sa.BigInteger),
    *(
        sa.bindparam(name, type_=ARRAY(sa.Text))
        for name in ("insured", "treatment", "months", "reasons")
    ),
    *(sa.bindparam(name, type_=ARRAY(sa.BigInteger)) for name in _FIGURES),
)
_SEEN = visible(regions=(advance_quota.c.insured_place, advance_quota.c.treatment_place))
_SEES_ALL = sa.bindparam("scope_kind", type_=sa.Text) == PartyKind.OPERATOR.value


def _summed(column: sa.ColumnElement[int], name: str) -> sa.Label[int]:
    return sa.cast(sa.func.coalesce(sa.func.sum(column), 0), sa.BigInteger).label(name)


# The operator reads every run; an agency those that give it a quota, summed over its own pairs.
_RUNS = (
    sa.select(
        advance_run,
        sa.func.count(advance_quota.c.id).label("pairs"),
        _summed(advance_quota.c.quota_fen, "quota_fen"),
        _summed(advance_quota.c.quota_fen - advance_quota.c.held_fen, "difference_fen"),
    )
    .select_from(
        advance_run.outerjoin(
            advance_quota, sa.and_(advance_quota.c.run_id == advance_run.c.id, _SEEN)
        )
    )
    .group_by(advance_run.c.id)
    .having(_SEES_ALL | (sa.func.count(advance_quota.c.id) > 0))
)
_AFTER = sa.bindparam("after", type_=sa.BigInteger)
_ROWS = sa.bindparam("rows", type_=sa.BigInteger)
_PAGE = _RUNS.where(advance_run.c.id > _AFTER).order_by(advance_run.c.id).limit(_ROWS)
_NUMBER = sa.bindparam("number", type_=sa.Text)
_ONE = _RUNS.where(advance_run.c.number == _NUMBER)
_LOCKED = (
    sa.select(
        advance_run.c.id,
        advance_run.c.scheme,
        advance_run.c.year,
        advance_run.c.state,
        advance_run.c.computed_by,
    )
    .where(advance_run.c.number == _NUMBER)
    .with_for_update()
)
_WORKSHEET = (
    sa.select(advance_quota)
    .where(
        advance_quota.c.run_id == sa.bindparam("run_id"),
        advance_quota.c.id > _AFTER,
        _SEEN,
    )
    .order_by(advance_quota.c.id)
)
_WORKSHEET_PAGE = _WORKSHEET.limit(_ROWS)
_CLOSE = (
    sa.update(advance_run)
    .where(advance_run.c.id == sa.bindparam("run_id"), advance_run.c.state == sa.bindparam("was"))
    .values(
        state=sa.bindparam("now"),
        closed_at=sa.bindparam("at"),
        closed_by=sa.bindparam("by"),
    )
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A run held until the transaction ends, with what decides about it."""

    id: int
    scheme: Scheme
    year: int
    state: RunState
    computed_by: str


async def spent(conn: Conn, scheme: Scheme, terms: Terms) -> dict[Pair, dict[Month, Money]]:
    """Sum what each pair's fund bore in each month of the base period, cancellations taken off."""
    asked = {
        "scheme": scheme.value,
        "first": str(terms.months[0]),
        "last": str(terms.months[-1]),
    }
    found: dict[Pair, dict[Month, Money]] = {}
    for row in await conn.execute(_SPENT, asked):
        months = found.setdefault(Pair(row.insured_place, row.treatment_place), {})
        months[Month.parse(row.month)] = Money(row.fund_fen)
    return found


async def filed(conn: Conn, scheme: Scheme, day: date) -> list[tuple[str, str]]:
    """List from where to where there are filings that run on, as regions."""
    rows = await conn.execute(_FILED, {"scheme": scheme.value, "day": day})
    return [(row.insured_region, row.treatment_region) for row in rows]


async def held_alone(tx: Tx) -> dict[Pair, Money]:
    """Read what each pair holds, and let nobody else call for money until this ends."""
    await tx.execute(_ALONE)
    return await held(tx)


async def held(conn: Conn) -> dict[Pair, Money]:
    """Read what each pair holds, with what is called for and not booked yet."""
    return {
        Pair(row.insured_place, row.treatment_place): Money(row.held_fen)
        for row in await conn.execute(_HELD)
    }


async def open_run(tx: Tx, opening: Opening) -> tuple[int, str]:
    """Make a run of a year."""
    terms = opening.terms
    row = {
        "number_region": NATION,
        "number_day": opening.day,
        "scheme": opening.scheme.value,
        "year": opening.year,
        "months": [str(month) for month in terms.months],
        "cover_months": terms.cover_months,
        "floor_fen": terms.floor.fen,
        "step_fen": terms.step.fen,
        "at": opening.at,
        "by": opening.by,
        "policy_version": opening.policy_version,
    }
    made = (await tx.execute(_OPEN, row)).one()
    return made.id, made.number


async def issued(conn: Conn, scheme: Scheme, year: int) -> str | None:
    """Return the number of the run that was issued for a year."""
    asked = {"scheme": scheme.value, "year": year}
    found: str | None = (await conn.execute(_ISSUED, asked)).scalar_one_or_none()
    return found


async def keep(tx: Tx, run_id: int, rows: Sequence[QuotaRow]) -> None:
    """Keep a worksheet: one statement."""
    await tx.execute(
        _KEEP,
        {
            "run_id": run_id,
            "insured": [it.pair.insured_place for it in rows],
            "treatment": [it.pair.treatment_place for it in rows],
            "months": [" ".join(str(month.fen) for month in it.months) for it in rows],
            "base": [it.figures.base.fen for it in rows],
            "mean": [it.figures.mean.fen for it in rows],
            "exact": [it.figures.exact.fen for it in rows],
            "rounded": [it.figures.rounded.fen for it in rows],
            "quota": [it.figures.quota.fen for it in rows],
            "held": [it.held.fen for it in rows],
            "reasons": [it.figures.reason.value for it in rows],
        },
    )


async def runs(conn: Conn, scope: Scope, page: PageAsked) -> Sequence[Run]:
    """Read a page of the runs the scope has a part in."""
    asked = {"after": page.after_id, "rows": page.rows + 1}
    return [_run(row) for row in await conn.execute(_PAGE, scope.binds() | asked)]


async def run_by_number(conn: Conn, scope: Scope, number: str) -> Run | None:
    """Read one run the scope has a part in."""
    row = (await conn.execute(_ONE, scope.binds() | {"number": number})).one_or_none()
    return None if row is None else _run(row)


async def locked(tx: Tx, number: str) -> Held | None:
    """Hold a run until the transaction ends; only the operator moves one."""
    row = (await tx.execute(_LOCKED, {"number": number})).one_or_none()
    if row is None:
        return None
    return Held(
        id=row.id,
        scheme=Scheme(row.scheme),
        year=row.year,
        state=RunState(row.state),
        computed_by=row.computed_by,
    )


async def rows(
    conn: Conn, scope: Scope, run_id: int, page: PageAsked
) -> Sequence[tuple[int, QuotaRow]]:
    """Read a page of a worksheet, as far as the scope sees it, each row with its sort key."""
    asked = {"run_id": run_id, "after": page.after_id, "rows": page.rows + 1}
    found = await conn.execute(_WORKSHEET_PAGE, scope.binds() | asked)
    return [(row.id, _row(row)) for row in found]


async def all_rows(conn: Conn, scope: Scope, run_id: int) -> Sequence[QuotaRow]:
    """Read a whole worksheet, as far as the scope sees it."""
    asked = {"run_id": run_id, "after": 0}
    return [_row(row) for row in await conn.execute(_WORKSHEET, scope.binds() | asked)]


async def close(tx: Tx, it: Held, state: RunState, *, at: datetime, by: str) -> None:
    """Move a run on from the state that was read."""
    row = {"run_id": it.id, "was": it.state.value, "now": state.value, "at": at, "by": by}
    changed = (await tx.execute(_CLOSE, row)).rowcount
    assert changed == 1, "it is locked"


def _run(row: sa.Row[Any]) -> Run:
    return Run(
        id=row.id,
        number=row.number,
        scheme=Scheme(row.scheme),
        year=row.year,
        state=RunState(row.state),
        terms=Terms(
            months=tuple(Month.parse(month) for month in row.months),
            cover_months=row.cover_months,
            floor=Money(row.floor_fen),
            step=Money(row.step_fen),
        ),
        computed_at=row.computed_at,
        computed_by=row.computed_by,
        closed_at=row.closed_at,
        policy_version=row.policy_version,
        pairs=row.pairs,
        quota=Money(row.quota_fen),
        difference=Money(row.difference_fen),
    )


def _row(row: sa.Row[Any]) -> QuotaRow:
    return QuotaRow(
        pair=Pair(row.insured_place, row.treatment_place),
        months=tuple(Money(month) for month in row.month_amounts),
        figures=Quota(
            base=Money(row.base_fen),
            mean=Money(row.mean_fen),
            exact=Money(row.exact_fen),
            rounded=Money(row.rounded_fen),
            quota=Money(row.quota_fen),
            reason=QuotaReason(row.reason),
        ),
        held=Money(row.held_fen),
    )
