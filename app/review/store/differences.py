"""Every SQL statement about differences and their repairs."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.review.model import (
    Difference,
    DifferenceKind,
    DifferenceState,
    KeptDifference,
    Repair,
    RepairAct,
    RepairAsked,
)
from app.review.store.days import amounts_of
from app.review.tables import (
    reconciliation,
    reconciliation_difference,
    reconciliation_repair,
)
from app.runtime.db import Conn, Tx
from app.runtime.messages import KeptState, message
from app.settlement.model import SettlementKind
from app.settlement.tables import settlement

_KEPT: dict[str, sa.types.TypeEngine[Any]] = {
    column.name: column.type
    for column in reconciliation_difference.columns
    if column.name != "reconciliation_id"
}
_SAID = (
    sa.func.unnest(*(sa.bindparam(f"d_{name}", type_=ARRAY(kind)) for name, kind in _KEPT.items()))
    .table_valued(*(sa.column(name, kind) for name, kind in _KEPT.items()))
    .render_derived(name="said")
)
_KEEP = sa.insert(reconciliation_difference).from_select(
    ["reconciliation_id", *_KEPT],
    sa.select(
        sa.bindparam("reconciliation_id", type_=sa.BigInteger), *(_SAID.c[name] for name in _KEPT)
    ),
)
_last = (
    sa.select(reconciliation_repair)
    .where(
        reconciliation_repair.c.reconciliation_id == reconciliation_difference.c.reconciliation_id,
        reconciliation_repair.c.row == reconciliation_difference.c.row,
    )
    .order_by(reconciliation_repair.c.id.desc())
    .limit(1)
    .lateral("last")
)
# What is to be sent has arrived when the message named for it took effect.
_arrived = sa.exists().where(
    message.c.party == reconciliation.c.party,
    message.c.key == _last.c.message,
    message.c.state == KeptState.APPLIED.value,
)
_STATE = sa.case(
    (_last.c.act.is_(None), DifferenceState.OPEN.value),
    (_last.c.act != RepairAct.RESEND.value, DifferenceState.REPAIRED.value),
    (_arrived, DifferenceState.REPAIRED.value),
    else_=DifferenceState.AWAITED.value,
)
_STANDING = (
    sa.select(reconciliation_difference, _STATE.label("state"))
    .join(reconciliation, reconciliation.c.id == reconciliation_difference.c.reconciliation_id)
    .outerjoin(_last, sa.true())
)
_ID = sa.bindparam("reconciliation_id", type_=sa.BigInteger)
_KIND, _IN_STATE = sa.bindparam("kind", type_=sa.Text), sa.bindparam("in_state", type_=sa.Text)
_DIFFERENCES = (
    _STANDING.add_columns(
        _last.c.act,
        _last.c.at,
        _last.c.message.label("resent"),
        _last.c.undone_by,
        _last.c.note,
        settlement.c.kind.label("hub_kind"),
    )
    .outerjoin(
        settlement,
        (settlement.c.number == reconciliation_difference.c.settlement)
        & reconciliation_difference.c.hub_total_fen.is_not(None),
    )
    .where(
        reconciliation_difference.c.reconciliation_id == _ID,
        _KIND.is_(None) | (reconciliation_difference.c.kind == _KIND),
        _IN_STATE.is_(None) | (_STATE == _IN_STATE),
        reconciliation_difference.c.row > sa.bindparam("after", type_=sa.BigInteger),
    )
    .order_by(reconciliation_difference.c.row)
    .limit(sa.bindparam("rows", type_=sa.BigInteger))
)
# As the headers count them: every difference with how it stands.
STANDING = (
    sa.select(
        reconciliation_difference.c.reconciliation_id,
        reconciliation_difference.c.kind,
        _STATE.label("state"),
    )
    .join(reconciliation, reconciliation.c.id == reconciliation_difference.c.reconciliation_id)
    .outerjoin(_last, sa.true())
    .subquery("standing")
)


async def keep(tx: Tx, reconciliation_id: int, found: Sequence[Difference]) -> None:
    """Keep every difference of a reconciliation, in one statement."""
    rows = [_row(each) for each in found]
    columns = {f"d_{name}": [row[name] for row in rows] for name in _KEPT}
    await tx.execute(_KEEP, {**columns, "reconciliation_id": reconciliation_id})


async def page(
    conn: Conn,
    reconciliation_id: int,
    kind: DifferenceKind | None,
    state: DifferenceState | None,
    after: int,
    limit: int,
) -> list[KeptDifference]:
    """Read differences as they stand, in order of their rows."""
    row = {
        "reconciliation_id": reconciliation_id,
        "kind": kind,
        "in_state": state,
        "after": after,
        "rows": limit,
    }
    return [_difference(found) for found in await conn.execute(_DIFFERENCES, row)]


async def add_repair(
    tx: Tx,
    reconciliation_id: int,
    asked: RepairAsked,
    undone_by: str | None,
    by: tuple[str, datetime],
) -> None:
    """Keep what was done about a difference."""
    row = {
        "reconciliation_id": reconciliation_id,
        "row": asked.row,
        "act": asked.act,
        "at": by[1],
        "client": by[0],
        "message": asked.message,
        "undone_by": undone_by,
        "note": asked.note,
    }
    await tx.execute(sa.insert(reconciliation_repair), row)


def _row(it: Difference) -> dict[str, object]:
    return {
        "row": it.row,
        "kind": it.kind,
        "settlement": it.settlement,
        "hub_total_fen": None if it.hub is None else it.hub.total.fen,
        "hub_fund_fen": None if it.hub is None else it.hub.fund.fen,
        "sender_total_fen": None if it.sender is None else it.sender.total.fen,
        "sender_fund_fen": None if it.sender is None else it.sender.fund.fen,
        "hub_day": it.hub_day,
        "message": it.message,
    }


def _difference(row: sa.Row[Any]) -> KeptDifference:
    repair: Repair | None = None
    if row.act is not None:
        repair = Repair(
            act=RepairAct(row.act),
            at=row.at,
            message=row.resent,
            undone_by=row.undone_by,
            note=row.note,
        )
    difference = Difference(
        row=row.row,
        kind=DifferenceKind(row.kind),
        settlement=row.settlement,
        hub=amounts_of(row, "hub"),
        sender=amounts_of(row, "sender"),
        hub_day=row.hub_day,
        message=row.message,
    )
    hub_kind = None if row.hub_kind is None else SettlementKind(row.hub_kind)
    return KeptDifference(difference, DifferenceState(row.state), repair, hub_kind)
