"""Subscriptions and their secrets."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.events.model import (
    Owner,
    Position,
    Subscription,
    SubscriptionAsked,
    SubscriptionSecret,
    SubscriptionState,
)
from app.events.tables import redelivery, subscription, subscription_secret, subscription_serial
from app.kernel.parties import PartyKind
from app.runtime.auth import Caller, Scope
from app.runtime.db import Conn, Tx
from app.runtime.numbers import next_number
from app.runtime.paging import PageAsked

# Whatever the clock of whoever delivers says: business may be played on another day.
AT_ONCE = datetime.fromtimestamp(0, UTC)


def _own() -> sa.ColumnElement[bool]:
    """Build the condition "it is the scope's own"; the operator looks at every one."""
    kind = sa.bindparam("scope_kind", type_=sa.Text)
    party = sa.bindparam("scope_party", type_=sa.Text)
    return sa.or_(kind == PartyKind.OPERATOR.value, subscription.c.party == party)


_NUMBER = subscription.c.number == sa.bindparam("number", type_=sa.Text)
_ONE = sa.select(subscription).where(_NUMBER, _own())
_LOCKED = _ONE.with_for_update()
_PAGE = (
    sa.select(subscription)
    .where(_own(), subscription.c.id > sa.bindparam("after", type_=sa.BigInteger))
    .order_by(subscription.c.id)
    .limit(sa.bindparam("rows", type_=sa.Integer))
)
# Parties that subscribe at the same moment take turns, so that the limit holds.
_TURN = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('subscriptions ' || :party, 0))")
_COUNT = sa.select(sa.func.count()).where(
    subscription.c.party == sa.bindparam("party", type_=sa.Text),
    subscription.c.state != SubscriptionState.ENDED.value,
)
_ADD = (
    subscription.insert()
    .values(
        number=next_number("E", subscription_serial),
        topics=sa.bindparam("topics", type_=ARRAY(sa.Text)),
        state=SubscriptionState.ACTIVE.value,
    )
    .returning(subscription.c.id, subscription.c.number)
)
# Whoever is delivering at this moment has a lease: taken away, what it still notes is not kept.
_MOVE = sa.text(
    """
    UPDATE subscription
       SET state = :state, changed_at = :now,
           attempts = CASE WHEN :state = 'active' THEN 0 ELSE attempts END,
           failing_since = CASE WHEN :state = 'active' THEN NULL ELSE failing_since END,
           next_at = CASE WHEN :state = 'active' THEN 'epoch' ELSE next_at END
     WHERE id = :id
    """
).bindparams(
    sa.bindparam("state", type_=sa.Text), sa.bindparam("now", type_=sa.DateTime(timezone=True))
)
_SEND_FROM = sa.text(
    """
    UPDATE subscription
       SET after_turn = :turn, after_seq = :seq, attempts = 0, next_at = 'epoch',
           lease = NULL, leased_until = NULL, changed_at = :now
     WHERE id = :id
    """
)
_SEND_AGAIN = redelivery.insert()
_HURRY = sa.text("UPDATE subscription SET next_at = 'epoch', attempts = 0 WHERE id = :id")
_ADD_SECRET = subscription_secret.insert()
_SECRETS = (
    sa.select(subscription_secret)
    .where(
        subscription_secret.c.subscription_id == sa.bindparam("subscription_id"),
    )
    .order_by(subscription_secret.c.id.desc())
)
_RETIRE = (
    sa.update(subscription_secret)
    .where(
        subscription_secret.c.subscription_id == sa.bindparam("of"),
        subscription_secret.c.hint == sa.bindparam("named"),
    )
    .values(retired_at=sa.bindparam("now"))
)


@dataclass(frozen=True, slots=True)
class SealedSecret:
    """A secret as it is kept."""

    shown: SubscriptionSecret
    sealed: bytes = field(repr=False)


async def take_turn(tx: Tx, party: str) -> int:
    """Keep others of the party from subscribing meanwhile; return how many there are."""
    await tx.execute(_TURN, {"party": party})
    return int((await tx.execute(_COUNT, {"party": party})).scalar_one())


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """When something is made, by whom."""

    caller: Caller
    now: datetime
    today: date


async def add(tx: Tx, asked: SubscriptionAsked, after: Position, stamp: Stamp) -> tuple[int, str]:
    """Keep a new subscription; return its id and number."""
    row = {
        "number_region": stamp.caller.region,
        "number_day": stamp.today,
        "party": stamp.caller.party,
        "kind": stamp.caller.kind.value,
        "region": stamp.caller.region,
        "url": asked.url,
        "topics": list(asked.topics),
        "created_at": stamp.now,
        "created_by": stamp.caller.client,
        "changed_at": stamp.now,
        "after_turn": after.turn,
        "after_seq": after.seq,
        "next_at": AT_ONCE,
    }
    made = (await tx.execute(_ADD, row)).one()
    return made.id, made.number


async def find(conn: Conn, scope: Scope, number: str) -> Subscription | None:
    """Read a subscription of the scope's party; the operator reads every one."""
    row = (await conn.execute(_ONE, {**scope.binds(), "number": number})).one_or_none()
    return None if row is None else subscription_of(row)


