"""On which days an act is due, and the instant it sees when a missed day is made up."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, datetime, time, timedelta

from app.deadlines.model import Act, DueAct
from app.kernel.basis import basis
from app.kernel.calendar import CHINA, business_day

DAYS_MADE_UP_MAX = 366
# They see the present whatever day they are done for, so missed days are made up by one of them.
OF_THE_PRESENT = frozenset(
    {Act.REPEAT_ALERTS, Act.PRUNE_DELIVERIES, Act.PRUNE_LOCK_OUTS, Act.SEAL_JOURNALS}
)


@basis("hub-default/due-acts")
def due_acts(finished: Mapping[Act, date], today: date) -> tuple[DueAct, ...]:
    """Every act is due once a day; missed days are made up in order, each with all its acts.

    An act does all that is due by its day. So one that was never done begins today, and what was
    missed more than a year ago is made up with the first day of that year. Nobody is reminded twice
    for days that are over, and no seal claims to be older than it is: those acts are made up once,
    and so is the removal of what is old.
    """
    earliest = today - timedelta(days=DAYS_MADE_UP_MAX - 1)
    ordered = list(Act)
    found = [
        DueAct(day, act)
        for act in ordered
        for day in _days(_first(act, max(_after(finished.get(act), today), earliest), today), today)
    ]
    return tuple(sorted(found, key=lambda it: (it.day, ordered.index(it.act))))


@basis("hub-default/due-acts")
def next_of(due: Sequence[DueAct]) -> tuple[DueAct, ...]:
    """What is due next goes together with all that is due after it on the same day.

    A day on which nothing is met with is thus one message, and no day is begun before the last.
    """
    return tuple(it for it in due if it.day == due[0].day)


@basis("hub-default/due-acts", "hub-default/civil-time")
def moment_of(day: date, now: datetime) -> datetime:
    """An act sees the day it is done for: now if that is today, else the beginning of the day."""
    return now if day == business_day(now) else datetime.combine(day, time(), CHINA)


@basis("hub-default/due-acts")
def finished_through(finished: Mapping[Act, date], acts: Iterable[Act]) -> date | None:
    """The calendar has been kept up to the day that every act is done for."""
    days = [finished.get(act) for act in acts]
    return None if None in days else min(day for day in days if day is not None)


def _after(last: date | None, today: date) -> date:
    return today if last is None else last + timedelta(days=1)


def _first(act: Act, missed: date, today: date) -> date:
    return max(missed, today) if act in OF_THE_PRESENT else missed


def _days(first: date, last: date) -> Iterable[date]:
    return (first + timedelta(days=each) for each in range((last - first).days + 1))
