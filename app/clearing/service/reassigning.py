"""Misdirected payments: one person proposes the notice meant, a second books it (错汇更正)."""

from __future__ import annotations

from app.clearing.errors import NoticeUnknown, PaymentUnknown, ReassignmentUnknown
from app.clearing.model.paying import Call
from app.clearing.model.reassigning import (
    REASSIGNMENT_LIFE,
    Decision,
    Reassignment,
    ReassignmentAsked,
    ReassignmentState,
)
from app.clearing.rules import payments
from app.clearing.store import payments as kept_payments
from app.clearing.store import reassigning as kept
from app.ledger import service as ledger
from app.ledger.entries import payment_matched
from app.parties import service as parties
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work


async def propose(work: Work, asked: ReassignmentAsked) -> Reassignment:
    """Propose which notice a misdirected payment was meant for; nothing is booked yet."""
    await parties.require_person(work)
    stray = await kept.locked_stray(work.tx, asked.bank_reference)
    if stray is None:
        raise PaymentUnknown(bank_reference=asked.bank_reference)
    is_open = await kept.is_open(work.tx, stray.id)
    payments.require_stray(stray, is_open=is_open)
    call = await _call(work, asked.notice)
    payments.reassigned(stray.line, call)
    number = await kept.propose(work.tx, stray, asked, at=work.now, client=work.caller.client)
    work.record("clearing.propose_reassignment", number, notice=asked.notice)
    return await _shown(work, number)


async def decide(work: Work, number: str, asked: Decision) -> Reassignment:
    """Decide a proposal; what another person approves is matched to its notice and booked."""
    it = await kept.locked(work.tx, work.caller.scope, number)
    if it is None:
        raise ReassignmentUnknown(reassignment=number)
    state = REASSIGNMENT_LIFE.after(it.state, asked.event)
    if state is ReassignmentState.APPROVED:
        await parties.require_second(work, it.proposed_by)
        await _book(work, it)
    client = work.caller.client
    await kept.decide(work.tx, it, state, at=work.now, client=client, note=asked.note)
    work.record("clearing.decide_reassignment", number, state=state, notice=it.notice)
    return await _shown(work, number)


async def reassignments(
    reading: Reading, page: PageAsked, state: ReassignmentState | None
) -> Page[Reassignment]:
    """List the reassignments of payments the caller pays or is paid by."""
    found = await kept.reassignments(reading.rx, reading.caller.scope, page, state)
    return Page.of(found, page, lambda it: it.id)


async def find(reading: Reading, number: str) -> Reassignment:
    """Read one reassignment."""
    found = await kept.reassignment_by_number(reading.rx, reading.caller.scope, number)
    if found is None:
        raise ReassignmentUnknown(reassignment=number)
    return found


async def _book(work: Work, it: Reassignment) -> None:
    """Match the payment as if it had come under its notice's number, on its own day."""
    call = await _call(work, it.notice)
    payment, now = payments.reassigned(it.line, call)
    await kept.place(work.tx, it.payment_id, payment)
    await kept_payments.pay(work.tx, [now])
    places = (call.insured_place, call.treatment_place)
    entry = payment_matched(call.subject, it.line.paid_on, *places, payment.booked)
    ledger.book(work, [entry])
    told = {"outcome": payment.outcome, "amount": it.line.amount}
    work.announce("clearing.payment", call.subject, places, told)


async def _call(work: Work, notice: str) -> Call:
    calls = await kept_payments.locked_calls(work.tx, [notice])
    if not calls:
        raise NoticeUnknown(notice=notice)
    return calls[0]


async def _shown(work: Work, number: str) -> Reassignment:
    found = await kept.reassignment_by_number(work.tx, work.caller.scope, number)
    assert found is not None, "it was kept in this transaction"
    return found