async def locked(tx: Tx, scope: Scope, number: str) -> Subscription | None:
    """Read one and keep it from being changed meanwhile."""
    row = (await tx.execute(_LOCKED, {**scope.binds(), "number": number})).one_or_none()
    return None if row is None else subscription_of(row)


async def page(conn: Conn, scope: Scope, asked: PageAsked) -> list[Subscription]:
    """Read a page of subscriptions, oldest first."""
    row = {**scope.binds(), "after": asked.after_id, "rows": asked.rows + 1}
    return [subscription_of(it) for it in await conn.execute(_PAGE, row)]


async def move(tx: Tx, it: Subscription, state: SubscriptionState, now: datetime) -> None:
    """Move a locked subscription to another state; an active one begins afresh."""
    await tx.execute(_MOVE, {"id": it.id, "state": state.value, "now": now})


async def send_from(tx: Tx, it: Subscription, after: Position, now: datetime) -> None:
    """Have everything after a place sent again."""
    await tx.execute(_SEND_FROM, {"id": it.id, "turn": after.turn, "seq": after.seq, "now": now})


async def send_again(tx: Tx, it: Subscription, seq: int, stamp: Stamp) -> None:
    """Have one event sent again, before anything else and without waiting."""
    row = {
        "subscription_id": it.id,
        "announcement_seq": seq,
        "asked_at": stamp.now,
        "asked_by": stamp.caller.client,
    }
    await tx.execute(_SEND_AGAIN, row)
    await tx.execute(_HURRY, {"id": it.id})


async def add_secret(tx: Tx, subscription_id: int, it: SealedSecret) -> None:
    """Keep a new secret, sealed."""
    row = {
        "subscription_id": subscription_id,
        "hint": it.shown.hint,
        "sealed": it.sealed,
        "created_at": it.shown.created_at,
    }
    await tx.execute(_ADD_SECRET, row)


async def secrets(conn: Conn, subscription_id: int) -> Sequence[SealedSecret]:
    """Read a subscription's secrets, the newest first, retired ones included."""
    found = await conn.execute(_SECRETS, {"subscription_id": subscription_id})
    return [
        SealedSecret(
            SubscriptionSecret(hint=row.hint, created_at=row.created_at, retired_at=row.retired_at),
            row.sealed,
        )
        for row in found
    ]


async def retire_secret(tx: Tx, subscription_id: int, hint: str, now: datetime) -> None:
    """Let a secret sign nothing any more."""
    await tx.execute(_RETIRE, {"of": subscription_id, "named": hint, "now": now})


def subscription_of(row: sa.Row[Any]) -> Subscription:
    """Read a row."""
    return Subscription(
        id=row.id,
        number=row.number,
        owner=Owner(kind=PartyKind(row.kind), party=row.party, region=row.region),
        url=row.url,
        topics=tuple(row.topics),
        state=SubscriptionState(row.state),
        created_at=row.created_at,
        position=Position(row.after_turn, row.after_seq),
        attempts=row.attempts,
        failing_since=row.failing_since,
        next_at=row.next_at,
    )
