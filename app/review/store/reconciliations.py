"""Every SQL statement about reconciliations themselves, and about what a party still has open."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa

from app.kernel.money import Money
from app.review.model import (
    DayAsked,
    DayTotals,
    DifferenceKind,
    DifferenceState,
    HubDay,
    Reconciliation,
    ReconciliationResult,
    ReconciliationState,
    Side,
    UnreconciledDay,
)
from app.review.store.days import OURS, PARTY, binds
from app.review.store.differences import STANDING
from app.review.tables import reconciliation, reconciliation_serial
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.lists import Listing
from app.runtime.numbers import next_number
from app.runtime.paging import PageAsked
from app.settlement.tables import settlement

_newer = reconciliation.alias("newer")
_REPLACED = sa.exists().where(
    _newer.c.party == reconciliation.c.party,
    _newer.c.day == reconciliation.c.day,
    _newer.c.side == reconciliation.c.side,
    _newer.c.institution.is_not_distinct_from(reconciliation.c.institution),
    _newer.c.id > reconciliation.c.id,
)
_UNREPAIRED = STANDING.c.state != DifferenceState.REPAIRED.value
_counts = (
    sa.select(
        *(
            sa.func.count().filter(STANDING.c.kind == kind.value).label(kind.value)
            for kind in DifferenceKind
        ),
        sa.func.count().filter(_UNREPAIRED).label("left_open"),
    )
    .where(STANDING.c.reconciliation_id == reconciliation.c.id)
    .lateral("counts")
)
# The same, of a reconciliation alone: a list picks by it before it counts anything else.
_LEFT_OPEN = (
    sa.select(sa.func.count())
    .where(STANDING.c.reconciliation_id == reconciliation.c.id, _UNREPAIRED)
    .correlate(reconciliation)
    .scalar_subquery()
)


def _state(left_open: sa.ColumnElement[int]) -> sa.ColumnElement[str]:
    """Build how a reconciliation stands, with so many of its differences not repaired."""
    return sa.case(
        (_REPLACED, ReconciliationState.REPLACED.value),
        (
            reconciliation.c.result == ReconciliationResult.EQUAL.value,
            ReconciliationState.CLEAN.value,
        ),
        (reconciliation.c.rows_sent & (left_open == 0), ReconciliationState.CLEAN.value),
        else_=ReconciliationState.OPEN.value,
    )


_STATE = _state(_counts.c.left_open)
# An institution's are seen by the agencies of its region, too.
_SEEN = visible(regions=(reconciliation.c.region,), institution=reconciliation.c.party)
_HEADERS = sa.select(reconciliation, _counts, _STATE.label("state")).join(_counts, sa.true())
_BY_NUMBER = _HEADERS.where(reconciliation.c.number == sa.bindparam("number", type_=sa.Text), _SEEN)
_ROWS = sa.bindparam("rows", type_=sa.BigInteger)
_LISTING = Listing(
    rows=_HEADERS,
    of=reconciliation,
    regions=("region",),
    institution="party",
    filters={
        "on_day": reconciliation.c.day == sa.bindparam("on_day", type_=sa.Date),
        "in_state": _state(_LEFT_OPEN) == sa.bindparam("in_state", type_=sa.Text),
    },
)
_OPEN = (
    _HEADERS.where(
        reconciliation.c.party == PARTY,
        _STATE.in_([ReconciliationState.OPEN.value]),
    )
    .order_by(reconciliation.c.day, reconciliation.c.id)
    .limit(_ROWS)
)
_KEEP = (
    sa.insert(reconciliation)
    .values(number=next_number("R", reconciliation_serial))
    .returning(reconciliation.c.id, reconciliation.c.number)
)
_HOLD = sa.select(
    sa.func.pg_advisory_xact_lock(
        sa.func.hashtextextended(
            sa.literal("reconciliation ") + sa.bindparam("number", type_=sa.Text), 0
        )
    )
)


def _unreconciled(side: Side) -> sa.Select[Any]:
    """Build "past days that have more settlements than when they were last compared"."""
    day = (
        sa.func.generate_series(
            sa.bindparam("since", type_=sa.Date),
            sa.bindparam("until", type_=sa.Date),
            sa.text("interval '1 day'"),
        )
        .table_valued("day")
        .render_derived(name="days")
    )
    on_day = sa.cast(day.c.day, sa.Date)
    had = (
        sa.select(sa.func.count().label("settlements"))
        .where(settlement.c.business_day == on_day, OURS[side])
        .lateral("had")
    )
    last = (
        sa.select(reconciliation.c.day_count)
        .where(
            reconciliation.c.party == PARTY,
            reconciliation.c.day == on_day,
            reconciliation.c.side == side.value,
            reconciliation.c.institution.is_(None),
        )
        .order_by(reconciliation.c.id.desc())
        .limit(1)
        .lateral("last_time")
    )
    return (
        sa.select(on_day.label("day"), had.c.settlements)
        .select_from(day.join(had, sa.true()).outerjoin(last, sa.true()))
        .where(
            had.c.settlements > 0,
            had.c.settlements.is_distinct_from(last.c.day_count),
        )
        .order_by(on_day)
    )


_UNRECONCILED = {side: _unreconciled(side) for side in Side}


@dataclass(frozen=True, slots=True, kw_only=True)
class NewReconciliation:
    """What a comparison writes."""

    asked: DayAsked
    sender: DayTotals
    hub: HubDay
    result: ReconciliationResult
    rows_sent: bool
    party: str
    region: str
    client: str
    at: datetime
    today: date


async def keep(tx: Tx, it: NewReconciliation) -> tuple[int, str]:
    """Keep a reconciliation and give it its number."""
    row: Mapping[str, object] = {
        "party": it.party,
        "region": it.region,
        "client": it.client,
        "at": it.at,
        "day": it.asked.day,
        "side": it.asked.side,
        "institution": it.asked.institution,
        "with_cancelled": it.asked.with_cancelled,
        **_totals("sender", it.sender),
        **_totals("hub", it.hub.totals),
        "day_count": it.hub.day_count,
        "result": it.result,
        "rows_sent": it.rows_sent,
        "number_region": it.region,
        "number_day": it.today,
    }
    made = (await tx.execute(_KEEP, row)).one()
    return made.id, made.number


async def hold(tx: Tx, number: str) -> None:
    """Keep others from repairing the same reconciliation until the transaction ends."""
    await tx.execute(_HOLD, {"number": number})


async def find(conn: Conn, scope: Scope, number: str) -> Reconciliation | None:
    """Read a reconciliation the caller may see."""
    row = (await conn.execute(_BY_NUMBER, {"number": number} | scope.binds())).one_or_none()
    return None if row is None else _reconciliation(row)


async def page(
    conn: Conn,
    scope: Scope,
    day: date | None,
    state: ReconciliationState | None,
    wanted: PageAsked,
) -> list[Reconciliation]:
    """Read a page of the reconciliations the caller may see, and one more."""
    filters = {"on_day": day, "in_state": state}
    return [_reconciliation(row) for row in await _LISTING.read(conn, scope, wanted, filters)]


async def open_ones(conn: Conn, scope: Scope, limit: int) -> list[Reconciliation]:
    """Read the caller's own reconciliations that are open, oldest day first."""
    row = {"party": scope.party, "rows": limit}
    return [_reconciliation(found) for found in await conn.execute(_OPEN, row)]


