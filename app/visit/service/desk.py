"""Who stands at the desk (身份识别): one for whoever asks, or all who wait in one look.

The lane refuses nobody and keeps no trace of an attempt that failed. It answers who is known and
shown rightly, whose trace is on disk by then; everybody else is left to the door.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any, TypeAlias

import structlog

from app.entitlement import service as entitlement
from app.entitlement.model import Determination, IdentityClaim, Registered, comparable_number
from app.filing import service as filings
from app.institutions.errors import InstitutionUnknown
from app.kernel.calendar import business_day
from app.kernel.refusal import Refusal, refuse_all
from app.runtime.arrivals import Arrival
from app.runtime.door import Hub
from app.runtime.lane import wired
from app.runtime.telemetry import traces_of
from app.runtime.vault import Vault, vault_of
from app.runtime.work import Record
from app.visit.model import Identification
from app.visit.store import desk
from app.visit.store.desk import Asked

Known: TypeAlias = tuple[Registered, list[Determination]]
log = structlog.get_logger()


async def identify(arrival: Arrival, claim: IdentityClaim) -> Identification:
    """Identify a worker, and tell what an institution can use here and today; leaves a trace.

    So does a claim that fails: whoever tries numbers is seen trying.
    """
    reading, row = await desk.look(arrival, comparable_number(claim.certificate_number))
    try:
        known = _known(row, claim, arrival.vault)
    except Refusal as refusal:
        found_wrong = [each.code for each in (refusal, *refusal.also)]
        reading.trace("worker.look_refused", "-", purpose="identify", reasons=found_wrong)
        raise
    if row.region is None:
        raise InstitutionUnknown(institution=reading.caller.party)
    reading.looks.append(_trace(known))
    return _usable(known, row, reading.today)


@dataclass(frozen=True, slots=True)
class Identifying:
    """Identifies all who wait in the lane; `show` writes an answer."""

    hub: Hub
    show: Callable[[Identification], bytes]

    async def __call__(self, some: Sequence[Asked]) -> Sequence[bytes | None]:
        """Identify, and answer each; None where the door is to do it."""
        vault = vault_of(self.hub.reading_engine)
        async with wired(self.hub) as (_, wire):
            now = self.hub.clock()
            today = business_day(now)
            answers: dict[int, bytes] = {}
            traces: list[tuple[Asked, Record]] = []
            for place, row in (await desk.look_at_all(wire, vault, some, now)).items():
                shown = self._shown(some[place], row, vault, today)
                if shown is not None:
                    answers[place], trace = shown
                    traces.append((some[place], trace))
            if traces:
                await desk.keep(wire, now, traces)  # committed before anybody is answered
        return [answers.get(place) for place in range(len(some))]

    def _shown(
        self,
        asked: Asked,
        row: Any,  # noqa: ANN401 -- a row
        vault: Vault,
        today: date,
    ) -> tuple[bytes, Record] | None:
        """Write the answer to one, and its trace; None where it is not plain."""
        try:
            known = _known(row, asked.claim, vault)
            return self.show(_usable(known, row, today)), _trace(known)
        except Refusal:
            return None
        except Exception as error:  # noqa: BLE001 -- one who cannot be read keeps nobody else
            log.warning("lane", **traces_of(error))
            return None


def _known(row: Any, claim: IdentityClaim, vault: Vault) -> Known:  # noqa: ANN401 -- a row
    """Read whose certificate was shown, or refuse where the claim does not agree."""
    known = entitlement.at_the_desk(row, vault)
    refuse_all(entitlement.check_claim(claim, None if known is None else known[0]))
    assert known is not None, "an unknown worker has been refused"
    return known


def _trace(known: Known) -> Record:
    number = known[0].worker.number
    return Record(action="worker.look", subject=number, facts={"purpose": "identify"})


def _usable(known: Known, row: Any, today: date) -> Identification:  # noqa: ANN401 -- a row
    """Tell who it is, with what is usable at the institution's place today."""
    found, held = known
    if entitlement.lost(found.lost_on, today) is not None:
        return Identification(
            worker=found.worker, person=found.person, determinations=(), filings=()
        )
    usable = filings.usable_in(row.filings, found.worker.number, row.region, today)
    return Identification(
        worker=found.worker,
        person=found.person,
        determinations=tuple(each for each in held if each.in_force(today)),
        filings=tuple(usable),
    )
