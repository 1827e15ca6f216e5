"""Reading announcements in the one order: by turn, then serial, of turns that have ended.

A serial drawn early can be committed late. Whoever reads up to the oldest turn still running
skips nothing: what was drawn there before is settled, and what comes later has a later turn.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.events.model import Event, EventsAsked, Position, Stretch
from app.events.model.catalogue import told
from app.events.tables import redelivery
from app.kernel.parties import PartyKind
from app.runtime.auth import Scope
from app.runtime.db import Conn
from app.runtime.messages import announcement

LOOKED_AT_MAX = 2_000  # announcements a reading looks at, whosever they are

_TURN, _SEQ = (sa.bindparam(name, type_=sa.BigInteger) for name in ("after_turn", "after_seq"))
_UNTIL = sa.text("SELECT turn, seq, seen FROM announcement_stretch(:after_turn, :after_seq, :rows)")
_UNTIL = _UNTIL.bindparams(_TURN, _SEQ, sa.bindparam("rows", type_=sa.Integer))
_NOW = sa.text("SELECT turns_settled()")
_TOLD = sa.func.unnest(announcement.c.parties).column_valued("told")
_WITHIN = sa.exists().where(sa.func.starts_with(_TOLD, sa.bindparam("scope_prefix", type_=sa.Text)))


def _named() -> sa.ColumnElement[bool]:
    """Build the condition "this names the scope's party, or a place it governs"."""
    kind = sa.bindparam("scope_kind", type_=sa.Text)
    party = sa.bindparam("scope_party", type_=sa.Text)
    return sa.or_(
        kind == PartyKind.OPERATOR.value,
        party == sa.any_(announcement.c.parties),
        sa.and_(kind == PartyKind.AGENCY.value, _WITHIN),
    )


def _between() -> sa.ColumnElement[bool]:
    """Build the condition "after one place, and not after the other"."""
    place = sa.tuple_(announcement.c.turn, announcement.c.seq)
    until = (sa.bindparam(name, type_=sa.BigInteger) for name in ("turn", "seq"))
    return sa.and_(place > sa.tuple_(_TURN, _SEQ), place <= sa.tuple_(*until))


_TOPICS = sa.bindparam("topics", type_=ARRAY(sa.Text))
_EVENTS = (
    sa.select(announcement)
    .where(
        _between(),
        _named(),
        sa.or_(sa.func.cardinality(_TOPICS) == 0, announcement.c.topic == sa.any_(_TOPICS)),
    )
    .order_by(announcement.c.turn, announcement.c.seq)
    .limit(sa.bindparam("rows", type_=sa.Integer))
)
_ONE = sa.select(announcement).where(
    announcement.c.seq == sa.bindparam("seq", type_=sa.BigInteger), _named()
)
_ASKED_FOR_AGAIN = (
    sa.select(announcement, redelivery.c.id.label("redelivery_id"))
    .join(redelivery, redelivery.c.announcement_seq == announcement.c.seq)
    .where(
        redelivery.c.subscription_id == sa.bindparam("subscription_id", type_=sa.BigInteger),
        redelivery.c.done_at.is_(None),
    )
    .order_by(redelivery.c.id)
    .limit(sa.bindparam("rows", type_=sa.Integer))
)


async def stretch(conn: Conn, scope: Scope, asked: EventsAsked) -> Stretch:
    """Read what the scope may see of the next stretch of the order, and where it ends."""
    after: Mapping[str, int] = {"after_turn": asked.after.turn, "after_seq": asked.after.seq}
    looked = (await conn.execute(_UNTIL, {**after, "rows": LOOKED_AT_MAX})).one_or_none()
    if looked is None:
        return Stretch(events=(), until=asked.after, more=False)
    row = {
        **scope.binds(),
        **after,
        "turn": looked.turn,
        "seq": looked.seq,
        "topics": list(asked.topics),
        "rows": asked.rows + 1,
    }
    found = [_event(it) for it in await conn.execute(_EVENTS, row)]
    if len(found) > asked.rows:
        shown = tuple(found[: asked.rows])
        return Stretch(events=shown, until=shown[-1].position, more=True)
    until = Position(looked.turn, looked.seq)
    return Stretch(events=tuple(found), until=until, more=looked.seen == LOOKED_AT_MAX)


async def event(conn: Conn, scope: Scope, seq: int) -> Event | None:
    """Read one event by its serial."""
    row = (await conn.execute(_ONE, {**scope.binds(), "seq": seq})).one_or_none()
    return None if row is None else _event(row)


async def asked_for_again(conn: Conn, subscription_id: int, rows: int) -> list[tuple[Event, int]]:
    """Read the events asked for again, oldest wish first, each with its wish."""
    found = await conn.execute(_ASKED_FOR_AGAIN, {"subscription_id": subscription_id, "rows": rows})
    return [(_event(row), row.redelivery_id) for row in found]


async def present(conn: Conn) -> Position:
    """Return the place after everything that is settled now."""
    turn: int = (await conn.execute(_NOW)).scalar_one()
    return Position(turn, 0)


def _event(row: sa.Row[Any]) -> Event:
    return Event(
        position=Position(row.turn, row.seq),
        at=row.at,
        topic=row.topic,
        subject=row.subject,
        body=told(row.topic, row.body),
    )
