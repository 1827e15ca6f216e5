"""Delivering for one subscription: event after event, each noted, until one fails or all are sent.

Nothing is held in the database while a receiver is waited for but a lease, which runs out. What was
sent and not noted, since the hub died in between, is sent again under the same id.
"""

from __future__ import annotations

import secrets
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from cryptography.exceptions import InvalidTag

from app.events.model import (
    Attempt,
    DeliveryFault,
    DeliveryOutcome,
    Event,
    EventsAsked,
    Next,
    Stretch,
    Subscription,
)
from app.events.rules import pacing, signatures
from app.events.rules.pacing import Patience
from app.events.store import deliveries, feed, subscriptions
from app.events.store.deliveries import Lease, Noted
from app.runtime.auth import Caller, PartyKind
from app.runtime.door import Hub, reading
from app.runtime.sealing import Seal

EVENTS_A_TURN = 20
LEASE_SPARE = timedelta(seconds=30)  # beyond the time one receiver may take
REQUEST = "deliver"
Post = Callable[[str, bytes, Mapping[str, str]], Awaitable[Attempt]]
Write = Callable[[Event], bytes]


@dataclass(frozen=True, slots=True, kw_only=True)
class Courier:
    """What delivering needs: the hub, the wall's clock, a way out, and how patient it is."""

    hub: Hub
    seal: Seal
    post: Post
    write: Write
    clock: Callable[[], datetime]
    patience: Patience
    seconds: float  # how long one attempt may take
    name: str = ""  # whose the leases are

    def lease(self) -> Lease:
        """Return a lease from now on."""
        until = self.clock() + timedelta(seconds=self.seconds) + LEASE_SPARE
        return Lease(self.name, until)


@dataclass(frozen=True, slots=True)
class Turn:
    """What came of one subscription's turn."""

    outcomes: Sequence[DeliveryOutcome]
    subscription: Subscription  # as it stands now


@dataclass(frozen=True, slots=True)
class _Load:
    """What there is to deliver, and by which keys it is signed."""

    sendings: Sequence[Next]
    stretch: Stretch
    keys: Sequence[bytes]


async def take(courier: Courier, rows: int) -> list[Subscription]:
    """Take subscriptions whose turn it is."""
    async with reading(courier.hub, _operator(), REQUEST) as it:
        return await deliveries.take(it.rx, courier.lease(), courier.clock(), rows)


async def serve(courier: Courier, it: Subscription) -> Turn:
    """Deliver what is next, in order; an event that fails keeps those behind it waiting."""
    load = await _load(courier, it)
    done: list[DeliveryOutcome] = []
    for each in load.sendings:
        made = await _send(courier, it, each, load.keys)
        outcome = pacing.outcome(it, made, courier.patience)
        now = courier.clock()
        standing = pacing.after(it, each, outcome, now, secrets.randbelow(1_001) / 1_000)
        noted = Noted(
            sent=each,
            attempt=it.attempts + 1,
            made=made,
            outcome=outcome,
            standing=standing,
            at=now,
        )
        async with reading(courier.hub, _operator(), REQUEST) as at:
            goes_on = await deliveries.note(at.rx, it, courier.lease(), noted)
        done.append(outcome)
        it = pacing.moved(it, standing)
        if not goes_on or outcome is DeliveryOutcome.FAILED:
            break
    else:
        await _pass_over(courier, it, load)
    async with reading(courier.hub, _operator(), REQUEST) as at:
        await deliveries.let_go(at.rx, it, courier.lease())
    return Turn(done, it)


async def _load(courier: Courier, it: Subscription) -> _Load:
    """Read, as the party itself would, what was asked for again and what is next."""
    async with reading(courier.hub, _caller_of(it), REQUEST) as at:
        kept = await subscriptions.secrets(at.rx, it.id)
        again = await feed.asked_for_again(at.rx, it.id, EVENTS_A_TURN)
        scope = at.caller.scope
        asked = EventsAsked(after=it.position, topics=it.topics, rows=EVENTS_A_TURN)
        stretch = await feed.stretch(at.rx, scope, asked)
    live = [each.sealed for each in kept if each.shown.retired_at is None]
    sendings = [Next(event=event, redelivery=wish) for event, wish in again]
    sendings += [Next(event=event, redelivery=None) for event in stretch.events]
    return _Load(sendings, stretch, _opened(courier.seal, live, it.number))


def _opened(seal: Seal, sealed: Sequence[bytes], number: str) -> Sequence[bytes]:
    """Open the secrets; one sealed by a key the hub no longer has signs nothing."""
    found: list[bytes] = []
    for each in sealed:
        try:
            found.append(seal.open(each, number))
        except InvalidTag:
            continue
    return found


async def _send(
    courier: Courier, it: Subscription, sending: Next, keys: Sequence[bytes]
) -> Attempt:
    """Send once, signed; what no key is left to sign is not sent."""
    if not keys:
        return Attempt(status=None, fault=DeliveryFault.UNSIGNABLE)
    body = courier.write(sending.event)
    timestamp = int(courier.clock().timestamp())
    headers = {
        "webhook-id": sending.event.id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": signatures.signature(keys, sending.event.id, timestamp, body),
    }
    return await courier.post(it.url, body, headers)


async def _pass_over(courier: Courier, it: Subscription, load: _Load) -> None:
    """Go on behind what was not for this subscription."""
    async with reading(courier.hub, _operator(), REQUEST) as at:
        await deliveries.pass_over(at.rx, it, courier.lease(), load.stretch.until)


def _operator() -> Caller:
    return Caller(kind=PartyKind.OPERATOR, party="operator", region="000000", client="hub:deliver")


def _caller_of(it: Subscription) -> Caller:
    owner = it.owner
    return Caller(kind=owner.kind, party=owner.party, region=owner.region, client="hub:deliver")
