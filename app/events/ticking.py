"""What a clock sets going: deliveries to whoever subscribes, a few at a time, by any replica."""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from functools import partial

import structlog
from prometheus_client import CollectorRegistry, Counter
from pydantic import BaseModel

from app.deadlines.model import Act
from app.deadlines.ticking import UseCase
from app.events.model import Attempt, DeliveryOutcome, Subscription
from app.events.rules import pacing
from app.events.rules.pacing import Patience
from app.events.schemas import body_of
from app.events.service import delivering, pruning, sending, subscribing
from app.events.service.delivering import Courier
from app.events.service.sending import Outlet
from app.runtime.auth import Caller, PartyKind
from app.runtime.door import Door, Hub
from app.runtime.settings import Settings
from app.runtime.telemetry import traces_of

PARTY = "hub"  # whose messages these are: nobody else can send any under this name
AT_ONCE = 8  # subscriptions served side by side
log = structlog.get_logger("hub")


class Stopped(BaseModel):
    """What is kept of a subscription that was looked at: whether it was disabled."""

    stopped: bool

    @classmethod
    def of(cls, it: bool) -> Stopped:  # noqa: FBT001 -- the one thing there is to say
        """Say it."""
        return cls(stopped=it)


class DeliveryMetrics:
    """What deliveries come to, for whoever watches the service."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._made = Counter(
            "hub_deliveries", "Attempts to deliver events", ["outcome"], registry=registry
        )
        for outcome in DeliveryOutcome:
            self._made.labels(outcome.value)

    def note(self, outcome: DeliveryOutcome) -> None:
        """Count an attempt."""
        self._made.labels(outcome.value).inc()


@dataclass(slots=True)
class Deliverer:
    """Delivers what is to be delivered, when it is told to or every few seconds."""

    courier: Courier
    metrics: DeliveryMetrics | None = None

    @classmethod
    def of(
        cls,
        hub: Hub,
        settings: Settings,
        clock: Callable[[], datetime],
        metrics: DeliveryMetrics | None = None,
    ) -> Deliverer:
        """Build one. Receivers hold the signature's time against their own clock: the wall's."""
        to = subscribing.destinations_of(settings)
        outlet = Outlet(to.allowed, plain=to.plain, seconds=settings.webhook_seconds)
        patience = Patience(
            attempts_max=settings.webhook_attempts_max,
            disable_after=timedelta(hours=settings.webhook_disable_hours),
        )
        courier = Courier(
            hub=hub,
            seal=subscribing.seal_of(settings),
            post=partial(_post, outlet),
            write=body_of,
            clock=clock,
            patience=patience,
            seconds=settings.webhook_seconds,
        )
        return cls(courier, metrics)

    async def deliver(self) -> Mapping[DeliveryOutcome, int]:
        """Deliver until nothing is left whose time has come; tell how much came to what."""
        counted = dict.fromkeys(DeliveryOutcome, 0)
        # Under a new name each time: an old lease of one's own is nobody's.
        courier = replace(self.courier, name=secrets.token_hex(8))
        while taken := await delivering.take(courier, AT_ONCE):
            for found in await asyncio.gather(*(self._serve(courier, it) for it in taken)):
                for outcome in found:
                    counted[outcome] += 1
        return counted

    async def keep_delivering(self, seconds: float) -> None:
        """Deliver for ever; what goes wrong is told, and is tried again the next time."""
        while True:
            try:
                await self.deliver()
            except Exception as error:  # noqa: BLE001 -- no pass may be the last one
                log.error("deliver", **traces_of(error))  # noqa: TRY400 -- never the message
            await asyncio.sleep(seconds)

    async def _serve(self, courier: Courier, it: Subscription) -> list[DeliveryOutcome]:
        """Serve one subscription; what goes wrong with it is its own, until its lease runs out."""
        try:
            turn = await delivering.serve(courier, it)
            now, patience = courier.clock(), courier.patience
            if turn.outcomes and pacing.has_failed_too_long(turn.subscription, now, patience):
                await self._disable(turn.subscription)
        except Exception as error:  # noqa: BLE001 -- one that fails stops no other
            log.error("delivery", subscription=it.number, **traces_of(error))  # noqa: TRY400 -- never the message
            return []
        if self.metrics is not None:
            for outcome in turn.outcomes:
                self.metrics.note(outcome)
        return list(turn.outcomes)

    async def _disable(self, it: Subscription) -> None:
        since = it.failing_since
        assert since is not None, "it was found failing"
        key = f"disable-{it.number}-{int(since.timestamp())}"
        door = Door(
            hub=self.courier.hub,
            caller=Caller(
                kind=PartyKind.OPERATOR, party=PARTY, region="000000", client="hub:deliver"
            ),
            key=key,
            fingerprint=hashlib.sha256(key.encode()).digest(),
            action="deliver disable",
            request=f"deliver-{secrets.token_hex(8)}",
        )
        await door.write(lambda work: subscribing.disable(work, it.number, since), show=Stopped.of)


def due_acts(settings: Settings) -> Mapping[Act, UseCase]:
    """Return what of the events falls due once a day, for the tick that does it."""
    keeping = pruning.Keeping(settings.delivery_log_days, settings.dead_letter_days)
    return {Act.PRUNE_DELIVERIES: partial(pruning.prune, keeping=keeping)}


async def _post(outlet: Outlet, url: str, body: bytes, headers: Mapping[str, str]) -> Attempt:
    return await sending.send(outlet, url, body, headers)
