"""Every SQL statement about what a settlement rests on: entitlement, fittings, open months."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.entitlement.model import DeterminationState
from app.entitlement.tables import determination, entitlement_loss
from app.kernel.calendar import Month
from app.runtime.db import Conn, Tx
from app.settlement.tables import (
    settlement_month,
)

_GROUNDS: sa.Select[Any] = sa.select(
    determination.c.decided_on,
    determination.c.state,
    determination.c.third_party,
    sa.select(entitlement_loss.c.lost_on)
    .where(entitlement_loss.c.worker_id == determination.c.worker_id)
    .scalar_subquery()
    .label("lost_on"),
).where(determination.c.id == sa.bindparam("determination_id", type_=sa.BigInteger))
# One lock per place and month: shared by the settlements that may fall into the month, exclusive to
# its closing. Nobody who settles waits for it: a month whose lock is not free is being closed, and
# counts as closed. Taken in a statement before the one that looks which month is open, which then
# sees every closing that has ended.
_MONTHS_AHEAD = 3  # how many months after the business day's a settlement looks for an open one
_MONTH_KEY = sa.func.hashtextextended(
    sa.literal("settlement_month ")
    + sa.bindparam("place", type_=sa.Text)
    + " "
    + sa.bindparam("month", type_=sa.Text),
    0,
)
_HELD = sa.func.pg_try_advisory_xact_lock_shared(_MONTH_KEY)
_GROUNDS_AND_LOCK: sa.Select[Any] = _GROUNDS.add_columns(_HELD.label("held"))
_HOLD_MONTH = sa.select(_HELD)
_HOLD_MONTHS = sa.text(
    """
    SELECT place, month
      FROM unnest(:places, :months) AS asked(place, month)
     WHERE pg_try_advisory_xact_lock_shared(
               hashtextextended('settlement_month ' || place || ' ' || month, 0))
     ORDER BY place, month
    """
).bindparams(
    sa.bindparam("places", type_=ARRAY(sa.Text)), sa.bindparam("months", type_=ARRAY(sa.Text))
)
_LAST_CLOSED = sa.select(sa.func.max(settlement_month.c.month)).where(
    settlement_month.c.place == sa.bindparam("place", type_=sa.Text)
)
_LAST_CLOSED_OF = (
    sa.select(settlement_month.c.place, sa.func.max(settlement_month.c.month).label("month"))
    .where(settlement_month.c.place == sa.func.any(sa.bindparam("places", type_=ARRAY(sa.Text))))
    .group_by(settlement_month.c.place)
)
# Fittings elsewhere are behind the wall: a function of the database tells their days alone.
_BEFORE = sa.text(
    """
    SELECT (SELECT max(month) FROM settlement_month WHERE place = :place) AS last_closed,
           fitted.item_code, fitted.day
      FROM (SELECT 1) AS once
      LEFT JOIN fitted_before(:worker_id, :codes) AS fitted ON true
    """
).bindparams(
    sa.bindparam("place", type_=sa.Text),
    sa.bindparam("worker_id", type_=sa.BigInteger),
    sa.bindparam("codes", type_=ARRAY(sa.Text)),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Grounds:
    """What has become of the determination and the entitlement behind a visit."""

    confirmed_on: date
    determination_state: DeterminationState
    third_party: bool
    lost_on: date | None


@dataclass(frozen=True, slots=True)
class Before:
    """The last closed month of the place, and when devices were fitted at the fund's cost."""

    last_closed: Month | None
    fitted: Mapping[str, date]


async def grounds(conn: Conn, determination_id: int) -> Grounds:
    """Read what a visit rests on."""
    row = (await conn.execute(_GROUNDS, {"determination_id": determination_id})).one()
    return _grounds(row)


async def grounds_holding_month(
    tx: Tx, determination_id: int, place: str, month: Month
) -> tuple[Grounds, bool]:
    """Read what a visit rests on, and keep a month of a place from closing.

    False where the month is being closed at this moment.
    """
    row = {"determination_id": determination_id, "place": place, "month": str(month)}
    found = (await tx.execute(_GROUNDS_AND_LOCK, row)).one()
    return _grounds(found), bool(found.held)


async def hold_month(tx: Tx, place: str, month: Month) -> bool:
    """Keep a month of a place from closing until the transaction ends; False: it is closing."""
    row = {"place": place, "month": str(month)}
    return bool((await tx.execute(_HOLD_MONTH, row)).scalar_one())


async def hold_months_after(tx: Tx, place: str, month: Month) -> tuple[Month, ...]:
    """Keep the months that follow from closing; return those that are not being closed."""
    held = await hold_months_of(tx, [(place, month.next())])
    return tuple(each for _, each in held)


async def hold_months_of(tx: Tx, since: Sequence[tuple[str, Month]]) -> Sequence[tuple[str, Month]]:
    """Keep the months of places from closing, some from a month on; return those that are held."""
    asked = {
        (place, str(first.plus(ahead))) for place, first in since for ahead in range(_MONTHS_AHEAD)
    }
    row = {"places": [place for place, _ in asked], "months": [month for _, month in asked]}
    return [(it.place, Month.parse(it.month)) for it in await tx.execute(_HOLD_MONTHS, row)]


async def last_closed_of(tx: Tx, places: Sequence[str]) -> Mapping[str, Month]:
    """Read the last closed month of some places; a place that closed none is left out."""
    found = await tx.execute(_LAST_CLOSED_OF, {"places": sorted(set(places))})
    return {row.place: Month.parse(row.month) for row in found}


async def last_closed(tx: Tx, place: str) -> Month | None:
    """Read the last closed month of a place."""
    found = (await tx.execute(_LAST_CLOSED, {"place": place})).scalar_one()
    return None if found is None else Month.parse(found)


async def before(conn: Conn, place: str, worker_id: int, codes: Sequence[str]) -> Before:
    """Read the last closed month of a place and earlier fittings of a worker."""
    row = {"place": place, "worker_id": worker_id, "codes": sorted(codes)}
    found = (await conn.execute(_BEFORE, row)).all()
    closed = found[0].last_closed
    return Before(
        None if closed is None else Month.parse(closed),
        {each.item_code: each.day for each in found if each.item_code is not None},
    )


def _grounds(row: sa.Row[Any]) -> Grounds:
    return Grounds(
        confirmed_on=row.decided_on,
        determination_state=DeterminationState(row.state),
        third_party=row.third_party,
        lost_on=row.lost_on,
    )
