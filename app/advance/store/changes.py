"""Changes of quotas and modes, emergency increases, and held settlements."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import insert as pg_insert

from app.advance.model import Pair
from app.advance.model.watching import (
    Change,
    ChangeKind,
    ChangeState,
    Hold,
    HoldAsked,
    HoldState,
    Mode,
    Wish,
)
from app.advance.tables import (
    advance_change,
    advance_change_serial,
    advance_hold,
    advance_hold_serial,
)
from app.kernel.calendar import business_day
from app.kernel.money import Money
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.numbers import next_number
from app.runtime.paging import PageAsked
from app.visit.tables import visit

_OPEN = (
    pg_insert(advance_change)
    .values(
        number=next_number("M", advance_change_serial),
        kind=sa.bindparam("kind"),
        insured_place=sa.bindparam("insured_place"),
        treatment_place=sa.bindparam("treatment_place"),
        mode=sa.bindparam("mode"),
        amount_fen=sa.bindparam("amount_fen"),
        decided_fen=sa.bindparam("decided_fen"),
        reason=sa.bindparam("reason"),
        state=sa.bindparam("state"),
        opened_at=sa.bindparam("at"),
        opened_by=sa.bindparam("by"),
        proposed_by=sa.bindparam("proposed_by"),
    )
    .on_conflict_do_nothing(
        index_elements=["insured_place", "treatment_place", "kind"],
        index_where=sa.text("state IN ('asked', 'proposed')"),
    )
    .returning(advance_change.c.number)
)
_UNDER_WAY = sa.select(advance_change.c.number).where(
    advance_change.c.kind == sa.bindparam("kind"),
    advance_change.c.insured_place == sa.bindparam("insured_place"),
    advance_change.c.treatment_place == sa.bindparam("treatment_place"),
    advance_change.c.state.in_([ChangeState.ASKED.value, ChangeState.PROPOSED.value]),
)
_SEEN = sa.select(advance_change).where(
    visible(regions=(advance_change.c.insured_place, advance_change.c.treatment_place))
)
_AFTER = sa.bindparam("after", type_=sa.BigInteger)
_ROWS = sa.bindparam("rows", type_=sa.BigInteger)
_NUMBER = sa.bindparam("number", type_=sa.Text)
_CHANGES = _SEEN.where(advance_change.c.id > _AFTER).order_by(advance_change.c.id).limit(_ROWS)
_CHANGE = _SEEN.where(advance_change.c.number == _NUMBER)
_CHANGE_LOCKED = _CHANGE.with_for_update()
_DECIDE = (
    sa.update(advance_change)
    .where(
        advance_change.c.id == sa.bindparam("change_id"),
        advance_change.c.state == ChangeState.ASKED.value,
    )
    .values(
        state=ChangeState.PROPOSED.value,
        decided_fen=sa.bindparam("decided"),
        proposed_by=sa.bindparam("by"),
        note=sa.bindparam("said"),
    )
)
_CLOSE = (
    sa.update(advance_change)
    .where(
        advance_change.c.id == sa.bindparam("change_id"),
        advance_change.c.state == sa.bindparam("was"),
    )
    .values(
        state=sa.bindparam("now"),
        closed_at=sa.bindparam("at"),
        closed_by=sa.bindparam("by"),
        note=sa.func.coalesce(sa.bindparam("said", type_=sa.Text), advance_change.c.note),
    )
)
_ASK = (
    pg_insert(advance_hold)
    .values(
        number=next_number("V", advance_hold_serial),
        visit_id=sa.bindparam("visit_id"),
        insured_place=sa.bindparam("insured_place"),
        treatment_place=sa.bindparam("treatment_place"),
        fund_fen=sa.bindparam("fund_fen"),
        reason=sa.bindparam("reason"),
        state=HoldState.ASKED.value,
        asked_at=sa.bindparam("at"),
        asked_by=sa.bindparam("by"),
    )
    .on_conflict_do_nothing(index_elements=["visit_id"], index_where=sa.text("state = 'asked'"))
    .returning(advance_hold.c.number)
)
# A hold is seen from both places of the pair, and by the institution of the visit.
_HELD = (
    sa.select(advance_hold, visit.c.number.label("visit"), visit.c.institution)
    .join_from(advance_hold, visit, visit.c.id == advance_hold.c.visit_id)
    .where(
        visible(
            # a city sees what is asked about its own visits, though its province is the place
            regions=(
                advance_hold.c.insured_place,
                advance_hold.c.treatment_place,
                visit.c.insured_region,
                visit.c.treatment_region,
            ),
            institution=visit.c.institution,
        )
    )
)
_HOLDS = _HELD.where(advance_hold.c.id > _AFTER).order_by(advance_hold.c.id).limit(_ROWS)
_HOLD = _HELD.where(advance_hold.c.number == _NUMBER)
_HOLD_LOCKED = _HOLD.with_for_update(of=advance_hold)
_ANSWER = (
    sa.update(advance_hold)
    .where(
        advance_hold.c.id == sa.bindparam("hold_id"),
        advance_hold.c.state == HoldState.ASKED.value,
    )
    .values(
        state=sa.bindparam("now"),
        decided_at=sa.bindparam("at"),
        decided_by=sa.bindparam("by"),
        note=sa.bindparam("said"),
    )
)


async def open_change(
    tx: Tx, wish: Wish, state: ChangeState, *, at: datetime, by: str
) -> str | None:
    """Keep a change as asked for or proposed; None when one of the kind is under way."""
    proposed = state is ChangeState.PROPOSED
    fen = None if wish.amount is None else wish.amount.fen
    row = {
        "number_region": wish.pair.treatment_place,
        "number_day": business_day(at),
        "kind": wish.kind.value,
        "insured_place": wish.pair.insured_place,
        "treatment_place": wish.pair.treatment_place,
        "mode": None if wish.mode is None else wish.mode.value,
        "amount_fen": fen,
        "decided_fen": fen if proposed else None,
        "reason": wish.reason,
        "state": state.value,
        "at": at,
        "by": by,
        "proposed_by": by if proposed else None,
    }
    made: str | None = (await tx.execute(_OPEN, row)).scalar_one_or_none()
    return made


async def under_way(conn: Conn, wish: Wish) -> str | None:
    """Return the number of the change of a kind that is under way for a pair."""
    asked = {
        "kind": wish.kind.value,
        "insured_place": wish.pair.insured_place,
        "treatment_place": wish.pair.treatment_place,
    }
    found: str | None = (await conn.execute(_UNDER_WAY, asked)).scalar_one_or_none()
    return found


async def changes(conn: Conn, scope: Scope, page: PageAsked) -> Sequence[Change]:
    """Read a page of the changes of pairs the scope is a side of."""
    asked = {"after": page.after_id, "rows": page.rows + 1}
    return [_change(row) for row in await conn.execute(_CHANGES, scope.binds() | asked)]


async def change_by_number(conn: Conn, scope: Scope, number: str) -> Change | None:
    """Read one change of a pair the scope is a side of."""
    row = (await conn.execute(_CHANGE, scope.binds() | {"number": number})).one_or_none()
    return None if row is None else _change(row)


async def locked_change(tx: Tx, scope: Scope, number: str) -> Change | None:
    """Read one change and hold it until the transaction ends."""
    row = (await tx.execute(_CHANGE_LOCKED, scope.binds() | {"number": number})).one_or_none()
    return None if row is None else _change(row)


async def decide(tx: Tx, it: Change, amount: Money, note: str, by: str) -> None:
    """Keep what one person of the operator proposes for what was asked."""
    row = {"change_id": it.id, "decided": amount.fen, "said": note, "by": by}
    changed = (await tx.execute(_DECIDE, row)).rowcount
    assert changed == 1, "it is locked"


async def close_change(
    tx: Tx, it: Change, state: ChangeState, *, at: datetime, by: str, note: str | None
) -> None:
    """Keep the end of a change."""
    row = {
        "change_id": it.id,
        "was": it.state.value,
        "now": state.value,
        "at": at,
        "by": by,
        "said": note,
    }
    changed = (await tx.execute(_CLOSE, row)).rowcount
    assert changed == 1, "it is locked"


async def ask_hold(
    tx: Tx, visit_id: int, pair: Pair, asked: HoldAsked, *, at: datetime, by: str
) -> str | None:
    """Keep that approval is asked for; None when it was asked for and not decided."""
    row = {
        "number_region": pair.treatment_place,
        "number_day": business_day(at),
        "visit_id": visit_id,
        "insured_place": pair.insured_place,
        "treatment_place": pair.treatment_place,
        "fund_fen": asked.fund.fen,
        "reason": asked.reason,
        "at": at,
        "by": by,
    }
    made: str | None = (await tx.execute(_ASK, row)).scalar_one_or_none()
    return made


async def holds(conn: Conn, scope: Scope, page: PageAsked) -> Sequence[Hold]:
    """Read a page of the holds the scope is a side of."""
    asked = {"after": page.after_id, "rows": page.rows + 1}
    return [_hold(row) for row in await conn.execute(_HOLDS, scope.binds() | asked)]


async def hold_by_number(conn: Conn, scope: Scope, number: str) -> Hold | None:
    """Read one hold the scope is a side of."""
    row = (await conn.execute(_HOLD, scope.binds() | {"number": number})).one_or_none()
    return None if row is None else _hold(row)


async def locked_hold(tx: Tx, scope: Scope, number: str) -> Hold | None:
    """Read one hold and keep it until the transaction ends."""
    row = (await tx.execute(_HOLD_LOCKED, scope.binds() | {"number": number})).one_or_none()
    return None if row is None else _hold(row)


async def answer_hold(
    tx: Tx, it: Hold, state: HoldState, *, at: datetime, by: str, note: str | None
) -> None:
    """Keep what was decided about a hold."""
    row = {"hold_id": it.id, "now": state.value, "at": at, "by": by, "said": note}
    changed = (await tx.execute(_ANSWER, row)).rowcount
    assert changed == 1, "it is locked"


def _change(row: sa.Row[Any]) -> Change:
    return Change(
        id=row.id,
        number=row.number,
        wish=Wish(
            kind=ChangeKind(row.kind),
            pair=Pair(row.insured_place, row.treatment_place),
            mode=None if row.mode is None else Mode(row.mode),
            amount=None if row.amount_fen is None else Money(row.amount_fen),
            reason=row.reason,
        ),
        decided=None if row.decided_fen is None else Money(row.decided_fen),
        state=ChangeState(row.state),
        opened_at=row.opened_at,
        opened_by=row.opened_by,
        proposed_by=row.proposed_by,
        closed_at=row.closed_at,
        closed_by=row.closed_by,
        note=row.note,
    )


def _hold(row: sa.Row[Any]) -> Hold:
    return Hold(
        id=row.id,
        number=row.number,
        visit=row.visit,
        institution=row.institution,
        pair=Pair(row.insured_place, row.treatment_place),
        fund=Money(row.fund_fen),
        reason=row.reason,
        state=HoldState(row.state),
        asked_at=row.asked_at,
        asked_by=row.asked_by,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        note=row.note,
    )
