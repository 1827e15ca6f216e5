"""Whose turn it is, who has taken it, and what came of it; each is one statement.

No transaction is kept open while a receiver is waited for: it would hold every reader back.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.events.model import (
    Attempt,
    Delivery,
    DeliveryFault,
    DeliveryOutcome,
    Next,
    Position,
    Standing,
    Subscription,
)
from app.events.store.subscriptions import subscription_of
from app.events.tables import delivery
from app.runtime.db import Conn, Rx, Tx
from app.runtime.messages import announcement
from app.runtime.paging import PageAsked

_MOMENT = sa.DateTime(timezone=True)
# Of two who look at once each takes what the other has not. A lease that ran out was somebody's
# who is gone: what it sent and did not note is sent again, under the same id.
_TAKE = sa.text(
    """
    UPDATE subscription SET lease = :lease, leased_until = :until
     WHERE id IN (
        SELECT s.id FROM subscription s
         WHERE s.state = 'active' AND s.next_at <= :now
           AND (s.leased_until IS NULL OR s.leased_until <= :now)
           AND (EXISTS (SELECT FROM redelivery r
                         WHERE r.subscription_id = s.id AND r.done_at IS NULL)
                OR EXISTS (SELECT FROM announcement a
                            WHERE (a.turn, a.seq) > (s.after_turn, s.after_seq)
                              AND a.turn < (SELECT turns_settled())))
           AND NOT EXISTS (SELECT FROM party p WHERE p.code = s.party AND p.state = 'disabled')
         ORDER BY s.next_at LIMIT :rows
           FOR UPDATE OF s SKIP LOCKED)
    RETURNING *
    """
).bindparams(
    sa.bindparam("until", type_=_MOMENT),
    sa.bindparam("now", type_=_MOMENT),
    sa.bindparam("lease", type_=sa.Text),
)
# An attempt counts only for who still has the lease; what was moved back meanwhile stays there.
_NOTE = sa.text(
    """
    WITH held AS (
        UPDATE subscription
           SET after_turn = :turn, after_seq = :seq, attempts = :attempts,
               failing_since = :failing_since, next_at = :next_at, leased_until = :until
         WHERE id = :id AND lease = :lease
        RETURNING id, state
    ), met AS (
        UPDATE redelivery SET done_at = :now
         WHERE id = :redelivery AND EXISTS (SELECT FROM held)
    ), kept AS (
        INSERT INTO delivery
               (subscription_id, announcement_seq, attempt, at, outcome, status, fault)
        SELECT held.id, :event, :attempt, :now, :outcome, :status, :fault FROM held
    )
    SELECT state FROM held
    """
).bindparams(
    sa.bindparam("failing_since", type_=_MOMENT),
    sa.bindparam("next_at", type_=_MOMENT),
    sa.bindparam("until", type_=_MOMENT),
    sa.bindparam("now", type_=_MOMENT),
    sa.bindparam("lease", type_=sa.Text),
    sa.bindparam("redelivery", type_=sa.BigInteger),
    sa.bindparam("outcome", type_=sa.Text),
    sa.bindparam("status", type_=sa.SmallInteger),
    sa.bindparam("fault", type_=sa.Text),
)
_PASS_OVER = sa.text(
    """
    UPDATE subscription SET after_turn = :turn, after_seq = :seq
     WHERE id = :id AND lease = :lease AND (after_turn, after_seq) < (:turn, :seq)
    """
).bindparams(
    sa.bindparam("turn", type_=sa.BigInteger),
    sa.bindparam("seq", type_=sa.BigInteger),
    sa.bindparam("lease", type_=sa.Text),
)
_LET_GO = sa.text(
    """
    UPDATE subscription SET lease = NULL, leased_until = NULL WHERE id = :id AND lease = :lease
    """
).bindparams(sa.bindparam("lease", type_=sa.Text))
_LOG = (
    sa.select(delivery, announcement.c.topic, announcement.c.subject)
    .join(announcement, announcement.c.seq == delivery.c.announcement_seq)
    .where(
        delivery.c.subscription_id == sa.bindparam("subscription_id", type_=sa.BigInteger),
        delivery.c.id < sa.bindparam("before", type_=sa.BigInteger),
        sa.or_(
            sa.bindparam("outcome", type_=sa.Text).is_(None),
            delivery.c.outcome == sa.bindparam("outcome", type_=sa.Text),
        ),
    )
    .order_by(delivery.c.id.desc())
    .limit(sa.bindparam("rows", type_=sa.Integer))
)
_PRUNE = sa.text("SELECT prune_deliveries(:days, :dead_letter_days, :rows)")
_PRUNE_WISHES = sa.text("SELECT prune_redeliveries(:days, :rows)")
LAST = 2**62


@dataclass(frozen=True, slots=True)
class Lease:
    """Somebody's right to deliver for a subscription, until it runs out."""

    name: str
    until: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Noted:
    """What is to be kept of one attempt."""

    sent: Next
    attempt: int
    made: Attempt
    outcome: DeliveryOutcome
    standing: Standing
    at: datetime


