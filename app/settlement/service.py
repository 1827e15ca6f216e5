"""What can be done about settlements. Load, decide, keep, record: in that order."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass, replace

from app.catalogues import service as catalogues
from app.institutions import service as institutions
from app.kernel.calendar import Month
from app.kernel.money import ZERO, Money
from app.kernel.parties import PartyKind
from app.kernel.regions import Scheme
from app.ledger import service as ledger
from app.ledger.entries import (
    Entry,
    deduction_made,
    settlement_booked,
    settlement_cancelled,
)
from app.runtime.db import Conn
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work
from app.settlement import rules
from app.settlement.errors import SettlementForeign, SettlementUnknown
from app.settlement.model import (
    Bill,
    CancelAsked,
    Circumstances,
    LineResult,
    Preview,
    Recomputation,
    SettleAsked,
    Settlement,
    SettlementKind,
    SettlementsAsked,
    SettlementWithLines,
)
from app.settlement.store import conceding, keeping, months
from app.settlement.store import grounds as grounds_store
from app.settlement.store import lines as lines_store
from app.settlement.store import settlements as store
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
    month = await _month(work, place, computed.last_closed, held=held)
    decided = _settlement(work, visit, computed, asked, month)
    settlement = await keeping.keep(work.tx, decided, computed.bill, work.message)
    await visits.mark_settled(work, visit)
    ledger.book(work, [_entry(settlement)])
    work.record("settlement.settle", settlement.number, visit=visit.number, fund=settlement.fund)
    _announce(work, "settlement.settled", settlement)
    return SettlementWithLines(settlement, computed.bill)


async def cancel(work: Work, number: str, asked: CancelAsked) -> Settlement:
    """Book the negative twin of a settlement and reopen its visit (结算撤销)."""
    seen = await _seen(work.tx, work, number)
    agency = work.caller.kind is PartyKind.AGENCY
    if agency and not work.caller.governs(seen.circumstances.treatment_region):
        raise SettlementForeign(settlement=number)
    visit = await visits.locked(work, seen.visit_number, work.caller.scope)
    place = seen.treatment_place
    held = await grounds_store.hold_month(work.tx, place, Month.of(work.today))
    settlement = await store.locked(work.tx, work.caller.scope, number)
    assert settlement is not None, "settlements are never deleted"
    adjustment = rules.is_adjustment(settlement, asked=asked.adjustment, reason=asked.reason)
    closed = await grounds_store.last_closed(work.tx, place)
    twin = settlement.turned(
        settled_at=work.now,
        business_day=work.today,
        month=await _month(work, place, closed, held=held),
        policy_version=work.book.version,
        adjustment=adjustment,
        reason=asked.reason,
    )
    twin = await keeping.keep_cancellation(work.tx, twin, settlement.id, work.message)
    await visits.reopen(work, visit)
    cancelled = settlement_cancelled(twin.number, work.today, _entry(settlement))
    ledger.book(work, [cancelled, *_conceded(twin)])
    work.record("settlement.cancel", twin.number, cancels=number, adjustment=adjustment)
    _announce(work, "settlement.cancelled", twin)
    return twin


async def restore(work: Work, number: str, reason: str) -> Settlement:
    """Undo a cancellation (冲正): book what it cancelled again, equal to it."""
    cancellation = await _seen(work.tx, work, number)
    visit = await visits.locked(work, cancellation.visit_number, work.caller.scope)
    place = cancellation.treatment_place
    held = await grounds_store.hold_month(work.tx, place, Month.of(work.today))
    held_row = await store.locked(work.tx, work.caller.scope, number)
    assert held_row is not None, "settlements are never deleted"
    cancellation = held_row
    assert cancellation.cancels is not None, "found by the deed that booked it"
    original = await _seen(work.tx, work, cancellation.cancels)
    bill = await lines_store.bill_of(work.tx, original.id)
    rules.require_settleable(visit)
    rules.require_restorable(cancellation, bill, await visits.lines(work.tx, visit.id))
    closed = await grounds_store.last_closed(work.tx, place)
    again = replace(
        original,
        cancelled_by=None,
        settled_at=work.now,
        business_day=work.today,
        month=await _month(work, place, closed, held=held),
        adjustment=cancellation.adjustment,
        reason=reason,
        conceded_before=original.conceded,
        clearing=None,
    )
    settlement = await keeping.keep(work.tx, again, bill, work.message)
    await visits.mark_settled(work, visit)
    ledger.book(work, [_entry(settlement), *_conceded(settlement)])
    work.record("settlement.restore", settlement.number, equals=original.number, undoes=number)
    _announce(work, "settlement.settled", settlement)
    return settlement


async def find(reading: Reading, number: str) -> SettlementWithLines:
    """Show a settlement with the decision on each of its lines."""
    settlement = await _seen(reading.rx, reading, number)
    reading.trace("settlement.look", number, worker=settlement.worker_number)
    return SettlementWithLines(settlement, await lines_store.bill_of(reading.rx, settlement.id))


async def settlements(
    reading: Reading, asked: SettlementsAsked, wanted: PageAsked
) -> Page[Settlement]:
    """List the settlements the caller may see."""
    found = await store.page(reading.rx, reading.caller.scope, asked, wanted)
    return Page.of(found, wanted, lambda it: it.id)


async def recompute(reading: Reading, number: str) -> Recomputation:
    """Compute a settlement again from what it stored, and compare (重新核算)."""
    settlement = await _seen(reading.rx, reading, number)
    stored = await lines_store.bill_of(reading.rx, settlement.id)
    reading.trace("settlement.recompute", number, worker=settlement.worker_number)
    cancelled = settlement.kind is SettlementKind.CANCELLATION
    charged = rules.turned(stored) if cancelled else stored
    charges = [line.charge for line in charged.lines]
    again = rules.adjudicate(charges, settlement.circumstances, reading.book)
    again = rules.turned(again) if cancelled else again
    return Recomputation(
        settlement=settlement,
        bill=again,
        different=rules.differences(stored, again, settlement),
    )


# ── for review and clearing ──


def paying_place(region: str, scheme: Scheme) -> str:
    """Return the place that owes for a region: its province, or within a province its city."""
    return rules.paying_place(region, scheme)


async def open_months(
    work: Work, wanted: Collection[tuple[str, Month]]
) -> Mapping[tuple[str, Month], Month]:
    """Choose for each place and month the first month still open that is not before it.

    The months chosen are kept from closing until this transaction ends, as a settlement's is: what
    is written with one counts in it. Three statements, however many are wanted.
    """
    places = [place for place, _ in wanted]
    closed = await grounds_store.last_closed_of(work.tx, places)
    first = {
        (place, since): rules.earliest_month(since, work.today, closed.get(place))
        for place, since in wanted
    }
    asked = [(place, month) for (place, _), month in first.items()]
    held = await grounds_store.hold_months_of(work.tx, asked)
    closed = await grounds_store.last_closed_of(work.tx, places)
    return {
        (place, since): rules.open_month(
            [month for of, month in held if of == place and month >= earliest], closed.get(place)
        )
        for (place, since), earliest in first.items()
    }


async def close_months(work: Work, places: Sequence[str] | None, through: Month) -> None:
    """Close a month, and all before it, for some treatment places or for all (月度关账)."""
    closed = await months.close(work.tx, places, through, work.now)
    work.record("settlement.close_months", through, places=closed)


async def take_into_clearing(
    work: Work, clearing: str, scheme: Scheme, period: Sequence[Month]
) -> list[Month]:
    """Let a clearing hold a period's months, and those before that none holds; tell which."""
    taken = await months.take(work.tx, clearing, scheme, period)
    work.record("settlement.clear", clearing, months=taken)
    return taken


