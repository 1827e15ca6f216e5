"""Play the month: day by day on the test clock, many hands at once, then review and clearing."""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import dataclass, replace
from datetime import date, timedelta

from app.deadlines.model import Act
from app.kernel.calendar import Month
from app.kernel.money import Money
from app.runtime.door import Hub
from app.sandbox.clock import in_china
from app.sandbox.play.advances import Advances
from app.sandbox.play.balances import clear_and_check
from app.sandbox.play.day import OPENS, Today, stopped
from app.sandbox.play.deeds import Stage
from app.sandbox.play.due import DueActs
from app.sandbox.play.expected import Pair
from app.sandbox.play.report import Report
from app.sandbox.play.timetable import Timetable, timetable
from app.sandbox.sender import Sender

MONTH = Month(2025, 12)  # the last of its quarter: the quarter can be cleared when it is over
# A part of what the busiest pair is going to be charged: its lines are crossed, an increase of as
# much again arms them anew, and they are crossed once more.
QUOTA_PERCENT = 42
ENOUGH = 300  # settlements, for one to be a small part of what its pair owes
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
    clock = stopped(in_china(min(plan.days), OPENS) - timedelta(hours=1))
    playing = replace(hub, clock=clock)
    stage = Stage(Sender(playing, f"play-{asked.seed}"), clock)
    watching = _Watching(Advances(stage), _busiest(plan))
    due, hands = DueActs.on(stage), asyncio.Semaphore(asked.at_once)
    for day, what in plan.days.items():
        tell(day, len(stage.funds))
        today = Today(stage, hands, day)
        await due.begin(day)
        await today.until_charged(what)
        if day >= MONTH.first:
            await watching.begin(plan)
        await today.settle(what)
        await watching.look()
    report = _report(stage, plan, asked)
    report.expired = due.found[Act.EXPIRE_FILINGS]
    await clear_and_check(due, plan, report, watching.pair[1])
    await watching.end(report)
    if asked.settlements >= ENOUGH:
        missing = [name for name, count in _warned(report).items() if not count]
        report.expect("warnings that were not played", missing, [])
    report.messages, report.due_acts = stage.messages, due.done
    report.elapsed_seconds = round(time.perf_counter() - begun, 1)
    return report


@dataclass(slots=True)
class _Watching:
    """The advance of the busiest pair, from its quota to the last warning."""

    advances: Advances
    pair: Pair
    quota: Money | None = None
    rearmed: int = 0

    async def begin(self, plan: Timetable) -> None:
        """On the first day of the month: the year's quotas, and one made to fit the plan."""
        if self.quota is not None:
            return
        charged = Money.total(it.total for it in plan.stays if it.pair == self.pair)
        self.quota = Money(charged.fen * QUOTA_PERCENT // 100)
        self.advances.stage.books.watch(self.pair)
        await self.advances.issue_quotas(MONTH.next().year)
        await self.advances.confirm_all()
        await self.advances.change_quota(self.pair, self.quota)
        await self.advances.confirm_all()

    async def look(self) -> None:
        """Once it is red: have it acknowledged, asked for, granted by two persons, and paid."""
        seen = self.advances.stage.books.watched.get(self.pair)
        if seen is None or seen.level != "red" or self.advances.increased:
            return
        assert self.quota is not None, "watched from then on"
        await self.advances.acknowledge_all()
        await self.advances.increase(self.pair, self.quota)
        await self.advances.confirm_all()
        self.rearmed += seen.level == "normal"

    async def end(self, report: Report) -> None:
        """Have the last warnings acknowledged, and hold them all to what had to be told."""
        await self.advances.acknowledge_all()
        report.yellow, report.red = await self.advances.check_warnings(report)
        report.acknowledged, report.increases = self.advances.acknowledged, self.advances.increased
        report.rearmed, report.advances = (
            self.rearmed,
            self.advances.stage.books.held(self.pair),
        )


def _warned(report: Report) -> dict[str, int]:
    return {
        "yellow": report.yellow,
        "red": report.red,
        "acknowledged": report.acknowledged,
        "increases": report.increases,
        "rearmed": report.rearmed,
    }


def _busiest(plan: Timetable) -> Pair:
    """Choose the pair with the most settlements."""
    counted = Counter(it.pair for it in plan.stays)
    return max(counted, key=lambda pair: (counted[pair], pair))


def _report(stage: Stage, plan: Timetable, asked: Asked) -> Report:
    return Report(
        month=MONTH,
        seed=asked.seed,
        workers=sum(len(it.cases) + len(it.expiring) for it in plan.days.values()),
        filings=stage.filed,
        batches=stage.batches,
        refused=len(stage.refusals),
        settlements=len(stage.funds),
        cancelled=sum(it.again or it.reversed for it in plan.stays),
        total=Money.total(it.total for it in plan.stays),
        fund=Money.total(stage.funds.values()),
        days=len(plan.days),
    )
