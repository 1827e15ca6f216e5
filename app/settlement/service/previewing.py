"""Previewing many visits in two calls: what a settlement would decide of each, and who looked.

What is not plain is left to the route, which says why.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime

import structlog

from app.catalogues.shelf import Shelf
from app.kernel.calendar import business_day
from app.kernel.refusal import Refusal
from app.runtime.db import Rx
from app.runtime.door import Hub
from app.runtime.lane import wired
from app.runtime.telemetry import traces_of
from app.runtime.work import Record
from app.settlement import rules
from app.settlement.model import Preview
from app.settlement.service.lane import ITS_MISTAKES, billed
from app.settlement.store import lane as store
from app.settlement.store.lane import PreviewAsked, Seen

__all__ = ["PreviewAsked", "Previewing"]
log = structlog.get_logger()


@dataclass(frozen=True, slots=True)
class Previewing:
    """Previews what waits in the lane; `show` writes the answer."""

    hub: Hub
    shelf: Shelf
    show: Callable[[Preview], bytes]

    async def __call__(self, some: Sequence[PreviewAsked]) -> Sequence[bytes | None]:
        """Preview, and answer each; None where the route is to do it."""
        async with wired(self.hub) as (rx, wire):
            now = self.hub.clock()
            seen = await store.look(wire, some, now, business_day(now))
            answers = {place: await self._previewed(rx, seen[place], now) for place in seen}
            traces = [
                (some[place], trace_of(seen[place]))
                for place, answer in answers.items()
                if answer is not None
            ]
            if traces:
                await store.trace(wire, now, traces)
        return [answers.get(place) for place in range(len(some))]

    async def _previewed(self, rx: Rx, seen: Seen, now: datetime) -> bytes | None:
        """Preview one visit; None where it is not plain."""
        if seen.has_devices:
            return None  # what was fitted before is not looked at here
        try:
            rules.require_previewable(seen.visit)
            bill, _ = await billed(rx, self.hub, self.shelf, seen, business_day(now))
            found = Preview(
                visit_number=seen.visit.number,
                bill=bill,
                policy_version=self.hub.law.book.version,
            )
            return self.show(found)
        except Refusal:
            return None
        except ITS_MISTAKES as error:
            log.warning("lane", **traces_of(error))
            return None


def trace_of(seen: Seen) -> Record:
    """Return the trace of a look at a bill, as a preview at the route leaves it."""
    facts = {"worker": seen.visit.worker_number}
    return Record(action="settlement.preview", subject=seen.visit.number, facts=facts)
