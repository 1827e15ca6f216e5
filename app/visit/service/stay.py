"""Visits as they go on: particulars, discharge, cancellation, and what settlement does to them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import datetime

from app.entitlement import service as entitlement
from app.filing import service as filings
from app.filing.errors import FilingTerminated
from app.runtime.auth import Scope
from app.runtime.db import Conn
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work
from app.visit import rules
from app.visit.errors import VisitUnknown
from app.visit.model import (
    Amendment,
    Course,
    DischargeWay,
    NamedVisit,
    Visit,
    VisitEvent,
    VisitKind,
    VisitsAsked,
)
from app.visit.store import lines as kept
from app.visit.store import visits as store


async def amend(work: Work, number: str, asked: Amendment) -> Visit:
    """Change particulars of an open visit; what its admission was decided on stays."""
    visit = await locked(work, number, work.caller.scope)
    rules.require_open(visit)
    changed = {
        name: value
        for name in Amendment.__dataclass_fields__
        if (value := getattr(asked, name)) is not None
    }
    amended = replace(visit, **changed, revision=visit.revision + 1)
    await store.amend(work.tx, amended)
    work.record("visit.amend", number, fields=sorted(changed))
    return amended


async def cancel(work: Work, number: str) -> Visit:
    """Undo an admission that has no lines, and let go of its filing."""
    visit = await locked(work, number, work.caller.scope)
    cancelled = replace(visit, state=rules.cancelled(visit))
    work.record("visit.cancel", number, filing=visit.filing_number)
    announce(work, "visit.cancelled", visit)
    return await _let_go(work, visit, cancelled)


async def discharge(work: Work, number: str, at: datetime, way: DischargeWay) -> Visit:
    """Discharge an inpatient."""
    visit = await locked(work, number, work.caller.scope)
    last = await kept.last_charge(work.tx, visit.id)
    state = rules.discharged(visit, at, last, work.now)
    work.record("visit.discharge", number, at=at, way=way)
    return await _move(
        work, visit, replace(visit, state=state, discharged_at=at, discharge_way=way)
    )


async def undo_discharge(work: Work, number: str) -> Visit:
    """Take a discharge back, unless the worker has been admitted elsewhere since."""
    visit = await locked(work, number, work.caller.scope)
    state = visit.life.after(visit.state, VisitEvent.UNDO_DISCHARGE)
    work.record("visit.undo_discharge", number)
    return await _move(
        work, visit, replace(visit, state=state, discharged_at=None, discharge_way=None)
    )


async def find(reading: Reading, number: str) -> NamedVisit:
    """Show one visit with the worker's name; leaves a trace."""
    visit = await store.find(reading.rx, reading.caller.scope, number)
    if visit is None:
        raise VisitUnknown
    found = await entitlement.persons(reading.rx, [visit.worker_id])
    reading.trace("worker.look", visit.worker_number, purpose="visit", visit=number)
    return NamedVisit(visit, found[visit.worker_id])


async def visits(reading: Reading, asked: VisitsAsked, wanted: PageAsked) -> Page[NamedVisit]:
    """List the visits the caller may see; names are shown masked."""
    found = await store.page(reading.rx, reading.caller.scope, asked, wanted)
    named = await entitlement.persons(reading.rx, {visit.worker_id for visit in found})
    rows = [NamedVisit(visit, named[visit.worker_id].masked()) for visit in found]
    return Page.of(rows, wanted, lambda row: row.visit.id)


async def seen(conn: Conn, scope: Scope, number: str) -> Visit:
    """Return a visit the caller may see."""
    visit = await store.find(conn, scope, number)
    if visit is None:
        raise VisitUnknown
    return visit


async def locked(work: Work, number: str, scope: Scope) -> Visit:
    """Return a visit the caller may see, held until the transaction ends."""
    visit = await store.locked(work.tx, scope, number)
    if visit is None:
        raise VisitUnknown
    return visit


async def mark_settled(work: Work, visit: Visit) -> Visit:
    """Close a visit that was settled and let go of its filing; a fitting ends with it."""
    state = visit.life.after(visit.state, VisitEvent.SETTLE)
    left = ended_at(visit, work.now)
    return await _let_go(work, visit, replace(visit, state=state, discharged_at=left))


def ended_at(visit: Course, settled_at: datetime) -> datetime | None:
    """Return when a visit that is settled ended: a stay with the discharge, others now."""
    return visit.discharged_at if visit.kind is VisitKind.INPATIENT else settled_at


async def reopen(work: Work, visit: Visit) -> Visit:
    """Open a visit again whose settlement was cancelled; it keeps its filing.

    A filing that has ended since cannot be held again, and need not be: the admission decided.
    """
    state = visit.life.after(visit.state, VisitEvent.REOPEN)
    try:
        await filings.hold(work, visit.filing_id)
        holds = True
    except FilingTerminated:
        holds = False
    return await _move(work, visit, replace(visit, state=state, holds_filing=holds))


async def _let_go(work: Work, was: Visit, now: Visit) -> Visit:
    """Move a visit to where it needs its filing no longer."""
    moved = await _move(work, was, replace(now, holds_filing=False))
    if was.holds_filing:
        await filings.release(work, was.filing_id)
    return moved


async def _move(work: Work, was: Visit, now: Visit) -> Visit:
    await store.move(work.tx, was, now)
    return replace(now, revision=was.revision + 1)


def announce(work: Work, topic: str, visit: Visit) -> None:
    """Tell both places and the institution of what happened to a visit."""
    told: Mapping[str, object] = {
        "visit": visit.number,
        "kind": visit.kind,
        "institution": visit.institution,
        "filing": visit.filing_number,
    }
    parties = (visit.insured_region, visit.treatment_region, visit.institution)
    work.announce(topic, visit.number, parties, told)
