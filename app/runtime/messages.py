"""Messages (报文), the audit trail and announcements: the tables and statements of the door.

A message id belongs to its sender for ever. Its row is claimed first in the transaction and
answered last. While that lasts the transaction holds a lock named after the id, so a rival, a
look-up or a reversal learns without waiting that the message is under way.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.runtime.db import METADATA, Conn, Tx, identity, moment, one_of
from app.runtime.fetching import fetch
from app.runtime.work import Announcement, Record


class Outcome(enum.StrEnum):
    """What became of a message (报文处理结果)."""

    APPLIED = "applied"  # 已生效
    REFUSED = "refused"  # 已拒绝
    REVERSED = "reversed"  # 已冲正
    FENCED = "fenced"  # 已封存
    RUNNING = "running"  # 处理中
    NEVER_SEEN = "never_seen"  # 未收到


class KeptState(enum.StrEnum):
    """The outcomes that leave a row."""

    APPLIED = "applied"
    REFUSED = "refused"
    REVERSED = "reversed"
    FENCED = "fenced"


message = sa.Table(
    "message",
    METADATA,
    sa.Column("party", sa.Text, primary_key=True),
    sa.Column("key", sa.Text, primary_key=True),
    sa.Column("fingerprint", sa.LargeBinary, nullable=False),
    sa.Column("state", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),  # method and path template
    sa.Column("client", sa.Text, nullable=False),
    moment("at"),
    sa.Column("status", sa.SmallInteger),
    sa.Column("body", sa.LargeBinary),
    # what it did and to which number, as the trail says: how a reversal finds its effect
    sa.Column("deed", sa.Text),
    sa.Column("subject", sa.Text),
    sa.Column("reversed_by", sa.Text),  # the id of the message that reversed it
    one_of("state", KeptState),
)
audit_trail = sa.Table(
    "audit_trail",
    METADATA,
    identity("seq"),
    moment("at"),
    sa.Column("party", sa.Text, nullable=False),
    sa.Column("client", sa.Text, nullable=False),
    sa.Column("request", sa.Text, nullable=False),
    sa.Column("action", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("facts", JSONB, nullable=False),
    sa.Column("message", sa.Text),  # the id it was asked under; a look has none
    # "what happened to this number", in order
    sa.Index("ix_audit_trail_subject", "subject", "seq"),
    # "what did this party do", in order, and "in this time"
    sa.Index("ix_audit_trail_party", "party", "seq"),
    sa.Index("ix_audit_trail_at", "at", postgresql_using="brin"),
)
announcement = sa.Table(
    "announcement",
    METADATA,
    identity("seq"),
    moment("at"),
    sa.Column("topic", sa.Text, nullable=False),
    sa.Column("subject", sa.Text, nullable=False),
    sa.Column("parties", ARRAY(sa.Text), nullable=False),
    sa.Column("body", JSONB, nullable=False),
    # the number of its transaction: which announcements are settled, and their order
    sa.Column("turn", sa.BigInteger, nullable=False, server_default=sa.text("announcement_turn()")),
    # GET /v1/events
    sa.Index("ix_announcement_turn", "turn", "seq"),
)

_PARTY = sa.bindparam("party", type_=sa.Text)
_KEY = sa.bindparam("key", type_=sa.Text)
# Named after the id, and gone with the transaction that holds it.
_LOCK = sa.func.hashtextextended(sa.literal("message ") + _PARTY + " " + _KEY, 0)
_HOLD = sa.select(sa.func.pg_try_advisory_xact_lock(_LOCK))
_IDLE = sa.select(sa.func.pg_try_advisory_xact_lock_shared(_LOCK))
_KEPT = sa.select(message).where(message.c.party == _PARTY, message.c.key == _KEY)
_FINISH = sa.text(
    """
    WITH trail AS (
        INSERT INTO audit_trail (at, party, client, request, action, subject, facts, message)
        SELECT :at, :party, :client, :request, t.action, t.subject, t.facts, :key
          FROM unnest(:actions, :subjects, :facts) AS t(action, subject, facts)
    ), told AS (
        INSERT INTO announcement (at, topic, subject, parties, body)
        SELECT :at, t.topic, t.subject, string_to_array(t.parties, ' '), t.body
          FROM unnest(:topics, :told, :parties, :bodies) AS t(topic, subject, parties, body)
    )
    UPDATE message SET status = :status, body = :body, deed = :deed, subject = :subject
     WHERE party = :party AND key = :key
    """
).bindparams(
    sa.bindparam("actions", type_=ARRAY(sa.Text)),
    sa.bindparam("subjects", type_=ARRAY(sa.Text)),
    sa.bindparam("facts", type_=ARRAY(JSONB)),
    sa.bindparam("topics", type_=ARRAY(sa.Text)),
    sa.bindparam("told", type_=ARRAY(sa.Text)),
    sa.bindparam("parties", type_=ARRAY(sa.Text)),
    sa.bindparam("bodies", type_=ARRAY(JSONB)),
    sa.bindparam("body", type_=sa.LargeBinary),
    sa.bindparam("status", type_=sa.SmallInteger),
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    sa.bindparam("party", type_=sa.Text),
    sa.bindparam("key", type_=sa.Text),
    sa.bindparam("client", type_=sa.Text),
    sa.bindparam("request", type_=sa.Text),
    sa.bindparam("deed", type_=sa.Text),
    sa.bindparam("subject", type_=sa.Text),
)
_LOOKED = sa.text(
    """
    INSERT INTO audit_trail (at, party, client, request, action, subject, facts)
    SELECT :at, :party, :client, :request, t.action, t.subject, t.facts
      FROM unnest(:actions, :subjects, :facts) AS t(action, subject, facts)
    """
).bindparams(
    sa.bindparam("actions", type_=ARRAY(sa.Text)),
    sa.bindparam("subjects", type_=ARRAY(sa.Text)),
    sa.bindparam("facts", type_=ARRAY(JSONB)),
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    sa.bindparam("party", type_=sa.Text),
    sa.bindparam("client", type_=sa.Text),
    sa.bindparam("request", type_=sa.Text),
)
_NAMED = sa.func.unnest(sa.bindparam("keys", type_=ARRAY(sa.Text))).column_valued("named")
_BUSY = sa.select(_NAMED).where(
    ~sa.func.pg_try_advisory_xact_lock_shared(
        sa.func.hashtextextended(sa.literal("message ") + _PARTY + " " + _NAMED, 0)
    )
)
_STATES = sa.select(message.c.key, message.c.state).where(
    message.c.party == _PARTY, message.c.key == sa.any_(sa.bindparam("keys", type_=ARRAY(sa.Text)))
)
_LATEST = (
    sa.select(audit_trail.c.message)
    .where(
        audit_trail.c.subject == sa.bindparam("subject", type_=sa.Text),
        audit_trail.c.action == sa.bindparam("action", type_=sa.Text),
    )
    .order_by(audit_trail.c.seq.desc())
    .limit(1)
)
# What was applied or reversed stays as it is; only what never took effect is shut out.
_FENCE = sa.text(
    """
    INSERT INTO message (party, key, fingerprint, state, action, client, at, status, body)
    VALUES (:party, :key, :fingerprint, 'fenced', :action, :client, :at, :status, :body)
    ON CONFLICT (party, key) DO UPDATE SET state = 'fenced', at = excluded.at
     WHERE message.state = 'refused'
    """
)
_REVERSE = sa.text(
    """
    UPDATE message SET state = 'reversed', reversed_by = :reversed_by
     WHERE party = :party AND key = :key AND state = 'applied'
    """
).bindparams(_PARTY, _KEY, sa.bindparam("reversed_by", type_=sa.Text))


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """What identifies one attempt of one message."""

    party: str
    client: str
    key: str
    fingerprint: bytes
    action: str
    request: str
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Kept:
    """A message as it is kept."""

    key: str
    state: KeptState
    action: str
    at: datetime
    fingerprint: bytes
    status: int
    body: bytes
    deed: str | None
    subject: str | None
    reversed_by: str | None


@dataclass(frozen=True, slots=True)
class Told:
    """What became of an id at the moment of asking."""

    outcome: Outcome
    kept: Kept | None


async def hold(tx: Tx, party: str, key: str) -> bool:
    """Keep an id from being worked on until the transaction ends; false when it is under way."""
    return bool((await tx.execute(_HOLD, {"party": party, "key": key})).scalar_one())


async def tell(conn: Conn, party: str, key: str) -> Told:
    """Tell what became of an id.

    Whether it is under way is asked first, in a statement of its own: whoever ended before that
    is seen by the second.
    """
    idle = (await conn.execute(_IDLE, {"party": party, "key": key})).scalar_one()
    kept = await find(conn, party, key)
    if not idle and (kept is None or kept.state is KeptState.REFUSED):
        return Told(Outcome.RUNNING, None)
    return Told(Outcome.NEVER_SEEN if kept is None else Outcome(kept.state.value), kept)


async def tell_all(conn: Conn, party: str, keys: Sequence[str]) -> dict[str, Outcome]:
    """Tell what became of many ids, in the same two statements."""
    row = {"party": party, "keys": list(keys)}
    running = set((await conn.execute(_BUSY, row)).scalars())
    told = dict.fromkeys(keys, Outcome.NEVER_SEEN)
    told |= {each.key: Outcome(each.state) for each in await conn.execute(_STATES, row)}
    undecided = (Outcome.NEVER_SEEN, Outcome.REFUSED)
    return {
        key: Outcome.RUNNING if key in running and outcome in undecided else outcome
        for key, outcome in told.items()
    }


async def find(conn: Conn, party: str, key: str) -> Kept | None:
    """Read what became of a message."""
    row = (await conn.execute(_KEPT, {"party": party, "key": key})).one_or_none()
    if row is None:
        return None
    return Kept(
        key=row.key,
        state=KeptState(row.state),
        action=row.action,
        at=row.at,
        fingerprint=row.fingerprint,
        status=row.status,
        body=row.body,
        deed=row.deed,
        subject=row.subject,
        reversed_by=row.reversed_by,
    )


async def finish(
    tx: Tx,
    stamp: Stamp,
    answer: tuple[int, bytes],
    journal: Sequence[Record],
    told: Sequence[Announcement],
) -> None:
    """Write the trail and the announcements, and store the answer: one statement."""
    row: Mapping[str, object] = {
        "at": stamp.at,
        "party": stamp.party,
        "client": stamp.client,
        "request": stamp.request,
        "key": stamp.key,
        "status": answer[0],
        "body": answer[1],
        "deed": journal[-1].action,
        "subject": journal[-1].subject,
        "actions": [r.action for r in journal],
        "subjects": [r.subject for r in journal],
        "facts": [plain(r.facts) for r in journal],
        "topics": [a.topic for a in told],
        "told": [a.subject for a in told],
        "parties": [" ".join(a.parties) for a in told],
        "bodies": [plain(a.body) for a in told],
    }
    changed = (await tx.execute(_FINISH, row)).rowcount
    assert changed == 1, "the id was claimed in this transaction"


async def fence(tx: Tx, stamp: Stamp, answer: tuple[int, bytes]) -> None:
    """Shut an id out that never took effect; a refusal kept for it stays its answer."""
    await tx.execute(_FENCE, _answered(stamp, answer))


async def reverse(tx: Tx, party: str, key: str, reversed_by: str) -> None:
    """Note that what the message did was undone."""
    row = {"party": party, "key": key, "reversed_by": reversed_by}
    changed = (await tx.execute(_REVERSE, row)).rowcount
    assert changed == 1, "the id was held and read as applied in this transaction"


def _answered(stamp: Stamp, answer: tuple[int, bytes]) -> dict[str, object]:
    return {
        "party": stamp.party,
        "key": stamp.key,
        "fingerprint": stamp.fingerprint,
        "action": stamp.action,
        "client": stamp.client,
        "at": stamp.at,
        "status": answer[0],
        "body": answer[1],
    }


async def latest(conn: Conn, action: str, subject: str) -> str | None:
    """Return the id of the last message that did this to a number."""
    found: str | None = await conn.scalar(_LATEST, {"action": action, "subject": subject})
    return found


async def note_looks(rx: Conn, stamp: Stamp, looks: Sequence[Record]) -> None:
    """Keep the trace of a look at a person's data."""
    row = {
        "at": stamp.at,
        "party": stamp.party,
        "client": stamp.client,
        "request": stamp.request,
        "actions": [look.action for look in looks],
        "subjects": [look.subject for look in looks],
        "facts": [plain(look.facts) for look in looks],
    }
    await fetch(rx, _LOOKED, row)


def plain(value: object) -> object:
    """Turn facts into what JSON can hold: enums, dates and amounts become their text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if value is None or isinstance(value, bool | int):
        return value
    return str(value)
