"""What two persons change: a pair's mode, its quota, an increase, a settlement that is held."""

from __future__ import annotations

from app.advance.errors import (
    AdvanceChangeOpen,
    AdvanceChangeUnknown,
    AdvanceForeign,
    AdvanceUnchanged,
    HoldOpen,
    HoldUnknown,
)
from app.advance.model import Purpose
from app.advance.model.watching import (
    LIFE_OF_CHANGE,
    LIFE_OF_HOLD,
    Change,
    ChangeEvent,
    ChangeKind,
    ChangeState,
    Hold,
    HoldAsked,
    HoldEvent,
    Wish,
)
from app.advance.rules import changes as rules
from app.advance.rules import quota, transfers
from app.advance.service.transfers import call
from app.advance.store import changes as kept
from app.advance.store import runs, watching
from app.advance.store.transfers import Cause
from app.kernel.money import ZERO, Money
from app.parties import service as parties
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work
from app.visit import service as visits


async def propose(work: Work, wish: Wish) -> Change:
    """Let one person of the operator propose another mode or quota (变更提出)."""
    await parties.require_person(work)
    rules.require_pair(wish.pair)
    if wish.kind is ChangeKind.MODE and await watching.mode(work.tx, wish.pair) is wish.mode:
        raise AdvanceUnchanged
    held = await runs.held(work.tx) if wish.kind is ChangeKind.QUOTA else {}
    if wish.kind is ChangeKind.QUOTA and held.get(wish.pair, ZERO) == wish.amount:
        raise AdvanceUnchanged
    return await _open(work, wish, ChangeState.PROPOSED)


async def ask_increase(work: Work, wish: Wish) -> Change:
    """Let a treatment place whose advance is red ask for more (紧急调增申请)."""
    rules.require_pair(wish.pair)
    if work.caller.region != wish.pair.treatment_place:
        raise AdvanceForeign(place=wish.pair.treatment_place)
    rules.require_red(*await watching.levels(work.tx, wish.pair))
    return await _open(work, wish, ChangeState.ASKED)


async def decide(work: Work, number: str, amount: Money, note: str) -> Change:
    """Let one person of the operator decide how much of an increase to propose (审定)."""
    await parties.require_person(work)
    it = await _locked(work, number)
    state = LIFE_OF_CHANGE.after(it.state, ChangeEvent.DECIDE)
    await kept.decide(work.tx, it, amount, note, work.caller.client)
    work.record("advance.decide", number, amount=amount, state=state)
    return await _now(work, number)


async def approve(work: Work, number: str) -> Change:
    """Let another person approve: the mode changes, or the notices go out (批准)."""
    it = await _locked(work, number)
    state = LIFE_OF_CHANGE.after(it.state, ChangeEvent.APPROVE)
    await parties.require_second(work, it.proposed_by)
    pair = it.wish.pair
    # Whoever calls for money waits for the others first, and for the books' guards after that.
    if it.wish.kind is not ChangeKind.MODE:
        await _call(work, it)
    mode = rules.first_mode(work.today, pair.insured_place, work.book)
    await watching.guard(work.tx, [(pair, mode)], rules.lines_of(work.today, work.book))
    if it.wish.mode is not None:
        await watching.change_mode(work.tx, pair, it.wish.mode)
    await kept.close_change(work.tx, it, state, at=work.now, by=work.caller.client, note=None)
    work.record("advance.approve", number, kind=it.wish.kind)
    _announce(work, it, state)
    return await _now(work, number)


async def reject(work: Work, number: str, note: str) -> Change:
    """Turn a change down, with the reason (驳回)."""
    it = await _locked(work, number)
    state = LIFE_OF_CHANGE.after(it.state, ChangeEvent.REJECT)
    await kept.close_change(work.tx, it, state, at=work.now, by=work.caller.client, note=note)
    work.record("advance.reject", number, kind=it.wish.kind)
    _announce(work, it, state)
    return await _now(work, number)


async def changes(reading: Reading, page: PageAsked) -> Page[Change]:
    """List the changes of pairs the caller is a side of."""
    found = await kept.changes(reading.rx, reading.caller.scope, page)
    return Page.of(found, page, lambda it: it.id)


