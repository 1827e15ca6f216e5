"""What a clock sets going, as routes are what a request sets going: the tick.

Due acts go through the one door as messages of the hub's own, each named after its first act and
the day, so they are done once whoever runs them: the service of any replica, cron, or both. A
replica that finds another at work leaves it to that one. What fails is left for the next tick and
stops nothing else but its own later days.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace

import structlog
from fastapi import Request
from prometheus_client import CollectorRegistry, Counter, Gauge
from pydantic import BaseModel

from app.deadlines.model import Act, DoneAct, DueAct, Tick
from app.deadlines.rules import acts as rules
from app.deadlines.service import acts
from app.deadlines.service.acts import UseCase
from app.kernel.calendar import business_day
from app.kernel.refusal import Refusal
from app.runtime.auth import Caller, PartyKind
from app.runtime.door import Door, Hub, MessageRunning, lend
from app.runtime.health import Check
from app.runtime.telemetry import traces_of
from app.runtime.work import Work

__all__ = ["TickMetrics", "Ticker", "UseCase", "check", "ticker_of"]

PARTY = "hub"  # whose messages these are: nobody else can send any under this name
log = structlog.get_logger("hub")


class ActDone(BaseModel):
    """One act that was done, and how much it met with."""

    act: Act
    found: int


class Found(BaseModel):
    """The answer kept of due acts: how much the first met with, and what was done with it."""

    found: int
    also: tuple[ActDone, ...] = ()

    @classmethod
    def of(cls, done: Sequence[DoneAct]) -> Found:
        """Show what was done."""
        also = tuple(ActDone(act=it.due.act, found=it.found) for it in done[1:])
        return cls(found=done[0].found, also=also)


class TickMetrics:
    """What a service's ticks come to, for whoever watches it."""

    def __init__(
        self, registry: CollectorRegistry, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._clock = clock
        self._succeeded_at = clock()
        self._acts = Counter(
            "hub_due_acts", "Due acts tried", ["act", "outcome"], registry=registry
        )
        for act in Act:
            for outcome in ("done", "failed"):
                self._acts.labels(act.value, outcome)
        age = Gauge(
            "hub_tick_age_seconds",
            "Time since a tick in which nothing failed, or since the start",
            registry=registry,
        )
        age.set_function(lambda: self._clock() - self._succeeded_at)

    def note(self, tick: Tick) -> None:
        """Count what a tick came to."""
        for each in tick.done:
            self._acts.labels(each.due.act.value, "done").inc()
        for due in tick.failed:
            self._acts.labels(due.act.value, "failed").inc()
        if not tick.failed:
            self._succeeded_at = self._clock()


@dataclass(slots=True)
class Ticker:
    """Does what is due, when it is told to or every so many seconds; one tick at a time."""

    hub: Hub
    client: str
    metrics: TickMetrics | None = None
    others: Mapping[Act, UseCase] = field(default_factory=dict)  # from further down the road
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def tick(self) -> Tick:
        """Do everything that is due by now, missed days first, each day's acts in their order."""
        async with self.turn:
            found = await self._tick()
        if self.metrics is not None:
            self.metrics.note(found)
        return found

    async def keep_ticking(self, seconds: float) -> None:
        """Tick for ever; what goes wrong is told, and is tried again by the next tick."""
        while True:
            try:
                await self.tick()
            except Exception as error:  # noqa: BLE001 -- no tick may be the last one
                log.error("tick", **traces_of(error))  # noqa: TRY400 -- never the message
            await asyncio.sleep(seconds)

    async def _tick(self) -> Tick:
        now = self.hub.clock()
        async with lend(self.hub) as rx:
            finished = await acts.finished(rx)
        done: list[DoneAct] = []
        failed: list[DueAct] = []
        doing = {**acts.DOING, **self.others}
        due_now = rules.due_acts(finished, business_day(now))
        waiting = tuple(it for it in due_now if it.act in doing)
        while waiting:
            due = rules.next_of(waiting)
            try:
                over, made = await self._do(due)
            except MessageRunning:
                return Tick(at=now, done=tuple(done), failed=tuple(failed), elsewhere=True)
            except Exception as error:  # noqa: BLE001 -- one act that fails stops no other
                _tell(due[0], error)
                failed.append(due[0])
                # Its days are done in order or not at all.
                waiting = tuple(it for it in waiting if it.act is not due[0].act)
            else:
                done += made
                waiting = tuple(it for it in waiting if it not in over)
        return Tick(at=now, done=tuple(done), failed=tuple(failed))

    async def _do(self, due: Sequence[DueAct]) -> tuple[frozenset[DueAct], Sequence[DoneAct]]:
        """Do the first of some acts, and what can be done with it; say what is over, and by whom.

        What fails only in the commit may be any of them: the first is then done alone.
        """
        reached: list[DoneAct] = []
        try:
            return await self._send(due, reached)
        except Refusal:
            raise
        except Exception:
            if len(reached) <= 1:
                raise
        return await self._send(due[:1], reached)

    async def _send(
        self, due: Sequence[DueAct], done: list[DoneAct]
    ) -> tuple[frozenset[DueAct], Sequence[DoneAct]]:
        """Do acts that were not done before, under the name of the first."""
        first = due[0]
        key = f"tick-{first.act}-{first.day}"
        door = Door(
            hub=replace(self.hub, running_wait_seconds=0),
            caller=Caller(
                kind=PartyKind.OPERATOR, party=PARTY, region="000000", client=self.client
            ),
            key=key,
            fingerprint=hashlib.sha256(key.encode()).digest(),
            action=f"tick {first.act}",
            request=f"tick-{secrets.token_hex(8)}",
        )

        async def act(work: Work) -> Sequence[DoneAct]:
            await acts.do_together(work, due, done, {**acts.DOING, **self.others})
            return done

        answer = await door.write(act, show=Found.of)
        if not answer.replayed:
            return frozenset(it.due for it in done), done
        kept = Found.model_validate_json(bytes(answer.body))
        return frozenset({first, *(DueAct(first.day, it.act) for it in kept.also)}), ()


def ticker_of(request: Request) -> Ticker:
    """Return the ticker of the service a request came to."""
    ticker: Ticker = request.app.state.ticker
    return ticker


async def check(hub: Hub) -> Check:
    """Tell how far the due acts are done. It never fails a hub: what is late is made up."""
    try:
        async with lend(hub) as rx:
            finished = await acts.finished(rx)
    except Refusal:
        return Check(name="tick", passed=True, found="unknown")
    through = rules.finished_through(finished, Act)
    if through is None:
        return Check(name="tick", passed=True, found="not yet")
    newest = max(finished.values())
    late = sorted(act.value for act, day in finished.items() if day < newest)
    behind = f", behind: {', '.join(late)}" if late else ""
    return Check(name="tick", passed=True, found=f"through {through}{behind}")


def _tell(due: DueAct, error: Exception) -> None:
    """Say which act failed and where, never what the error said."""
    said = {"refusal": error.code} if isinstance(error, Refusal) else traces_of(error)
    log.error("due act", act=due.act.value, day=str(due.day), **said)