async def take(rx: Rx, lease: Lease, now: datetime, rows: int) -> list[Subscription]:
    """Take subscriptions whose turn it is, and that nobody else has."""
    row = {"lease": lease.name, "until": lease.until, "now": now, "rows": rows}
    return [subscription_of(it) for it in await rx.execute(_TAKE, row)]


async def note(rx: Rx, it: Subscription, lease: Lease, noted: Noted) -> bool:
    """Keep what came of an attempt; say whether the next one may follow under the same lease."""
    done = noted.outcome is not DeliveryOutcome.FAILED
    row = {
        "id": it.id,
        "lease": lease.name,
        "until": lease.until,
        "turn": noted.standing.position.turn,
        "seq": noted.standing.position.seq,
        "attempts": noted.standing.attempts,
        "failing_since": noted.standing.failing_since,
        "next_at": noted.standing.next_at,
        "now": noted.at,
        "redelivery": noted.sent.redelivery if done else None,
        "event": noted.sent.event.position.seq,
        "attempt": noted.attempt,
        "outcome": noted.outcome.value,
        "status": noted.made.status,
        "fault": None if noted.made.fault is None else noted.made.fault.value,
    }
    return (await rx.execute(_NOTE, row)).scalar_one_or_none() == "active"


async def pass_over(rx: Rx, it: Subscription, lease: Lease, until: Position) -> None:
    """Note that nothing up to a place is for this subscription."""
    await rx.execute(
        _PASS_OVER, {"id": it.id, "lease": lease.name, "turn": until.turn, "seq": until.seq}
    )


async def let_go(rx: Rx, it: Subscription, lease: Lease) -> None:
    """Give the lease back."""
    await rx.execute(_LET_GO, {"id": it.id, "lease": lease.name})


async def log(
    conn: Conn, subscription_id: int, outcome: DeliveryOutcome | None, asked: PageAsked
) -> Sequence[Delivery]:
    """Read a page of attempts, the newest first."""
    row = {
        "subscription_id": subscription_id,
        "before": asked.after_id or LAST,
        "outcome": None if outcome is None else outcome.value,
        "rows": asked.rows + 1,
    }
    return [_delivery(it) for it in await conn.execute(_LOG, row)]


async def prune(tx: Tx, days: int, dead_letter_days: int, *, rows: int) -> int:
    """Remove attempts that are older, at most so many; return how many went."""
    row = {"days": days, "dead_letter_days": dead_letter_days, "rows": rows}
    return int((await tx.execute(_PRUNE, row)).scalar_one())


async def prune_redeliveries(tx: Tx, days: int, *, rows: int) -> int:
    """Remove wishes for a redelivery that were met longer ago, at most so many; return how many."""
    return int((await tx.execute(_PRUNE_WISHES, {"days": days, "rows": rows})).scalar_one())


def _delivery(row: sa.Row[Any]) -> Delivery:
    return Delivery(
        id=row.id,
        event=row.announcement_seq,
        topic=row.topic,
        subject=row.subject,
        attempt=row.attempt,
        at=row.at,
        outcome=DeliveryOutcome(row.outcome),
        status=row.status,
        fault=None if row.fault is None else DeliveryFault(row.fault),
    )
