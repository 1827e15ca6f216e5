"""A clearing itself: opened, read by those with a part in it, moved on."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as pg_insert

from app.clearing.model import Clearing, ClearingState, Opening
from app.clearing.store.claims import SEEN, totals_of
from app.clearing.tables import claim, clearing, clearing_serial
from app.kernel.calendar import business_day
from app.kernel.regions import Scheme
from app.runtime.auth import PartyKind, Scope
from app.runtime.db import Conn, Tx
from app.runtime.numbers import next_number
from app.runtime.paging import PageAsked

NATION = "000000"  # the region in the number of what the operator makes
_OPEN = (
    pg_insert(clearing)
    .values(
        number=next_number("C", clearing_serial),
        scheme=sa.bindparam("scheme"),
        period=sa.bindparam("period"),
        state=sa.bindparam("state"),
        generated_at=sa.bindparam("at"),
        generated_by=sa.bindparam("by"),
        settlement_count=0,
        total_fen=0,
        fund_fen=0,
        policy_version=sa.bindparam("policy_version"),
        confirm_by=sa.bindparam("confirm_by"),
    )
    .on_conflict_do_nothing(index_elements=["scheme", "period"])
    .returning(clearing.c.id, clearing.c.number)
)
_OF_PERIOD = sa.select(clearing.c.number).where(
    clearing.c.scheme == sa.bindparam("scheme"), clearing.c.period == sa.bindparam("period")
)
_MOVE = (
    sa.update(clearing)
    .where(clearing.c.id == sa.bindparam("clearing_id"), clearing.c.state == sa.bindparam("was"))
    .values(state=sa.bindparam("now"), noticed_at=sa.bindparam("at"))
)
_SEES_ALL = sa.bindparam("scope_kind", type_=sa.Text) == PartyKind.OPERATOR.value


def _summed(column: sa.Column[int], name: str) -> sa.Label[int]:
    added = sa.func.coalesce(sa.func.sum(column), 0)
    return sa.cast(added, sa.BigInteger).label(name)


# The operator reads every clearing; an agency those in which it has a claim, and their totals
# over its own claims.
_CLEARINGS = (
    sa.select(
        clearing.c.id,
        clearing.c.number,
        clearing.c.scheme,
        clearing.c.period,
        clearing.c.state,
        clearing.c.generated_at,
        clearing.c.noticed_at,
        clearing.c.policy_version,
        clearing.c.confirm_by,
        sa.func.count(claim.c.id).label("claims"),
        _summed(claim.c.settlement_count, "settlement_count"),
        _summed(claim.c.total_fen, "total_fen"),
        _summed(claim.c.fund_fen, "fund_fen"),
    )
    .select_from(clearing.outerjoin(claim, sa.and_(claim.c.clearing_id == clearing.c.id, SEEN)))
    .group_by(clearing.c.id)
    .having(_SEES_ALL | (sa.func.count(claim.c.id) > 0))
)
_NUMBER = sa.bindparam("number", type_=sa.Text)
_PAGE = (
    _CLEARINGS.where(clearing.c.id > sa.bindparam("after", type_=sa.BigInteger))
    .order_by(clearing.c.id)
    .limit(sa.bindparam("rows", type_=sa.BigInteger))
)
_ONE = _CLEARINGS.where(clearing.c.number == _NUMBER)
_LOCKED = sa.select(clearing.c.id).where(clearing.c.number == _NUMBER).with_for_update()


async def open_clearing(tx: Tx, opening: Opening) -> tuple[int, str] | None:
    """Make the clearing of a period, empty; None when the period has one.

    A rival that clears the same period waits here for the first to end.
    """
    row = {
        "number_region": NATION,
        "number_day": business_day(opening.at),
        "scheme": opening.scheme.value,
        "period": opening.period,
        "state": opening.state.value,
        "at": opening.at,
        "by": opening.by,
        "policy_version": opening.policy_version,
        "confirm_by": opening.confirm_by,
    }
    made = (await tx.execute(_OPEN, row)).one_or_none()
    return None if made is None else (made.id, made.number)


async def number_of_period(conn: Conn, scheme: Scheme, period: str) -> str | None:
    """Return the number of the clearing a period has, if it has one."""
    asked = {"scheme": scheme.value, "period": period}
    found: str | None = (await conn.execute(_OF_PERIOD, asked)).scalar_one_or_none()
    return found


async def clearings(conn: Conn, scope: Scope, page: PageAsked) -> Sequence[Clearing]:
    """Read a page of the clearings the scope has a part in."""
    asked = {"after": page.after_id, "rows": page.rows + 1}
    return [_clearing(row) for row in await conn.execute(_PAGE, scope.binds() | asked)]


async def clearing_by_number(conn: Conn, scope: Scope, number: str) -> Clearing | None:
    """Read one clearing the scope has a part in."""
    row = (await conn.execute(_ONE, scope.binds() | {"number": number})).one_or_none()
    return None if row is None else _clearing(row)


async def locked(tx: Tx, scope: Scope, number: str) -> Clearing | None:
    """Read one clearing and hold it against other writers."""
    await tx.execute(_LOCKED, {"number": number})
    return await clearing_by_number(tx, scope, number)


async def move(tx: Tx, it: Clearing, state: ClearingState, at: datetime) -> None:
    """Change the state, provided it still is what was read."""
    row = {"clearing_id": it.id, "was": it.state.value, "now": state.value, "at": at}
    changed = (await tx.execute(_MOVE, row)).rowcount
    assert changed == 1, "the row was locked, so its state cannot have moved"


def _clearing(row: sa.Row[Any]) -> Clearing:
    return Clearing(
        id=row.id,
        number=row.number,
        scheme=Scheme(row.scheme),
        period=row.period,
        state=ClearingState(row.state),
        generated_at=row.generated_at,
        noticed_at=row.noticed_at,
        claims=row.claims,
        totals=totals_of(row),
        policy_version=row.policy_version,
        confirm_by=row.confirm_by,
    )
