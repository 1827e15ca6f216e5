"""Every SQL statement that reads a day as the hub has it, and compares it with a sender's rows."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.entitlement.tables import worker
from app.kernel.money import Money
from app.review.model import (
    Amounts,
    DayAsked,
    DayRow,
    DayTotals,
    Difference,
    DifferenceKind,
    HubDay,
    SenderRow,
    Side,
)
from app.runtime.auth import Scope
from app.runtime.db import Conn
from app.runtime.messages import audit_trail
from app.settlement.model import SettlementKind
from app.settlement.tables import settlement
from app.visit.tables import visit

PARTY = sa.bindparam("party", type_=sa.Text)
PREFIX = sa.bindparam("prefix", type_=sa.Text)
DAY = sa.bindparam("day", type_=sa.Date)
_INSTITUTION = sa.bindparam("institution", type_=sa.CHAR(12))
_ALL = sa.bindparam("with_cancelled", type_=sa.Boolean)
_OF_ONE = _INSTITUTION.is_(None) | (settlement.c.institution == _INSTITUTION)
# What a party may compare is what it may see, from one side at a time.
OURS: Mapping[Side, sa.ColumnElement[bool]] = {
    Side.OWN: settlement.c.institution == sa.cast(PARTY, sa.CHAR(12)),
    Side.TREATMENT: sa.func.starts_with(settlement.c.treatment_region, PREFIX) & _OF_ONE,
    Side.INSURED: sa.func.starts_with(settlement.c.insured_region, PREFIX) & _OF_ONE,
}
_UNPAIRED = settlement.c.cancelled_by.is_(None) & settlement.c.cancels.is_(None)
_COMPARED = _ALL | _UNPAIRED
_COUNTED: tuple[sa.ColumnElement[Any], ...] = (
    sa.func.count().label("day_count"),
    sa.func.count().filter(_COMPARED).label("compared"),
    sa.func.coalesce(sa.func.sum(settlement.c.total_fen).filter(_COMPARED), 0)
    .cast(sa.BigInteger)
    .label("total_fen"),
    sa.func.coalesce(sa.func.sum(settlement.c.fund_fen).filter(_COMPARED), 0)
    .cast(sa.BigInteger)
    .label("fund_fen"),
)
_TOTALS: Mapping[Side, sa.Select[Any]] = {
    side: sa.select(*_COUNTED).where(settlement.c.business_day == DAY, ours)
    for side, ours in OURS.items()
}
# The id under which the caller itself had it made: what it can ask for or reverse.
_MESSAGE = (
    sa.select(audit_trail.c.message)
    .where(
        audit_trail.c.subject == settlement.c.number,
        audit_trail.c.party == PARTY,
        audit_trail.c.action.in_(["settlement.settle", "settlement.cancel", "settlement.restore"]),
    )
    .order_by(audit_trail.c.seq)
    .limit(1)
    .scalar_subquery()
)
_original = settlement.alias("original")
_ROWS: Mapping[Side, sa.Select[Any]] = {
    side: sa.select(
        settlement.c.id,
        settlement.c.number,
        settlement.c.kind,
        settlement.c.institution,
        settlement.c.settled_at,
        settlement.c.total_fen,
        settlement.c.fund_fen,
        settlement.c.own_fen,
        _original.c.number.label("cancels_number"),
        visit.c.number.label("visit_number"),
        worker.c.number.label("worker_number"),
        _MESSAGE.label("message"),
    )
    .join(visit, visit.c.id == settlement.c.visit_id)
    .join(worker, worker.c.id == settlement.c.worker_id)
    .outerjoin(_original, _original.c.id == settlement.c.cancels)
    .where(
        settlement.c.business_day == DAY,
        ours,
        _COMPARED,
        settlement.c.id > sa.bindparam("after", type_=sa.BigInteger),
    )
    .order_by(settlement.c.id)
    .limit(sa.bindparam("rows", type_=sa.BigInteger))
    for side, ours in OURS.items()
}
_SAID = (
    sa.func.unnest(
        sa.bindparam("numbers", type_=ARRAY(sa.Text)),
        sa.bindparam("totals", type_=ARRAY(sa.BigInteger)),
        sa.bindparam("funds", type_=ARRAY(sa.BigInteger)),
    )
    .table_valued(
        sa.column("number", sa.Text),
        sa.column("total_fen", sa.BigInteger),
        sa.column("fund_fen", sa.BigInteger),
    )
    .render_derived(name="said")
)


def _differing(ours: sa.ColumnElement[bool]) -> sa.Select[Any]:
    """Build the comparison: both sides joined in full, keeping what is not the same."""
    hub = (
        sa.select(
            settlement.c.number,
            settlement.c.total_fen,
            settlement.c.fund_fen,
            _MESSAGE.label("message"),
        )
        .where(settlement.c.business_day == DAY, ours, _COMPARED)
        .cte("hub")
    )
    elsewhere = (
        sa.select(settlement.c.business_day)
        .where(settlement.c.number == _SAID.c.number, ours)
        .scalar_subquery()
    )
    missing, extra = hub.c.number.is_(None), _SAID.c.number.is_(None)
    differs = (hub.c.total_fen != _SAID.c.total_fen) | (hub.c.fund_fen != _SAID.c.fund_fen)
    return (
        sa.select(
            sa.func.coalesce(hub.c.number, _SAID.c.number).label("number"),
            hub.c.total_fen.label("hub_total_fen"),
            hub.c.fund_fen.label("hub_fund_fen"),
            _SAID.c.total_fen.label("sender_total_fen"),
            _SAID.c.fund_fen.label("sender_fund_fen"),
            hub.c.message,
            sa.case((missing, elsewhere)).label("hub_day"),
        )
        .select_from(hub.join(_SAID, hub.c.number == _SAID.c.number, full=True))
        .where(missing | extra | differs)
        .order_by(sa.func.coalesce(hub.c.number, _SAID.c.number))
    )


_DIFFERENCES = {side: _differing(ours) for side, ours in OURS.items()}


async def totals(conn: Conn, scope: Scope, asked: DayAsked) -> HubDay:
    """Add a day up."""
    row = (await conn.execute(_TOTALS[asked.side], binds(scope, asked))).one()
    return HubDay(DayTotals(row.compared, Money(row.total_fen), Money(row.fund_fen)), row.day_count)


async def rows(conn: Conn, scope: Scope, asked: DayAsked, after: int, limit: int) -> list[DayRow]:
    """Read the settlements and cancellations of a day, in order."""
    row = {**binds(scope, asked), "after": after, "rows": limit}
    return [_day_row(found) for found in await conn.execute(_ROWS[asked.side], row)]


async def differences(
    conn: Conn, scope: Scope, asked: DayAsked, said: Sequence[SenderRow]
) -> list[Difference]:
    """Compare a day with a sender's rows, in one statement."""
    row = {
        **binds(scope, asked),
        "numbers": [each.settlement for each in said],
        "totals": [each.total.fen for each in said],
        "funds": [each.fund.fen for each in said],
    }
    found = await conn.execute(_DIFFERENCES[asked.side], row)
    return [_difference(place, each) for place, each in enumerate(found, start=1)]


