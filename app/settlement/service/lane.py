"""Settling many visits in two calls: decided as at the door, kept for all of them at once.

Nothing is refused here. What is not plain is left to the door: an id that is known, a visit that
moved on, a refusal of any kind, a month or an advance at its edge, a call that failed half-way. So
the door alone says no, and what the lane keeps is what the door would have kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from app.catalogues.shelf import Shelf
from app.institutions import service as institutions
from app.kernel.calendar import Month, business_day
from app.kernel.refusal import Refusal
from app.runtime.db import Rx
from app.runtime.door import Hub
from app.runtime.lane import wired
from app.runtime.problems import Answer
from app.settlement import rules
from app.settlement.model import SettlementWithLines
from app.settlement.service import deciding
from app.settlement.store import lane as store
from app.settlement.store.lane import Asked, Decided, Seen
from app.visit import service as visits
from app.visit.model import FeeCategory

ACTION = "POST /v1/visits/{number}/settle"  # as the door writes it
CREATED = 201


@dataclass(frozen=True, slots=True)
class Settling:
    """Settles what waits in the lane; `show` writes the answer."""

    hub: Hub
    show: Callable[[SettlementWithLines], bytes]
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
            while decided:
                places = list(decided)
                odd = await store.keep(wire, ACTION, CREATED, list(decided.values()))
                if not odd:
                    break
                for place in odd:
                    del decided[places[place]]
        answers = {place: Answer(status=CREATED, body=it.answer) for place, it in decided.items()}
        return [answers.get(place) for place in range(len(some))]

    async def _decide(self, rx: Rx, asked: Asked, seen: Seen, now: datetime) -> Decided | None:
        """Decide about one visit; None where it is not plain."""
        if any(line.category is FeeCategory.DEVICE for line in seen.charged):
            return None  # what was fitted before is not looked at here
        try:
            return await self._settled(rx, asked, seen, now)
        except Refusal:
            return None

    async def _settled(self, rx: Rx, asked: Asked, seen: Seen, now: datetime) -> Decided:
        visit, book, today = seen.visit, self.hub.law.book, business_day(now)
        rules.require_settleable(visit)
        may_settle = institutions.may_settle(seen.standing, seen.region, today, book)
        at = deciding.circumstances_of(visit, seen.grounds, may_settle=may_settle)
        wanted = rules.wanted(seen.charged, at, book)
        found = await self.shelf.look_up(rx, seen.lists, wanted)
        bill = deciding.bill_of(seen.charged, at, book, wanted, found, {})
        rules.require_total(visit, asked.settle.total, asked.settle.line_count)
        booked = deciding.Booked(
            at=now,
            day=today,
            month=Month.of(today),
            policy_version=book.version,
            number=seen.number,
        )
        settlement = deciding.settlement_of(visit, bill, at, asked.settle, booked)
        return Decided(
            asked=asked,
            visit=visit,
            settlement=settlement,
            bill=bill,
            ended_at=visits.ended_at(visit, now),
            answer=self.show(SettlementWithLines(settlement, bill)),
            record=deciding.record_of(settlement),
            announcement=deciding.announcement_of("settlement.settled", settlement),
            entry=deciding.entry_of(settlement),
        )


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
