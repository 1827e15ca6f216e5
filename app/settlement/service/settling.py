"""Previewing and settling one visit, at the door. Load, decide, keep, record: in that order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from app.catalogues import service as catalogues
from app.institutions import service as institutions
from app.kernel.calendar import Month
from app.ledger import service as ledger
from app.runtime.db import Conn
from app.runtime.work import Reading, Work
from app.settlement import rules
from app.settlement.model import (
    Bill,
    Circumstances,
    LineResult,
    Preview,
    SettleAsked,
    SettlementWithLines,
)
from app.settlement.service import deciding
from app.settlement.service.months import month_held
from app.settlement.store import grounds as grounds_store
from app.settlement.store import keeping
from app.settlement.store.grounds import Grounds
from app.visit import service as visits
from app.visit.model import FeeCategory, FeeLine, Visit


@dataclass(frozen=True, slots=True)
class _Computed:
    """A visit's bill and what it was computed from."""

    bill: Bill
    circumstances: Circumstances
    last_closed: Month | None


async def preview(reading: Reading, number: str) -> Preview:
    """Compute what a settlement would decide now, and book nothing (预结算)."""
    visit = await visits.seen(reading.rx, reading.caller.scope, number)
    rules.require_previewable(visit)
    grounds = await grounds_store.grounds(reading.rx, visit.determination_id)
    computed = await _compute(reading.rx, reading, visit, grounds, None)
    reading.trace("settlement.preview", number, worker=visit.worker_number)
    return Preview(visit_number=number, bill=computed.bill, policy_version=reading.book.version)


async def split(work: Work, number: str, call: Sequence[FeeLine]) -> Mapping[str, LineResult]:
    """Decide some lines of a visit as a preview of it would now (明细核算), by serial.

    No line hangs on another but on those it takes back and that take it back: the others are not
    looked at, so that a long stay costs no more than a short one.
    """
    visit = await visits.seen(work.tx, work.caller.scope, number)
    rules.require_previewable(visit)
    grounds = await grounds_store.grounds(work.tx, visit.determination_id)
    computed = await _compute(work.tx, work, visit, grounds, call)
    return {it.charge.serial: it for it in computed.bill.lines}


async def settle(work: Work, number: str, asked: SettleAsked) -> SettlementWithLines:
    """Settle a visit: decide, keep, book, tell, all in this transaction (结算)."""
    visit = await visits.locked(work, number, work.caller.scope)
    rules.require_settleable(visit)
    place = rules.paying_place(visit.treatment_region, visit.scheme)
    grounds, held = await grounds_store.grounds_holding_month(
        work.tx, visit.determination_id, place, Month.of(work.today)
    )
    computed = await _compute(work.tx, work, visit, grounds, None)
    rules.require_total(visit, asked.total, asked.line_count)
    booked = deciding.Booked(
        at=work.now,
        day=work.today,
        month=await month_held(work, place, computed.last_closed, held=held),
        policy_version=work.book.version,
    )
    bill, at = computed.bill, computed.circumstances
    decided = deciding.settlement_of(visit, bill, at, asked, booked)
    settlement = await keeping.keep(work.tx, decided, bill, work.message)
    await visits.mark_settled(work, visit)
    ledger.book(work, [deciding.entry_of(settlement)])
    work.note(deciding.record_of(settlement))
    work.tell(deciding.announcement_of("settlement.settled", settlement))
    return SettlementWithLines(settlement, bill)


async def _compute(
    conn: Conn,
    it: Reading | Work,
    visit: Visit,
    grounds: Grounds,
    call: Sequence[FeeLine] | None,
) -> _Computed:
    """Look at the grounds again, look every item up, and decide: preview and settle alike.

    All of the visit, or where there is a call the lines it touches.
    """
    institution = await institutions.by_code(conn, visit.institution)
    assert institution is not None, "it admitted the worker"
    may_settle = institutions.may_settle(
        institution.standing_on(it.today), institution.region, it.today, it.book
    )
    at = deciding.circumstances_of(visit, grounds, may_settle=may_settle)
    charged = await (
        visits.lines(conn, visit.id) if call is None else visits.concerned(conn, visit.id, call)
    )
    wanted = rules.wanted(charged, at, it.book)
    listed = await catalogues.look_up(conn, list(dict.fromkeys(wanted.values())))
    found = {serial: listed[each] for serial, each in wanted.items() if each in listed}
    devices = [
        line.item_code
        for line in charged
        if line.category is FeeCategory.DEVICE and line.item_code is not None
    ]
    place = rules.paying_place(visit.treatment_region, visit.scheme)
    before = await grounds_store.before(conn, place, visit.worker_id, devices)
    bill = deciding.bill_of(charged, at, it.book, wanted, found, before.fitted)
    return _Computed(bill, at, before.last_closed)
