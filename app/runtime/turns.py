"""Who is worked on and who waits: a bounded queue that notices when it no longer drains."""

from __future__ import annotations

import asyncio
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from app.runtime.settings import Settings


class NoTurnError(Exception):
    """No turn is to be had in time; `reason` says why."""

    def __init__(self, reason: str) -> None:
        super().__init__(reason)
        self.reason = reason


@dataclass(slots=True, eq=False)
class _Waiting:
    """One who waits."""

    since: float
    turn: asyncio.Future[None]

    @property
    def has_turn(self) -> bool:
        """Whether the turn has come."""
        return self.turn.done() and not self.turn.cancelled() and self.turn.exception() is None


@dataclass(slots=True, kw_only=True)
class Turns:
    """So many at a time; the others wait in order, as long as waiting makes sense.

    Where the oldest has waited longer than `target` for all of `interval`, the queue stands: more
    comes than can be done, and in order of arrival everybody would be served too late. From then on
    the newest goes first, who has waited longer than `target` is sent away, and no more may wait
    than are worked on: who stood behind them would be taken in only to be sent away late. As soon
    as the queue is empty once, order of arrival and full patience are back.
    """

    working_max: int
    waiting_max: int
    patience: float
    target: float
    interval: float
    clock: Callable[[], float] = time.monotonic
    working: int = 0
    stands: bool = False
    _queue: deque[_Waiting] = field(default_factory=deque)
    _behind_since: float | None = None  # from when on the oldest has waited longer than the target

    @classmethod
    def of(cls, settings: Settings) -> Turns:
        """Build them as the settings say."""
        return cls(
            working_max=settings.working_max,
            waiting_max=settings.waiting_max,
            patience=settings.turn_wait_seconds,
            target=settings.turn_target_ms / 1_000,
            interval=settings.turn_interval_ms / 1_000,
        )

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._queue)

    @property
    def is_free(self) -> bool:
        """Whether a turn is to be had at once."""
        return self.working < self.working_max

    @property
    def is_full(self) -> bool:
        """Whether not even waiting is possible."""
        self._look()
        return not self.is_free and len(self._queue) >= self._room

    @property
    def _room(self) -> int:
        """How many may wait; where the newest goes first, only as many as can follow at once."""
        return min(self.waiting_max, self.working_max) if self.stands else self.waiting_max

    async def take(self) -> None:
        """Take a turn, waiting for it if need be; every turn taken is given back."""
        if self.is_free:
            self.working += 1
            return
        if self.is_full:
            raise NoTurnError("full")
        loop = asyncio.get_running_loop()
        mine = _Waiting(self.clock(), loop.create_future())
        self._queue.append(mine)
        impatience = loop.call_later(self.patience, self._refuse, mine)
        try:
            await mine.turn
        except asyncio.CancelledError:
            if mine in self._queue:
                self._queue.remove(mine)
            elif mine.has_turn:
                self.give_back()  # it came in the same moment
            raise
        finally:
            impatience.cancel()

    def give_back(self) -> None:
        """Hand the turn to the next, if anybody waits."""
        self.working -= 1
        self._look()
        while self._queue and self.is_free:
            following = self._queue.pop() if self.stands else self._queue.popleft()
            if not following.turn.done():  # or its sender has just gone
                self.working += 1
                following.turn.set_result(None)

    def _look(self) -> None:
        """See whether the queue stands; while it does, refuse who has waited beyond the target."""
        now = self.clock()
        if not self._queue:
            self.stands, self._behind_since = False, None
            return
        behind_since = self._queue[0].since + self.target
        if now <= behind_since:
            self._behind_since = None
        elif self._behind_since is None:
            self._behind_since = behind_since
        elif now - self._behind_since >= self.interval:
            self.stands = True
        while self.stands and self._queue and self._queue[0].since < now - self.target:
            self._refuse(self._queue[0])

    def _refuse(self, waiting: _Waiting) -> None:
        if waiting in self._queue:
            self._queue.remove(waiting)
            if not waiting.turn.done():
                waiting.turn.set_exception(NoTurnError("late"))
