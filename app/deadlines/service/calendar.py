"""The calendar: what is on record, and what follows from the calendar of the year, in one list."""

from __future__ import annotations

from datetime import date, timedelta

from app.deadlines.model import (
    Deadline,
    DeadlineKind,
    DeadlinesAsked,
    KeptDeadline,
)
from app.deadlines.rules import calendar, clauses
from app.deadlines.store import deadlines as kept
from app.deadlines.store import periods as kept_periods
from app.kernel.parties import PartyKind
from app.kernel.regions import Scheme
from app.review import service as review
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading

OPERATOR = PartyKind.OPERATOR.value


async def deadlines(reading: Reading, asked: DeadlinesAsked, page: PageAsked) -> Page[Deadline]:
    """List the deadlines of those the caller answers for, by day: the overdue ones come first."""
    until = reading.today + timedelta(days=asked.days)
    stored = await kept.deadlines(
        reading.rx,
        reading.caller.scope,
        asked,
        (reading.today, until),
        (page.after, page.rows + 1),
    )
    found = [_told(reading, it) for it in stored]
    for it in await _computed(reading, asked):
        shown = _told(reading, it)
        past = it.done and it.due < reading.today
        if it.due <= until and not past and shown.key > page.after and _is_asked(shown, asked):
            found.append(shown)
    found.sort(key=lambda it: it.key)
    return Page.of(found, page, lambda it: it.key)


async def _computed(reading: Reading, asked: DeadlinesAsked) -> list[KeptDeadline]:
    """Work out what no row says: days without a comparison, periods without a clearing, years."""
    if reading.caller.kind is PartyKind.OPERATOR:
        return [*await _periods(reading), *await _years(reading)]
    if reading.caller.kind is PartyKind.CHANNEL or asked.kind not in (
        None,
        DeadlineKind.RECONCILIATION,
    ):
        return []
    return await _reconciliations(reading)


async def _reconciliations(reading: Reading) -> list[KeptDeadline]:
    """Every past day with settlements that the caller has not compared, or not put right."""
    standing = await review.standing(reading, None, ())
    party = reading.caller.party
    waiting = [(it.day, f"{it.day} {it.side}", it.count) for it in standing.days]
    waiting += [(it.day, it.number, it.left) for it in standing.reconciliations]
    return [
        KeptDeadline(
            kind=DeadlineKind.RECONCILIATION,
            due=calendar.reconcile_by(day, reading.book),
            party=party,
            subject=subject,
            waiting=left,
            since=day,
        )
        for day, subject, left in waiting
    ]


async def _periods(reading: Reading) -> list[KeptDeadline]:
    """Every period of each scheme that waits for its clearing, or has had it in time."""
    periods = calendar.periods_until(reading.today, reading.book)
    spans = [(scheme, period) for scheme in Scheme for period in periods]
    found = await kept_periods.clearings_of(reading.rx, spans)
    return [
        KeptDeadline(
            kind=DeadlineKind.CLEARING_GENERATION,
            due=calendar.generated_by(period, reading.book),
            party=OPERATOR,
            subject=f"{period} {scheme}",
            waiting=0 if it.is_cleared else 1,
            done=it.is_cleared,
            since=period.last,
        )
        for (scheme, period), it in zip(spans, found, strict=True)
        if it.is_cleared or it.has_settlements or period.last >= reading.today
    ]


async def _years(reading: Reading) -> list[KeptDeadline]:
    """Every year with clearings that is not closed, or was closed in time."""
    return [
        KeptDeadline(
            kind=DeadlineKind.YEAR_CLOSE,
            due=calendar.year_closed_by(year, reading.book),
            party=OPERATOR,
            subject=str(year),
            waiting=0 if is_closed else 1,
            done=is_closed,
            since=date(year, 12, 31),
        )
        for year, is_closed in await kept_periods.years(reading.rx)
    ]


def _told(reading: Reading, it: KeptDeadline) -> Deadline:
    announced = it.announced
    if it.kind is DeadlineKind.CONTEST_REPLY:
        announced = clauses.reply_announced(it.since, reading.book)
    return Deadline(
        kind=it.kind,
        due=it.due,
        party=it.party,
        subject=it.subject,
        counterpart=it.counterpart,
        waiting=it.waiting,
        state=calendar.state_of(it.due, reading.today, done=it.done),
        clause=clauses.clause_of(it, reading.book),
        announced=announced,
    )


def _is_asked(it: Deadline, asked: DeadlinesAsked) -> bool:
    wanted = ((asked.state, it.state), (asked.kind, it.kind), (asked.party, it.party))
    return all(want is None or want == have for want, have in wanted)
