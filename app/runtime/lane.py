"""The lane: messages of one kind that wait together and are carried through in one call.

Whoever comes while others are being carried waits for the next call, so calls grow with the load
and a lone message waits for nobody. Another call begins beside one under way where enough wait to
be worth it, or where that one is held up. The lane takes what is plain and nothing else: what it
does not answer goes to the door, which is always right. It owns no task while it is idle.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Generic, TypeAlias, TypeVar, cast

import asyncpg
import structlog
from prometheus_client import CollectorRegistry, Counter

from app.runtime.db import Rx
from app.runtime.door import Hub
from app.runtime.telemetry import traces_of

Wire: TypeAlias = "asyncpg.Connection[asyncpg.Record]"  # the driver's own end of a connection

Asked = TypeVar("Asked")
Answered = TypeVar("Answered")
Carry = Callable[[Sequence[Asked]], Awaitable[Sequence[Answered | None]]]
HELD_UP_SECONDS = 0.02  # a call takes less; behind one that is held up nobody waits any longer
log = structlog.get_logger()


class LaneMetrics:
    """How many messages a lane carried, and how many it left to the door."""

    def __init__(self, registry: CollectorRegistry, name: str = "hub_lane") -> None:
        self.registry = registry
        counted = Counter(name, "Messages that took the lane", ["outcome"], registry=registry)
        self.carried, self.left = counted.labels("carried"), counted.labels("left")

    def note(self, answers: Sequence[object | None]) -> None:
        """Count the outcome of one call."""
        left = answers.count(None)
        self.left.inc(left)
        self.carried.inc(len(answers) - left)


@dataclass(slots=True)
class Lane(Generic[Asked, Answered]):
    """Carries what waits, so many at a time, in so many calls at once."""

    carry: Carry[Asked, Answered]
    calls_max: int
    each_max: int
    seconds_max: float  # of one call; it works for many, so none of them can end it
    metrics: LaneMetrics
    waiting: deque[tuple[Asked, asyncio.Future[Answered | None]]] = field(default_factory=deque)
    under_way: set[asyncio.Task[None]] = field(default_factory=set)
    turns: int = 0  # of the loop, before calls begin: whose request is being read gets in
    beside_min: int = 1  # so many wait before a call begins beside another: beginning one costs
    looking: asyncio.TimerHandle | None = None  # who waits behind a call that is held up

    async def take(self, asked: Asked) -> Answered | None:
        """Carry one message through; None leaves it to the door."""
        told: asyncio.Future[Answered | None] = asyncio.get_running_loop().create_future()
        self.waiting.append((asked, told))
        if not self.under_way or len(self.waiting) >= self.beside_min:
            self._begin()
        elif self.looking is None:
            self.looking = told.get_loop().call_later(HELD_UP_SECONDS, self._look)
        return await told

    def _begin(self) -> None:
        """Begin a call, unless as many as may be are under way."""
        if len(self.under_way) < self.calls_max:
            task = asyncio.create_task(self._empty())
            self.under_way.add(task)
            task.add_done_callback(self.under_way.discard)

    def _look(self) -> None:
        """Begin a call for who still waits."""
        self.looking = None
        if self.waiting:
            self._begin()

    async def _empty(self) -> None:
        """Carry until nobody waits."""
        for _ in range(self.turns):
            await asyncio.sleep(0)
        while self.waiting:
            some = min(self.each_max, len(self.waiting))
            due = (self.waiting.popleft() for _ in range(some))
            taken = [it for it in due if not it[1].done()]  # some were told to come again
            if self.looking is not None and not self.waiting:
                self.looking.cancel()
                self.looking = None
            if not taken:
                continue
            answers: Sequence[Answered | None] = [None] * len(taken)
            try:
                async with asyncio.timeout(self.seconds_max):
                    answers = await self.carry([asked for asked, _ in taken])
            except Exception as error:  # noqa: BLE001 -- whatever it was, the door does better
                log.warning("lane", **traces_of(error))
            finally:
                self.metrics.note(answers)
                for (_, told), answer in zip(taken, answers, strict=True):
                    if not told.done():  # its sender may have gone
                        told.set_result(answer)
        # Before anybody else has a turn of the loop: who comes next must not believe in this one.
        self.under_way.difference_update({asyncio.current_task()})


@asynccontextmanager
async def wired(hub: Hub) -> AsyncIterator[tuple[Rx, Wire]]:
    """Lend an autocommitting connection of the pool, and the driver's end of it.

    After a fault the connection is given up: only the driver knows in which state it is.
    """
    connection = await hub.reading_engine.connect()
    try:
        sync = connection.sync_connection
        assert sync is not None, "it was just lent"
        yield Rx(connection), cast("Wire", sync.connection.driver_connection)
    except BaseException:
        await connection.invalidate()
        raise
    finally:
        await connection.close()  # nothing is begun, so that it is back without waiting
