"""Settling many visits in two calls: decided as at the door, kept for all of them at once.

Nothing is refused here. What is not plain is left to the door: an id that is known, a visit that
moved on, a refusal of any kind, a month or an advance at its edge, a call that failed half-way. So
the door alone says no, and what the lane keeps is what the door would have kept.
"""

from __future__ import annotations

import secrets
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Final

import structlog

from app.catalogues.shelf import Shelf
from app.institutions import service as institutions
from app.kernel.calendar import Month, business_day
from app.kernel.refusal import Refusal
from app.runtime.db import Rx
from app.runtime.door import Hub
from app.runtime.lane import Wire, wired
from app.runtime.problems import Answer
from app.runtime.telemetry import traces_of
from app.settlement import rules
from app.settlement.model import Bill, Circumstances, SettlementWithLines
from app.settlement.service import deciding
from app.settlement.store import lane as store
from app.settlement.store.lane import Asked, Decided, Seen
from app.visit import service as visits

__all__ = ["Asked", "Settling"]

# Stands for a number until it is drawn: as long as one, and nobody can have sent it.
STAND_IN: Final = f"A{secrets.randbelow(10**19):019d}"
# What a mistake of ours about one visit looks like; what befalls a connection looks otherwise.
ITS_MISTAKES = (ArithmeticError, AssertionError, LookupError, TypeError, ValueError)
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Settling:
    """Settles what waits in the lane."""

    hub: Hub
    shelf: Shelf = field(default_factory=Shelf)

    async def __call__(self, some: Sequence[Asked]) -> Sequence[Answer | None]:
        """Settle, and answer each; None where the door is to do it."""
        async with wired(self.hub) as (rx, wire):
            now = self.hub.clock()
            seen = await store.look(wire, some, now, business_day(now))
            decided: dict[int, Decided] = {}
            for place in _apart(some):
                if place not in seen:
                    continue
                done = await self._decide(rx, some[place], seen[place], now)
                if done is not None:
                    decided[place] = done
            numbers = await _keep(wire, decided)
        return [
            _answer(decided[place], numbers[place]) if place in numbers else None
            for place in range(len(some))
        ]

    async def _decide(self, rx: Rx, asked: Asked, seen: Seen, now: datetime) -> Decided | None:
        """Decide about one visit; None where it is not plain."""
        if seen.has_devices:
            return None  # what was fitted before is not looked at here
        if asked.worker not in (None, seen.visit.worker_number):
            return None
        try:
            return await self._settled(rx, asked, seen, now)
        except Refusal:
            return None
        except ITS_MISTAKES as error:
            log.warning("lane", **traces_of(error))
            return None

    async def _settled(self, rx: Rx, asked: Asked, seen: Seen, now: datetime) -> Decided:
        visit, book, today = seen.visit, self.hub.law.book, business_day(now)
        rules.require_settleable(visit)
        bill, at = await billed(rx, self.hub, self.shelf, seen, today)
        rules.require_total(visit, asked.settle.total, asked.settle.line_count)
        booked = deciding.Booked(
            at=now,
            day=today,
            month=Month.of(today),
            policy_version=book.version,
            number=STAND_IN,
        )
        settlement = deciding.settlement_of(visit, bill, at, asked.settle, booked)
        return Decided(
            asked=asked,
            visit=visit,
            settlement=settlement,
            bill=bill,
            ended_at=visits.ended_at(visit, now),
            answer=asked.show(SettlementWithLines(settlement, bill), visit),
            record=deciding.record_of(settlement),
            announcement=deciding.announcement_of("settlement.settled", settlement),
            entry=deciding.entry_of(settlement),
        )


async def billed(
    rx: Rx, hub: Hub, shelf: Shelf, seen: Seen, today: date
) -> tuple[Bill, Circumstances]:
    """Decide the bill of a visit on what was seen of it, with the lists at hand."""
    book = hub.law.book
    may_settle = institutions.may_settle(seen.standing, seen.region, today, book)
    at = deciding.circumstances_of(seen.visit, seen.grounds, may_settle=may_settle)
    wanted = rules.wanted(seen.charged, at, book)
    found = await shelf.look_up(rx, seen.lists, wanted)
    return deciding.bill_of(seen.charged, at, book, wanted, found, {}), at


async def _keep(wire: Wire, decided: Mapping[int, Decided]) -> dict[int, str]:
    """Keep what was decided; the numbers of what was kept, by place.

    Where one of a call cannot be kept, its halves are kept each by itself, so that it is found and
    its neighbours never notice.
    """
    left = dict(decided)
    while left:
        places = list(left)
        try:
            kept = await store.keep(wire, list(left.values()))
        except store.NotKeptError as error:
            if len(places) == 1:
                log.warning("lane", **traces_of(error))
                return {}
            half = len(places) // 2
            first = await _keep(wire, {place: left[place] for place in places[:half]})
            return first | await _keep(wire, {place: left[place] for place in places[half:]})
        if not kept.odd:
            return dict(zip(places, kept.numbers, strict=True))
        for place in kept.odd:
            del left[places[place]]
    return {}


def _answer(it: Decided, number: str) -> Answer:
    body = it.answer.replace(STAND_IN.encode(), number.encode())
    return Answer(status=it.asked.status, body=body)


def _apart(some: Sequence[Asked]) -> list[int]:
    """Return the places of the messages that do not get in one another's way."""
    first: dict[object, int] = {}
    for place, it in enumerate(some):
        first.setdefault(it.visit, place)
        first.setdefault((it.caller.party, it.key), place)
    return [
        place
        for place, it in enumerate(some)
        if first[it.visit] == place == first[it.caller.party, it.key]
    ]
