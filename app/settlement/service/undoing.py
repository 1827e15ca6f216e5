"""Cancelling a settlement, and undoing a cancellation: the negative twin and its own twin."""

from __future__ import annotations

from dataclasses import replace

from app.kernel.calendar import Month
from app.kernel.parties import PartyKind
from app.ledger import service as ledger
from app.ledger.entries import settlement_cancelled
from app.runtime.work import Work
from app.settlement import rules
from app.settlement.errors import SettlementForeign
from app.settlement.model import CancelAsked, Settlement
from app.settlement.service import deciding
from app.settlement.service.looking import seen
from app.settlement.service.months import month_held
from app.settlement.store import grounds as grounds_store
from app.settlement.store import keeping
from app.settlement.store import lines as lines_store
from app.settlement.store import settlements as store
from app.visit import service as visits


async def cancel(work: Work, number: str, asked: CancelAsked) -> Settlement:
    """Book the negative twin of a settlement and reopen its visit (结算撤销)."""
    found = await seen(work.tx, work, number)
    agency = work.caller.kind is PartyKind.AGENCY
    if agency and not work.caller.governs(found.circumstances.treatment_region):
        raise SettlementForeign(settlement=number)
    visit = await visits.locked(work, found.visit_number, work.caller.scope)
    place = found.treatment_place
    held = await grounds_store.hold_month(work.tx, place, Month.of(work.today))
    settlement = await store.locked(work.tx, work.caller.scope, number)
    assert settlement is not None, "settlements are never deleted"
    adjustment = rules.is_adjustment(settlement, asked=asked.adjustment, reason=asked.reason)
    closed = await grounds_store.last_closed(work.tx, place)
    twin = settlement.turned(
        settled_at=work.now,
        business_day=work.today,
        month=await month_held(work, place, closed, held=held),
        policy_version=work.book.version,
        adjustment=adjustment,
        reason=asked.reason,
    )
    twin = await keeping.keep_cancellation(work.tx, twin, settlement.id, work.message)
    await visits.reopen(work, visit)
    cancelled = settlement_cancelled(twin.number, work.today, deciding.entry_of(settlement))
    ledger.book(work, [cancelled, *deciding.conceded_of(twin)])
    work.record("settlement.cancel", twin.number, cancels=number, adjustment=adjustment)
    work.tell(deciding.announcement_of("settlement.cancelled", twin))
    return twin


async def restore(work: Work, number: str, reason: str) -> Settlement:
    """Undo a cancellation (冲正): book what it cancelled again, equal to it."""
    cancellation = await seen(work.tx, work, number)
    visit = await visits.locked(work, cancellation.visit_number, work.caller.scope)
    place = cancellation.treatment_place
    held = await grounds_store.hold_month(work.tx, place, Month.of(work.today))
    held_row = await store.locked(work.tx, work.caller.scope, number)
    assert held_row is not None, "settlements are never deleted"
    cancellation = held_row
    assert cancellation.cancels is not None, "found by the deed that booked it"
    original = await seen(work.tx, work, cancellation.cancels)
    bill = await lines_store.bill_of(work.tx, original.id)
    rules.require_settleable(visit)
    rules.require_restorable(cancellation, bill, await visits.lines(work.tx, visit.id))
    closed = await grounds_store.last_closed(work.tx, place)
    again = replace(
        original,
        cancelled_by=None,
        settled_at=work.now,
        business_day=work.today,
        month=await month_held(work, place, closed, held=held),
        adjustment=cancellation.adjustment,
        reason=reason,
        conceded_before=original.conceded,
        clearing=None,
    )
    settlement = await keeping.keep(work.tx, again, bill, work.message)
    await visits.mark_settled(work, visit)
    ledger.book(work, [deciding.entry_of(settlement), *deciding.conceded_of(settlement)])
    work.record("settlement.restore", settlement.number, equals=original.number, undoes=number)
    work.tell(deciding.announcement_of("settlement.settled", settlement))
    return settlement
