"""Subscriptions: a party makes, suspends, resumes and ends its own, and changes its secrets."""

from __future__ import annotations

import secrets
from dataclasses import dataclass
from datetime import datetime

from app.events.errors import (
    EventUnknown,
    SubscriptionSecretLast,
    SubscriptionSecretsTooMany,
    SubscriptionSecretUnknown,
    SubscriptionsTooMany,
    SubscriptionUnknown,
)
from app.events.model import (
    LIFE,
    Delivery,
    DeliveryOutcome,
    Opened,
    Redelivery,
    Subscription,
    SubscriptionAsked,
    SubscriptionEvent,
    SubscriptionSecret,
    SubscriptionState,
)
from app.events.rules import destinations, signatures
from app.events.service.feeding import require_topics
from app.events.store import deliveries, feed, subscriptions
from app.events.store.subscriptions import SealedSecret, Stamp
from app.runtime.paging import Page, PageAsked
from app.runtime.sealing import Seal
from app.runtime.settings import Mode, Settings
from app.runtime.work import Reading, Work

SUBSCRIPTIONS_MAX, SECRETS_MAX = 20, 5
SEALED_FOR = "webhook"  # the purpose of the seal


@dataclass(frozen=True, slots=True)
class Destinations:
    """Where the settings let events be sent: inner networks, and http."""

    allowed: tuple[str, ...]
    plain: bool


def destinations_of(settings: Settings) -> Destinations:
    """Read from the settings where events may be sent; http only where everything is made up."""
    return Destinations(settings.webhook_networks, plain=settings.mode is Mode.SANDBOX)


def seal_of(settings: Settings) -> Seal:
    """Return the seal of the signing secrets."""
    return Seal.of(settings, SEALED_FOR)


async def subscribe(work: Work, seal: Seal, to: Destinations, asked: SubscriptionAsked) -> Opened:
    """Begin to send a party the events that name it (事件订阅)."""
    require_topics(asked.topics)
    destinations.require_sendable(asked.url, to.allowed, plain=to.plain)
    if await subscriptions.take_turn(work.tx, work.caller.party) >= SUBSCRIPTIONS_MAX:
        raise SubscriptionsTooMany(most=SUBSCRIPTIONS_MAX)
    after = asked.after or await feed.present(work.tx)
    made, number = await subscriptions.add(work.tx, asked, after, _stamp(work))
    secret = await _add_secret(work, seal, made, number)
    work.record("subscription.make", number, topics=asked.topics)
    found, shown = await _shown(work, number)
    return Opened(subscription=found, secrets=shown, secret=secret)


async def change(work: Work, number: str, event: SubscriptionEvent) -> Opened:
    """Suspend, resume or end a subscription (暂停、恢复、终止)."""
    it = await _own(work, number)
    state = LIFE.after(it.state, event)
    await subscriptions.move(work.tx, it, state, work.now)
    work.record(f"subscription.{event}", number)
    found, shown = await _shown(work, number)
    return Opened(subscription=found, secrets=shown)


async def send_again(work: Work, number: str, asked: Redelivery) -> Opened:
    """Send one event again, or everything after a place (重新投递)."""
    it = await _own(work, number)
    if asked.event is not None:
        if await feed.event(work.tx, work.caller.scope, asked.event) is None:
            raise EventUnknown
        await subscriptions.send_again(work.tx, it, asked.event, _stamp(work))
    if asked.after is not None:
        await subscriptions.send_from(work.tx, it, asked.after, work.now)
    work.record("subscription.send_again", number, event=asked.event, after=str(asked.after))
    found, shown = await _shown(work, number)
    return Opened(subscription=found, secrets=shown)


async def add_secret(work: Work, seal: Seal, number: str) -> Opened:
    """Sign by one more secret from now on: the first step of a rotation (密钥轮换)."""
    it = await _own(work, number)
    kept = await subscriptions.secrets(work.tx, it.id)
    if sum(each.shown.retired_at is None for each in kept) >= SECRETS_MAX:
        raise SubscriptionSecretsTooMany(most=SECRETS_MAX)
    secret = await _add_secret(work, seal, it.id, number)
    work.record("subscription.add_secret", number)
    found, shown = await _shown(work, number)
    return Opened(subscription=found, secrets=shown, secret=secret)


