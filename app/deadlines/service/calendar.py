"""The calendar: what is on record, and what follows from the calendar of the year, in one list."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from datetime import date, timedelta

from app.advance.service import runs
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
from app.review.service import closing
from app.runtime.paging import CursorUnreadable, Page, PageAsked
from app.runtime.work import Reading

OPERATOR = PartyKind.OPERATOR.value
Source = Callable[[Reading], Awaitable[list[KeptDeadline]]]


async def deadlines(reading: Reading, asked: DeadlinesAsked, page: PageAsked) -> Page[Deadline]:
    """List the deadlines of those the caller answers for, by day: the overdue ones come first."""
    _require_readable(page)
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


def _require_readable(page: PageAsked) -> None:
    """A place in the calendar begins with its day."""
    try:
        date.fromisoformat((page.after or str(date.min))[: kept.DAY_LENGTH])
    except ValueError:
        raise CursorUnreadable from None


async def _computed(reading: Reading, asked: DeadlinesAsked) -> list[KeptDeadline]:
    """Work out what no row says: days without a comparison, periods without a clearing, years."""
    kind = reading.caller.kind
    sources = [
        source for whose, kinds, source in _SOURCES if kind in whose and _wants(asked, kinds)
    ]
    return [it for source in sources for it in await source(reading)]


async def _reconciliations(reading: Reading) -> list[KeptDeadline]:
    """Every past day with settlements that the caller has not compared, or not put right."""
    standing = await review.standing(reading, None, ())
    party = reading.caller.party
    waiting = [(it.day, f"{it.day} {it.side}", it.count) for it in standing.days]
    waiting += [(it.day, it.number, it.left) for it in standing.reconciliations]
    return [
        KeptDeadline(
            kind=DeadlineKind.RECONCILIATION,
            due=due,
            party=party,
            subject=subject,
            waiting=left,
            since=day,
        )
        for day, subject, left in waiting
        if (due := calendar.reconcile_by(day, reading.book)) is not None
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


async def _reviews(reading: Reading) -> list[KeptDeadline]:
    """Every month a place has to close, or to ask the money of."""
    return [
        KeptDeadline(
            kind=DeadlineKind.REVIEW_CLOSE if it.review is None else DeadlineKind.FUND_REQUEST,
            due=it.last_day,
            party=it.place,
            subject=it.review or str(it.month),
            since=it.month.last,
            place=it.place,
        )
        for it in await closing.open_reviews(reading)
    ]


async def _quotas(reading: Reading) -> list[KeptDeadline]:
    """The quotas of this year that are not issued yet, where there is anything to hold them for."""
    year = reading.today.year
    return [
        KeptDeadline(
            kind=DeadlineKind.QUOTA_ISSUE,
            due=calendar.quotas_issued_by(year),
            party=OPERATOR,
            subject=f"{year} {scheme}",
            since=reading.today,
        )
        for scheme in await kept_periods.schemes_in_use(reading.rx)
        if await runs.run_due(reading.rx, scheme, reading.today)
    ]


_SOURCES: Sequence[tuple[frozenset[PartyKind], frozenset[DeadlineKind], Source]] = (
    (
        frozenset({PartyKind.INSTITUTION, PartyKind.AGENCY}),
        frozenset({DeadlineKind.RECONCILIATION}),
        _reconciliations,
    ),
    (
        frozenset({PartyKind.AGENCY, PartyKind.OPERATOR}),
        frozenset({DeadlineKind.REVIEW_CLOSE, DeadlineKind.FUND_REQUEST}),
        _reviews,
    ),
    (
        frozenset({PartyKind.OPERATOR}),
        frozenset({DeadlineKind.CLEARING_GENERATION}),
        _periods,
    ),
    (frozenset({PartyKind.OPERATOR}), frozenset({DeadlineKind.YEAR_CLOSE}), _years),
    (frozenset({PartyKind.OPERATOR}), frozenset({DeadlineKind.QUOTA_ISSUE}), _quotas),
)


def _wants(asked: DeadlinesAsked, kinds: frozenset[DeadlineKind]) -> bool:
    return asked.kind is None or asked.kind in kinds


def _told(reading: Reading, it: KeptDeadline) -> Deadline:
    return Deadline(
        kind=it.kind,
        due=it.due,
        party=it.party,
        subject=it.subject,
        counterpart=it.counterpart,
        waiting=it.waiting,
        state=calendar.state_of(it.due, reading.today, done=it.done),
        clause=clauses.clause_of(it, reading.book),
        announced=clauses.is_announced(it, reading.book),
    )


def _is_asked(it: Deadline, asked: DeadlinesAsked) -> bool:
    wanted = ((asked.state, it.state), (asked.kind, it.kind), (asked.party, it.party))
    return all(want is None or want == have for want, have in wanted)