async def change(reading: Reading, number: str) -> Change:
    """Read one change."""
    found = await kept.change_by_number(reading.rx, reading.caller.scope, number)
    if found is None:
        raise AdvanceChangeUnknown(change=number)
    return found


async def ask_hold(work: Work, asked: HoldAsked) -> Hold:
    """Ask that a visit may be settled though the advance is used up (结算批准申请)."""
    await parties.require_person(work)
    visit = await visits.seen(work.tx, work.caller.scope, asked.visit)
    pair = quota.pair_of(visit.insured_region, visit.treatment_region, visit.scheme)
    by = work.caller.client
    number = await kept.ask_hold(work.tx, visit.id, pair, asked, at=work.now, by=by)
    if number is None:
        raise HoldOpen(visit=asked.visit)
    work.record("advance.ask_hold", number, visit=asked.visit, fund=asked.fund)
    told = {"visit": asked.visit, "fund": asked.fund}
    work.announce("advance.hold_asked", number, (pair.treatment_place,), told)
    return await _hold_now(work, number)


async def answer_hold(work: Work, number: str, event: HoldEvent, note: str | None) -> Hold:
    """Let the treatment place, whose money pays meanwhile, approve or decline (批准)."""
    it = await kept.locked_hold(work.tx, work.caller.scope, number)
    if it is None:
        raise HoldUnknown(hold=number)
    if work.caller.region != it.pair.treatment_place:
        raise AdvanceForeign(place=it.pair.treatment_place)
    state = LIFE_OF_HOLD.after(it.state, event)
    await parties.require_second(work, it.asked_by)
    await kept.answer_hold(work.tx, it, state, at=work.now, by=work.caller.client, note=note)
    work.record("advance.answer_hold", number, visit=it.visit, state=state)
    told = {"visit": it.visit, "state": state}
    work.announce("advance.hold_answered", number, (it.institution, *it.pair.places), told)
    return await _hold_now(work, number)


async def holds(reading: Reading, page: PageAsked) -> Page[Hold]:
    """List the holds the caller is a side of."""
    found = await kept.holds(reading.rx, reading.caller.scope, page)
    return Page.of(found, page, lambda it: it.id)


async def hold(reading: Reading, number: str) -> Hold:
    """Read one hold."""
    found = await kept.hold_by_number(reading.rx, reading.caller.scope, number)
    if found is None:
        raise HoldUnknown(hold=number)
    return found


async def _open(work: Work, wish: Wish, state: ChangeState) -> Change:
    number = await kept.open_change(work.tx, wish, state, at=work.now, by=work.caller.client)
    if number is None:
        existing = await kept.under_way(work.tx, wish)
        raise AdvanceChangeOpen(change=existing)
    facts = {"kind": wish.kind, "mode": wish.mode, "amount": wish.amount}
    work.record("advance.open_change", number, **facts)
    work.announce("advance.change_opened", number, wish.pair.places, facts)
    return await _now(work, number)


async def _call(work: Work, it: Change) -> None:
    """Call for an increase as decided, or for what a new quota is short or over."""
    assert it.decided is not None, "what is proposed has an amount"
    difference, purpose = it.decided, Purpose.INCREASE
    if it.wish.kind is ChangeKind.QUOTA:
        held = await runs.held_alone(work.tx)
        difference, purpose = it.decided - held.get(it.wish.pair, ZERO), Purpose.ADJUSTMENT
    drafts = transfers.draft(it.wish.pair, difference, purpose)
    await call(work, drafts, Cause(change_id=it.id))


async def _locked(work: Work, number: str) -> Change:
    it = await kept.locked_change(work.tx, work.caller.scope, number)
    if it is None:
        raise AdvanceChangeUnknown(change=number)
    return it


async def _now(work: Work, number: str) -> Change:
    now = await kept.change_by_number(work.tx, work.caller.scope, number)
    assert now is not None, "it was made or locked in this transaction"
    return now


async def _hold_now(work: Work, number: str) -> Hold:
    now = await kept.hold_by_number(work.tx, work.caller.scope, number)
    assert now is not None, "it was made or locked in this transaction"
    return now


def _announce(work: Work, it: Change, state: ChangeState) -> None:
    told = {"kind": it.wish.kind, "state": state, "mode": it.wish.mode, "amount": it.decided}
    work.announce("advance.change_closed", it.number, it.wish.pair.places, told)