def binds(scope: Scope, asked: DayAsked) -> dict[str, object]:
    """Return the parameters of a day of the caller's."""
    return {
        "party": scope.party,
        "prefix": scope.prefix,
        "day": asked.day,
        "institution": asked.institution,
        "with_cancelled": asked.with_cancelled,
    }


def _day_row(row: sa.Row[Any]) -> DayRow:
    return DayRow(
        id=row.id,
        settlement=row.number,
        kind=SettlementKind(row.kind),
        cancels=row.cancels_number,
        visit=row.visit_number,
        worker=row.worker_number,
        institution=row.institution,
        settled_at=row.settled_at,
        total=Money(row.total_fen),
        fund=Money(row.fund_fen),
        own=Money(row.own_fen),
        message=row.message,
    )


def _difference(place: int, row: sa.Row[Any]) -> Difference:
    hub, sender = amounts_of(row, "hub"), amounts_of(row, "sender")
    kind = DifferenceKind.DIFFERENT
    if hub is None or sender is None:
        kind = DifferenceKind.ONLY_SENDER if hub is None else DifferenceKind.ONLY_HUB
    return Difference(
        row=place,
        kind=kind,
        settlement=row.number,
        hub=hub,
        sender=sender,
        hub_day=row.hub_day,
        message=row.message,
    )


def amounts_of(row: sa.Row[Any], side: str) -> Amounts | None:
    """Read one side of a difference."""
    total, fund = getattr(row, f"{side}_total_fen"), getattr(row, f"{side}_fund_fen")
    return None if total is None else Amounts(Money(total), Money(fund))