async def unreconciled(
    conn: Conn, scope: Scope, side: Side, since: date, until: date
) -> list[UnreconciledDay]:
    """Read past days that have settlements no comparison has seen."""
    row = {**binds(scope, DayAsked(day=until, side=side)), "since": since, "until": until}
    found = await conn.execute(_UNRECONCILED[side], row)
    return [UnreconciledDay(each.day, side, each.settlements) for each in found]


def _totals(side: str, it: DayTotals) -> dict[str, object]:
    return {
        f"{side}_count": it.count,
        f"{side}_total_fen": it.total.fen,
        f"{side}_fund_fen": it.fund.fen,
    }


def _reconciliation(row: sa.Row[Any]) -> Reconciliation:
    return Reconciliation(
        id=row.id,
        number=row.number,
        party=row.party,
        day=row.day,
        side=Side(row.side),
        institution=row.institution,
        with_cancelled=row.with_cancelled,
        sender=DayTotals(row.sender_count, Money(row.sender_total_fen), Money(row.sender_fund_fen)),
        hub=DayTotals(row.hub_count, Money(row.hub_total_fen), Money(row.hub_fund_fen)),
        result=ReconciliationResult(row.result),
        rows_sent=row.rows_sent,
        at=row.at,
        state=ReconciliationState(row.state),
        counts={kind: getattr(row, kind.value) for kind in DifferenceKind},
        left=row.left_open,
    )