async def hold(work: Work, numbers: Sequence[str]) -> None:
    """Hold settlements, so that none is cancelled while a contest about it is answered."""
    await conceding.hold(work.tx, numbers)


async def concede(work: Work, taken: Mapping[str, Money]) -> None:
    """Note what is no longer owed of settlements, so that a cancellation takes the rest only."""
    await conceding.concede(work.tx, taken)
    for number, amount in taken.items():
        work.record("settlement.concede", number, amount=amount)


# ── inside ──


async def _seen(conn: Conn, it: Reading | Work, number: str) -> Settlement:
    settlement = await store.find(conn, it.caller.scope, number)
    if settlement is None:
        raise SettlementUnknown
    return settlement


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
    standing = rules.Standing(
        lost_on=grounds.lost_on,
        determination_state=grounds.determination_state,
        third_party=grounds.third_party,
        institution_may_settle=institutions.may_settle(institution, it.today, it.book),
    )
    rules.require_grounds(visit, standing)
    circumstances = Circumstances(
        cost_kind=visit.cost_kind,
        scheme=visit.scheme,
        insured_region=visit.insured_region,
        treatment_region=visit.treatment_region,
        entitlement_lost_on=grounds.lost_on,
        confirmed_on=grounds.confirmed_on,
    )
    charged = await (
        visits.lines(conn, visit.id) if call is None else visits.concerned(conn, visit.id, call)
    )
    wanted = rules.wanted(charged, circumstances, it.book)
    found = await catalogues.look_up(conn, list(dict.fromkeys(wanted.values())))
    rules.require_lists(charged, wanted, found)
    devices = [
        line.item_code
        for line in charged
        if line.category is FeeCategory.DEVICE and line.item_code is not None
    ]
    place = rules.paying_place(visit.treatment_region, visit.scheme)
    before = await grounds_store.before(conn, place, visit.worker_id, devices)
    charges = rules.charges(charged, wanted, found, before.fitted)
    bill = rules.adjudicate(charges, circumstances, it.book)
    rules.require_sums(bill)
    return _Computed(bill, circumstances, before.last_closed)


