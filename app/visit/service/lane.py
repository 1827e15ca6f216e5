"""Taking in many calls of fee lines in two statements: decided as at the door, kept together.

Nothing is refused here. What is not plain is left to the door: an id that is known, a visit that
moved on, a serial it holds, a fault of any line. So the door alone says what is wrong, and what
the lane keeps is what the door would have kept.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

from app.kernel.calendar import business_day
from app.kernel.money import Money
from app.kernel.refusal import Refusal
from app.runtime.door import Hub
from app.runtime.lane import wired
from app.runtime.problems import Answer
from app.visit import rules
from app.visit.model import LinesTaken, Span, Stay, Totals
from app.visit.service.lines import record_of, tolerance_of
from app.visit.store import lane as store
from app.visit.store.lane import Asked, Decided

ACTION = "POST /v1/visits/{number}/lines"  # as the door writes it
CREATED = 201


@dataclass(frozen=True, slots=True)
class Uploading:
    """Takes in what waits in the lane; `show` writes the answer."""

    hub: Hub
    show: Callable[[LinesTaken], bytes]

    async def __call__(self, some: Sequence[Asked]) -> Sequence[Answer | None]:
        """Take in, and answer each; None where the door is to do it."""
        async with wired(self.hub) as (_, wire):
            now = self.hub.clock()
            seen = await store.look(wire, some, now)
            decided: dict[int, Decided] = {}
            for place in _apart(some):
                done = self._decide(some[place], seen.get(place), now)
                if done is not None:
                    decided[place] = done
            while decided:
                places = list(decided)
                odd = await store.keep(wire, now, ACTION, CREATED, list(decided.values()))
                if not odd:
                    break
                for place in odd:
                    del decided[places[place]]
        answers = {place: Answer(status=CREATED, body=it.answer) for place, it in decided.items()}
        return [answers.get(place) for place in range(len(some))]

    def _decide(self, asked: Asked, stay: Stay | None, now: datetime) -> Decided | None:
        """Decide about one call; None where it is not plain."""
        if stay is None:
            return None
        today, sent = business_day(now), len(asked.charges.serials)
        try:
            rules.require_open(stay)
            rules.require_room(stay.line_count, sent)
        except Refusal:
            return None
        tolerance = tolerance_of(self.hub.law.book, stay)
        if not rules.all_fresh(asked.charges, Span.of(stay, today), tolerance):
            return None
        total = Money.total(asked.charges.amounts)
        totals = Totals(stay.line_count + sent, stay.total + total)
        taken = LinesTaken(stay.number, sent, 0, totals)
        return Decided(
            asked=asked,
            stay=stay,
            total=total,
            answer=self.show(taken),
            record=record_of(taken),
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