async def retire_secret(work: Work, number: str, hint: str) -> Opened:
    """Sign by a secret no more: the last step of a rotation."""
    it = await _own(work, number)
    kept = await subscriptions.secrets(work.tx, it.id)
    live = [each.shown.hint for each in kept if each.shown.retired_at is None]
    if hint not in live:
        raise SubscriptionSecretUnknown
    if len(live) == 1:
        raise SubscriptionSecretLast
    await subscriptions.retire_secret(work.tx, it.id, hint, work.now)
    work.record("subscription.retire_secret", number, hint=hint)
    found, shown = await _shown(work, number)
    return Opened(subscription=found, secrets=shown)


async def disable(work: Work, number: str, since: datetime) -> bool:
    """Stop what has failed for too long, and tell its party; false when it moved meanwhile."""
    it = await subscriptions.locked(work.tx, work.caller.scope, number)
    assert it is not None, "subscriptions are never deleted"
    stands = it.state is SubscriptionState.ACTIVE and it.failing_since == since
    work.record("subscription.disable", number, failing_since=since, done=stands)
    if stands:
        state = LIFE.after(it.state, SubscriptionEvent.DISABLE)
        await subscriptions.move(work.tx, it, state, work.now)
        body = {"subscription": number}
        work.announce("subscription.disabled", number, (it.owner.party,), body)
    return stands


async def page(reading: Reading, asked: PageAsked) -> Page[Subscription]:
    """List the caller's subscriptions; the operator sees every one."""
    found = await subscriptions.page(reading.rx, reading.caller.scope, asked)
    return Page.of(found, asked, lambda it: it.id)


async def find(reading: Reading, number: str) -> Opened:
    """Read one subscription."""
    found = await subscriptions.find(reading.rx, reading.caller.scope, number)
    if found is None:
        raise SubscriptionUnknown
    kept = await subscriptions.secrets(reading.rx, found.id)
    return Opened(subscription=found, secrets=tuple(each.shown for each in kept))


async def log(
    reading: Reading, number: str, outcome: DeliveryOutcome | None, asked: PageAsked
) -> Page[Delivery]:
    """List the attempts of a subscription, the newest first (投递记录)."""
    found = await subscriptions.find(reading.rx, reading.caller.scope, number)
    if found is None:
        raise SubscriptionUnknown
    rows = await deliveries.log(reading.rx, found.id, outcome, asked)
    return Page.of(rows, asked, lambda it: it.id)


async def _own(work: Work, number: str) -> Subscription:
    """Lock a subscription of the caller's own party; the operator, too, changes only its own."""
    found = await subscriptions.locked(work.tx, work.caller.scope, number)
    if found is None or found.owner.party != work.caller.party:
        raise SubscriptionUnknown
    return found


async def _shown(work: Work, number: str) -> tuple[Subscription, tuple[SubscriptionSecret, ...]]:
    found = await subscriptions.find(work.tx, work.caller.scope, number)
    assert found is not None, "it was made or locked in this transaction"
    kept = await subscriptions.secrets(work.tx, found.id)
    return found, tuple(each.shown for each in kept)


async def _add_secret(work: Work, seal: Seal, subscription_id: int, number: str) -> str:
    """Make a secret and keep it sealed; return it, for the one answer that shows it."""
    key = secrets.token_bytes(signatures.SECRET_BYTES)
    shown = SubscriptionSecret(hint=signatures.hint_of(key), created_at=work.now)
    await subscriptions.add_secret(
        work.tx, subscription_id, SealedSecret(shown, seal.close(key, number))
    )
    return signatures.secret_of(key)


def _stamp(work: Work) -> Stamp:
    return Stamp(caller=work.caller, now=work.now, today=work.today)