async def _month(work: Work, place: str, closed: Month | None, *, held: bool) -> Month:
    """Choose the month this transaction keeps from closing: nearly always the day's own."""
    month = rules.month_of(work.today, closed)
    first = Month.of(work.today)
    if held and month == first:
        return month
    before = first if month == first else month.plus(-1)
    following = await grounds_store.hold_months_after(work.tx, place, before)
    closed = await grounds_store.last_closed(work.tx, place)
    return rules.open_month(following, closed)


def _settlement(
    work: Work, visit: Visit, computed: _Computed, asked: SettleAsked, month: Month
) -> Settlement:
    """Put together what is to be kept; id and number are the database's to give."""
    bill, scheme = computed.bill, visit.scheme
    return Settlement(
        id=0,
        number="",
        kind=SettlementKind.SETTLEMENT,
        visit_id=visit.id,
        visit_number=visit.number,
        cancels_id=None,
        cancels=None,
        cancelled_by=None,
        settled_at=work.now,
        business_day=work.today,
        month=month,
        institution=visit.institution,
        worker_id=visit.worker_id,
        worker_number=visit.worker_number,
        filing_id=visit.filing_id,
        filing_number=visit.filing_number,
        circumstances=computed.circumstances,
        insured_place=rules.paying_place(visit.insured_region, scheme),
        treatment_place=rules.paying_place(visit.treatment_region, scheme),
        line_count=len(bill.lines),
        total=bill.total,
        fund=bill.fund,
        own=bill.own,
        policy_version=work.book.version,
        invoice_no=asked.invoice_no,
        adjustment=False,
        reason=None,
        conceded=ZERO,
        conceded_before=ZERO,
        clearing=None,
    )


def _entry(it: Settlement) -> Entry:
    """Return what a settlement books, on the day it was settled."""
    return settlement_booked(
        it.number, it.business_day, it.insured_place, it.treatment_place, it.institution, it.fund
    )


def _conceded(it: Settlement) -> list[Entry]:
    """Return what a twin gives back of what contests took off, and a restored one takes again."""
    taken = it.conceded_before
    if not taken.fen:
        return []
    pair = (it.insured_place, it.treatment_place)
    return [deduction_made(it.number, it.business_day, *pair, it.institution, taken)]


def _announce(work: Work, topic: str, it: Settlement) -> None:
    body = {
        "settlement": it.number,
        "cancels": it.cancels,
        "visit": it.visit_number,
        "month": it.month,
        "total": it.total,
        "fund": it.fund,
    }
    parties = (it.insured_place, it.treatment_place, it.institution)
    work.announce(topic, it.number, parties, body)
