"""Messages (报文), the audit trail and announcements: the tables and statements of the door.

A message id belongs to its sender for ever. Its row is claimed first in the transaction and
answered last, so a rival with the same id waits on the index and then finds the answer.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY, JSONB

from app.runtime.db import METADATA, Conn, Tx, identity, moment, one_of
from app.runtime.work import Announcement, Record


class Outcome(enum.StrEnum):
    """What became of a message."""

    APPLIED = "applied"
    REFUSED = "refused"
    NEVER_SEEN = "never_seen"


class KeptState(enum.StrEnum):
    """The outcomes that leave a row."""

    APPLIED = "applied"
    REFUSED = "refused"


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
    # "what happened to this number", in order
    sa.Index("ix_audit_trail_subject", "subject", "seq"),
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
)

_CLAIM = sa.text(
    """
    INSERT INTO message (party, key, fingerprint, state, action, client, at)
    VALUES (:party, :key, :fingerprint, 'applied', :action, :client, :at)
    ON CONFLICT (party, key) DO UPDATE
       SET state = 'applied', action = excluded.action, client = excluded.client,
           at = excluded.at, status = NULL, body = NULL
     WHERE message.state = 'refused' AND message.fingerprint = excluded.fingerprint
    RETURNING true
    """
)
_KEPT = sa.select(message).where(
    message.c.party == sa.bindparam("party"), message.c.key == sa.bindparam("key")
)
_FINISH = sa.text(
    """
    WITH trail AS (
        INSERT INTO audit_trail (at, party, client, request, action, subject, facts)
        SELECT :at, :party, :client, :request, t.action, t.subject, t.facts
          FROM unnest(:actions, :subjects, :facts) AS t(action, subject, facts)
    ), told AS (
        INSERT INTO announcement (at, topic, subject, parties, body)
        SELECT :at, t.topic, t.subject, string_to_array(t.parties, ' '), t.body
          FROM unnest(:topics, :told, :parties, :bodies) AS t(topic, subject, parties, body)
    )
    UPDATE message SET status = :status, body = :body WHERE party = :party AND key = :key
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
)
_REFUSED = sa.text(
    """
    INSERT INTO message (party, key, fingerprint, state, action, client, at, status, body)
    VALUES (:party, :key, :fingerprint, 'refused', :action, :client, :at, :status, :body)
    ON CONFLICT (party, key) DO UPDATE
       SET at = excluded.at, status = excluded.status, body = excluded.body
     WHERE message.state = 'refused' AND message.fingerprint = excluded.fingerprint
    """
)


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


async def claim(tx: Tx, stamp: Stamp) -> bool:
    """Take the id for this attempt; false when it has been answered before."""
    row = {
        "party": stamp.party,
        "key": stamp.key,
        "fingerprint": stamp.fingerprint,
        "action": stamp.action,
        "client": stamp.client,
        "at": stamp.at,
    }
    return (await tx.execute(_CLAIM, row)).scalar_one_or_none() is not None


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


async def note_refusal(tx: Tx, stamp: Stamp, answer: tuple[int, bytes]) -> None:
    """Remember that the message was refused; it may be tried again under the same id."""
    row = {
        "party": stamp.party,
        "key": stamp.key,
        "fingerprint": stamp.fingerprint,
        "action": stamp.action,
        "client": stamp.client,
        "at": stamp.at,
        "status": answer[0],
        "body": answer[1],
    }
    await tx.execute(_REFUSED, row)


async def note_looks(rx: Conn, stamp: Stamp, looks: Sequence[Record]) -> None:
    """Keep the trace of a look at a person's data."""
    rows = [
        {
            "at": stamp.at,
            "party": stamp.party,
            "client": stamp.client,
            "request": stamp.request,
            "action": look.action,
            "subject": look.subject,
            "facts": plain(look.facts),
        }
        for look in looks
    ]
    await rx.execute(audit_trail.insert(), rows)


def plain(value: object) -> object:
    """Turn facts into what JSON can hold: enums, dates and amounts become their text."""
    if isinstance(value, Mapping):
        return {str(k): plain(v) for k, v in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [plain(v) for v in value]
    if value is None or isinstance(value, bool | int):
        return value
    return str(value)
