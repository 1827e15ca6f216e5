"""Play the month: day by day on the test clock, many hands at once, then the clearing."""

from __future__ import annotations

import asyncio
import time
from collections import defaultdict
from collections.abc import Awaitable, Callable, Iterable
from dataclasses import dataclass, replace
from datetime import date, datetime, timedelta
from datetime import time as time_of_day
from typing import TypeVar

from app.kernel.calendar import Month
from app.kernel.money import Money
from app.kernel.regions import province_of
from app.runtime.door import Hub
from app.sandbox.clock import in_china
from app.sandbox.moved_clock import ClockAct, ClockAsked, ClockSetting, MovedClock
from app.sandbox.play.balances import clear_and_check
from app.sandbox.play.deeds import Stage, Wish
from app.sandbox.play.report import Report
from app.sandbox.play.timetable import Day, Timetable, timetable
from app.sandbox.sender import Sender

T = TypeVar("T")
MONTH = Month(2025, 12)  # the last of its quarter: the quarter can be cleared when it is over
CLEARING_DAY = 21
OPENS, FILED, ADMITTED = time_of_day(8, 30), time_of_day(9, 0), time_of_day(10, 0)
CHARGED, SETTLED = time_of_day(14, 0), time_of_day(16, 0)
Tell = Callable[[date, int], None]  # the day begun, and how many settlements there are


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """How much is to be played, by which seed, and how many hands there are."""

    settlements: int
    seed: int
    at_once: int


async def play(hub: Hub, asked: Asked, tell: Tell) -> Report:
    """Play a month on a seeded hub that holds no business, and hold it to every balance."""
    begun = time.perf_counter()
    plan = timetable(MONTH, asked.settlements, asked.seed)
    clock = _stopped(in_china(min(plan.days), OPENS) - timedelta(hours=1))
    playing = replace(hub, clock=clock)
    stage = Stage(Sender(playing, f"play-{asked.seed}"), clock)
    hands = asyncio.Semaphore(asked.at_once)
    for day, what in plan.days.items():
        tell(day, len(stage.funds))
        await _Today(stage, hands, day).play(what)
    end = MONTH.next().first.replace(day=CLEARING_DAY)
    await stage.jump(ClockAsked(act=ClockAct.JUMP, to=in_china(end, OPENS)))
    report = _report(stage, plan, asked)
    await clear_and_check(stage, playing, plan, report)
    report.elapsed_seconds = round(time.perf_counter() - begun, 1)
    return report


@dataclass(frozen=True, slots=True)
class _Today:
    """One day of the play."""

    stage: Stage
    hands: asyncio.Semaphore
    day: date

    async def play(self, what: Day) -> None:
        """Let the hours of the day come one after another."""
        stage = self.stage
        await stage.jump(ClockAsked(act=ClockAct.JUMP, to=in_china(self.day, OPENS)))
        wishes: defaultdict[str, list[Wish]] = defaultdict(list)
        for province, wish in await self._all(self._registrations(what)):
            wishes[province].append(wish)
        self._go_to(FILED)
        await self._all(stage.file(province, each) for province, each in wishes.items())
        self._go_to(ADMITTED)
        await self._all(stage.turn_away(it) for it in what.turned_away)
        await self._all(stage.admit(it) for it in what.admissions)
        self._go_to(CHARGED)
        await self._all(stage.charge(it) for it in what.settlements)
        self._go_to(SETTLED)
        await self._all(stage.settle(it) for it in what.settlements)

    def _registrations(self, what: Day) -> Iterable[Awaitable[tuple[str, Wish]]]:
        stage = self.stage
        for case, who in what.cases:
            yield _of(case.insured_province, stage.case(case, who))
        for it in what.expiring:
            yield _of(province_of(it.who.region), stage.expiring(it))

    async def _all(self, deeds: Iterable[Awaitable[T]]) -> list[T]:
        """Do everything of an hour, so many at once."""

        async def one(deed: Awaitable[T]) -> T:
            async with self.hands:
                return await deed

        async with asyncio.TaskGroup() as group:
            tasks = [group.create_task(one(deed)) for deed in deeds]
        return [task.result() for task in tasks]

    def _go_to(self, at: time_of_day) -> None:
        clock = self.stage.clock
        clock.setting = clock.asked(ClockAsked(act=ClockAct.JUMP, to=in_china(self.day, at)))


async def _of(province: str, wish: Awaitable[Wish]) -> tuple[str, Wish]:
    return province, await wish


def _stopped(at: datetime) -> MovedClock:
    """Return a clock that stands until it is made to jump."""
    clock = MovedClock(lambda: at)
    clock.setting = ClockSetting(at=at, since=at, ticks=False)
    return clock


def _report(stage: Stage, plan: Timetable, asked: Asked) -> Report:
    return Report(
        month=MONTH,
        seed=asked.seed,
        workers=sum(len(it.cases) + len(it.expiring) for it in plan.days.values()),
        filings=stage.filed,
        batches=stage.batches,
        expired=stage.expired,
        refused=len(stage.refusals),
        settlements=len(stage.funds),
        cancelled=sum(it.again for it in plan.stays),
        total=Money.total(it.total for it in plan.stays),
        fund=Money.total(stage.funds.values()),
        days=len(plan.days),
    )
