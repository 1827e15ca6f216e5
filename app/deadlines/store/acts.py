"""How far the due acts are done, and what some of them look at."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.clearing.model import ClearingState
from app.clearing.tables import clearing, clearing_year
from app.deadlines.model import Act, DueAct
from app.deadlines.tables import due_act
from app.runtime.db import Conn, Tx

_NAMED = sa.func.unnest(sa.bindparam("acts", type_=ARRAY(sa.Text))).column_valued("named")
# One look into the primary key for each act, however long the hub has run.
_FINISHED = sa.select(
    _NAMED.label("act"),
    sa.select(sa.func.max(due_act.c.day))
    .where(due_act.c.act == _NAMED)
    .scalar_subquery()
    .label("day"),
)
_NOTE = sa.insert(due_act)
_UNNOTICED = (
    sa.select(clearing.c.number, clearing.c.confirm_by)
    .where(
        clearing.c.state == ClearingState.GENERATED.value,
        clearing.c.confirm_by <= sa.bindparam("today", type_=sa.Date),
    )
    .order_by(clearing.c.id)
)
_YEAR = sa.cast(sa.func.left(clearing.c.period, 4), sa.Integer)
_OPEN_YEARS = (
    sa.select(_YEAR)
    .distinct()
    .where(~sa.exists().where(clearing_year.c.year == _YEAR))
    .order_by(_YEAR)
)


async def finished(conn: Conn) -> dict[Act, date]:
    """Read up to which day each act is done; those never done are left out."""
    found = await conn.execute(_FINISHED, {"acts": [act.value for act in Act]})
    return {Act(row.act): row.day for row in found if row.day is not None}


async def note(tx: Tx, due: DueAct, *, at: datetime, client: str, found: int) -> None:
    """Keep that an act is done for a day."""
    row = {"act": due.act.value, "day": due.day, "at": at, "client": client, "found": found}
    await tx.execute(_NOTE, row)


async def unnoticed(tx: Tx, today: date) -> Sequence[tuple[str, date]]:
    """Read the clearings past their confirmation that have notices to be issued, oldest first."""
    return [(row.number, row.confirm_by) for row in await tx.execute(_UNNOTICED, {"today": today})]


async def open_years(tx: Tx) -> Sequence[int]:
    """Read the years with clearings that are not closed, oldest first."""
    return list((await tx.execute(_OPEN_YEARS)).scalars())
