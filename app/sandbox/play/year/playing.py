"""Play the year: every day its business and its due acts, then the proof of it all."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass, field, replace
from datetime import date, timedelta

from app.runtime.door import Hub
from app.sandbox.clock import in_china
from app.sandbox.play.advances import Advances
from app.sandbox.play.day import OPENS, Today, stopped
from app.sandbox.play.deeds import Stage
from app.sandbox.play.due import DueActs
from app.sandbox.play.reviewing import Reviewing
from app.sandbox.play.timetable import Timetable, year_table
from app.sandbox.play.year.agenda import Agenda
from app.sandbox.play.year.bank import Bank
from app.sandbox.play.year.clearings import Clearings
from app.sandbox.play.year.comparing import Comparing
from app.sandbox.play.year.crashes import Crashes
from app.sandbox.play.year.ending import end
from app.sandbox.play.year.report import YearReport
from app.sandbox.play.year.steps import Steps
from app.sandbox.sender import Sender

YEAR = 2026
# Busy provinces first; Beijing and Shandong are always among them, and Liaoning has rules of its
# own for referrals.
PROVINCES = ("110000", "370000", "210000", "410000", "440000", "510000", "320000", "330000")
PROVINCES_MIN = 3
Tell = Callable[[date, int], None]  # the day begun, and how many settlements there are


@dataclass(frozen=True, slots=True, kw_only=True)
class YearAsked:
    """How much is to be played between how many provinces, by which seed, by how many hands."""

    provinces: int
    settlements: int
    seed: int
    at_once: int


@dataclass(slots=True)
class Year:
    """Everybody and everything in a year's play."""

    stage: Stage
    table: Timetable
    report: YearReport
    due: DueActs
    hands: asyncio.Semaphore
    crashes: Crashes
    agenda: Agenda = field(default_factory=Agenda)


async def play_year(hub: Hub, asked: YearAsked, tell: Tell) -> YearReport:
    """Play a year on a seeded hub that holds no business, and hold it to every law."""
    begun = time.perf_counter()
    among = PROVINCES[: asked.provinces]
    table = year_table(YEAR, among, asked.settlements, asked.seed)
    clock = stopped(in_china(date(YEAR, 1, 1), OPENS) - timedelta(hours=1))
    playing = replace(hub, clock=clock)
    stage = Stage(Sender(playing, f"year-{asked.seed}"), clock)
    report = YearReport(year=YEAR, seed=asked.seed, provinces=among)
    year = Year(
        stage=stage,
        table=table,
        report=report,
        due=DueActs.on(stage),
        hands=asyncio.Semaphore(asked.at_once),
        crashes=Crashes(stage),
    )
    steps = _steps(year, asked)
    steps.put_down()
    day, last = date(YEAR, 1, 1), date(YEAR + 1, 4, 1)
    while day <= last:
        tell(day, len(stage.funds))
        await _live(year, steps, day)
        day += timedelta(days=1)
    report.due_acts = year.due.done
    await end(steps, asked.seed)
    report.elapsed_seconds = round(time.perf_counter() - begun, 1)
    return report


def _steps(year: Year, asked: YearAsked) -> Steps:
    stage, report = year.stage, year.report
    return Steps(
        stage=stage,
        table=year.table,
        report=report,
        agenda=year.agenda,
        acts=year.due.found,
        crashes=year.crashes,
        seed=asked.seed,
        advances=Advances(stage),
        reviewing=Reviewing(stage),
        clearings=Clearings(stage, report),
        bank=Bank(stage, report, year.agenda),
        comparing=Comparing(stage, asked.seed),
    )


async def _live(year: Year, steps: Steps, day: date) -> None:
    """One day: what is due, what is down for it, and the business of the desks."""
    today = Today(year.stage, year.hands, day)
    await year.due.begin(day)
    await steps.after_tick()
    await year.agenda.do(day)
    what = year.table.days.get(day)
    if what is None:
        return
    await today.until_charged(what)
    if day == steps.crash_day:
        plain = [it for it in what.settlements if not (it.again or it.reversed)]
        year.report.crashes.append(await year.crashes.among_settlements(plain))
        what = replace(what, settlements=[it for it in what.settlements if it not in plain])
    await today.settle(what)
