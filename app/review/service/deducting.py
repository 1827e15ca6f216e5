"""What can be done about deductions: propose, appeal, decide, give back, finish what is unappealed.

What becomes final is booked, and falls into the month of its place that is open: fixed here.
"""

from __future__ import annotations

from collections.abc import Sequence

from app.kernel.money import Money
from app.ledger import service as ledger
from app.ledger.entries import Entry, deduction_made
from app.review.errors import DeductionUnknown, ReviewForeign
from app.review.model import DeductionState
from app.review.model.deducting import (
    Decided,
    Deduction,
    DeductionAsked,
    DeductionEvent,
    DeductionsAsked,
)
from app.review.rules import deducting
from app.review.store import deducting as kept
from app.review.store import deductions as store
from app.review.store.stamp import Stamp
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work
from app.settlement import service as settlements

FINISHED_MAX = 10_000  # in one transaction; the next one goes on


async def propose(work: Work, asked: Sequence[DeductionAsked]) -> Sequence[Deduction]:
    """Propose deductions from settlements of the caller's place: all of them, or none (扣款)."""
    found = await kept.held(work.tx, work.caller.scope, asked)
    made = deducting.proposals(asked, found, work.today, work.book)
    proposed = await kept.propose(work.tx, made, Stamp.of(work))
    for it in proposed:
        work.record("deduction.propose", it.number, settlement=it.settlement, amount=it.amount)
        _announce(work, "deduction.proposed", it)
    return proposed


async def appeal(work: Work, number: str, note: str) -> Deduction:
    """Appeal against a deduction, with evidence (申诉)."""
    it = await _locked(work, number)
    then = deducting.appealed(it, work.today)
    await kept.appeal(work.tx, it, then, note, Stamp.of(work))
    work.record("deduction.appeal", number)
    _announce(work, "deduction.appealed", it)
    return await _shown(work, number)


async def decide(
    work: Work, number: str, event: DeductionEvent, amount: Money | None, note: str
) -> Deduction:
    """Uphold, lower or withdraw a deduction; what stands is final (裁定)."""
    it = await _locked(work, number)
    if not work.caller.governs(it.treatment_region):
        raise ReviewForeign
    said = deducting.decide(it, event, amount)
    return (await _end(work, [(it, said)], note))[0]


async def give_back(work: Work, number: str, note: str) -> Deduction:
    """Give a final deduction back by its negative twin (返还)."""
    it = await _locked(work, number)
    if not work.caller.governs(it.treatment_region):
        raise ReviewForeign
    deducting.require_returnable(it)
    key = (it.treatment_place, it.settlement_month)
    month = (await settlements.open_months(work, {key}))[key]
    twin = await kept.give_back(work.tx, it, month, note, Stamp.of(work))
    ledger.book(work, [_entry(work, twin)])
    work.record("deduction.give_back", twin.number, cancels=number, month=month)
    _announce(work, "deduction.given_back", twin)
    return twin


async def finish_unappealed(work: Work) -> int:
    """Make final what nobody appealed against in time; tell how many. Safe to ask again."""
    found = await kept.unappealed(work.tx, work.today, FINISHED_MAX)
    work.record("deduction.finish_unappealed", work.today, deductions=len(found))
    if found:
        ended = [(it, deducting.decide(it, DeductionEvent.LAPSE, None)) for it in found]
        await _end(work, ended, None)
    return len(found)


async def find(reading: Reading, number: str) -> Deduction:
    """Show a deduction."""
    found = await store.find(reading.rx, reading.caller.scope, number)
    if found is None:
        raise DeductionUnknown
    return found


async def deductions(
    reading: Reading, asked: DeductionsAsked, wanted: PageAsked
) -> Page[Deduction]:
    """List the deductions the caller may see."""
    found = await store.page(reading.rx, reading.caller.scope, asked, wanted)
    return Page.of(found, wanted, lambda it: it.id)


async def _locked(work: Work, number: str) -> Deduction:
    found = await store.locked(work.tx, work.caller.scope, number)
    if found is None:
        raise DeductionUnknown
    return found


async def _shown(work: Work, number: str) -> Deduction:
    found = await store.find(work.tx, work.caller.scope, number)
    assert found is not None, "it is held"
    return found


async def _end(
    work: Work, ended: Sequence[tuple[Deduction, Decided]], note: str | None
) -> Sequence[Deduction]:
    """Write how deductions ended; book those that stand, each in a month kept from closing."""
    standing = {
        (it.treatment_place, it.settlement_month)
        for it, said in ended
        if said.state is DeductionState.FINAL
    }
    months = await settlements.open_months(work, standing) if standing else {}
    decided = [
        (
            it,
            said,
            months[it.treatment_place, it.settlement_month]
            if said.state is DeductionState.FINAL
            else None,
        )
        for it, said in ended
    ]
    done = await kept.decide(work.tx, decided, note, Stamp.of(work))
    ledger.book(work, [_entry(work, it) for it in done if it.month is not None])
    for it in done:
        work.record("deduction.decide", it.number, decision=it.decision, amount=it.amount)
        _announce(work, f"deduction.{it.state}", it)
    return done


def _entry(work: Work, it: Deduction) -> Entry:
    pair = (it.insured_place, it.treatment_place)
    return deduction_made(it.number, work.today, *pair, it.institution, it.amount)


def _announce(work: Work, topic: str, it: Deduction) -> None:
    body = {
        "deduction": it.number,
        "settlement": it.settlement,
        "amount": it.amount,
        "appeal_by": it.appeal_by,
        "month": it.month,
    }
    insured = () if it.month is None else (it.insured_place,)
    work.announce(topic, it.number, (it.institution, it.treatment_place, *insured), body)
