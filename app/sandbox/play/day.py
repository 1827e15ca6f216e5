"""One day of a play: its hours come one after another, and in each many hands are at work."""

from __future__ import annotations

import asyncio
from collections import defaultdict
from collections.abc import Awaitable, Iterable
from dataclasses import dataclass
from datetime import date, datetime
from datetime import time as time_of_day
from typing import TypeVar

from app.kernel.regions import province_of
from app.sandbox.clock import in_china
from app.sandbox.moved_clock import ClockAct, ClockAsked, ClockSetting, MovedClock
from app.sandbox.play.deeds import Stage, Wish
from app.sandbox.play.timetable import Day

T = TypeVar("T")
OPENS, FILED, ADMITTED = time_of_day(8, 30), time_of_day(9, 0), time_of_day(10, 0)
CHARGED, SETTLED = time_of_day(14, 0), time_of_day(16, 0)


@dataclass(frozen=True, slots=True)
class Today:
    """One day of the play."""

    stage: Stage
    hands: asyncio.Semaphore
    day: date

    async def until_charged(self, what: Day) -> None:
        """Register, file, admit and charge."""
        stage = self.stage
        wishes: defaultdict[str, list[Wish]] = defaultdict(list)
        for province, wish in await self._all(self._registrations(what)):
            wishes[province].append(wish)
        self.go_to(FILED)
        await self._all(stage.file(province, each) for province, each in wishes.items())
        self.go_to(ADMITTED)
        await self._all(stage.turn_away(it) for it in what.turned_away)
        await self._all(stage.admit(it) for it in what.admissions)
        self.go_to(CHARGED)
        await self._all(stage.charge(it) for it in what.settlements)
        self.go_to(SETTLED)

    async def settle(self, what: Day) -> None:
        """Settle what was charged."""
        await self._all(self.stage.settle(it) for it in what.settlements)

    def go_to(self, at: time_of_day) -> None:
        """Set the clock to an hour of the day."""
        clock = self.stage.clock
        clock.setting = clock.asked(ClockAsked(act=ClockAct.JUMP, to=in_china(self.day, at)))

    def _registrations(self, what: Day) -> Iterable[Awaitable[tuple[str, Wish]]]:
        stage = self.stage
        for case, who in what.cases:
            yield _of(case.insured_province, stage.case(case, who))
        for it in what.expiring:
            yield _of(province_of(it.who.region), stage.expiring(it))
        for each in what.residents:
            yield _of(each.insured_province, stage.resident(each))

    async def _all(self, deeds: Iterable[Awaitable[T]]) -> list[T]:
        """Do everything of an hour, so many at once."""

        async def one(deed: Awaitable[T]) -> T:
            async with self.hands:
                return await deed

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(deed)) for deed in deeds]
        return [task.result() for task in tasks]


def stopped(at: datetime) -> MovedClock:
    """Return a clock that stands until it is made to jump."""
    clock = MovedClock(lambda: at)
    clock.setting = ClockSetting(at=at, since=at, ticks=False)
    return clock


async def _of(province: str, wish: Awaitable[Wish]) -> tuple[str, Wish]:
    return province, await wish
