"""Bank confirmations: taken in, matched to the notices they pay, and booked."""

from __future__ import annotations

from collections.abc import Sequence

from app.clearing.errors import BankReferenceReused, BankRowsForeign
from app.clearing.model import BankOutcome
from app.clearing.model.paying import BankLine, Payment, TakenIn
from app.clearing.rules import payments
from app.clearing.store import payments as kept
from app.ledger import service as ledger
from app.ledger.entries import payment_matched
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work


async def take_in(work: Work, lines: Sequence[BankLine]) -> TakenIn:
    """Match a bank's lines to the notices they pay, book what fits, keep what does not.

    A line that came before is known by the bank's own reference and counts once.
    """
    _require_own(work, lines)
    known = await kept.known(work.tx, [it.bank_reference for it in lines])
    new = payments.new_lines(lines, known)
    if new.reused:
        raise BankReferenceReused(bank_references=list(new.reused))
    calls = await kept.locked_calls(work.tx, [it.reference for it in new.lines])
    found, after = payments.match(new.lines, calls)
    paid = [now for now, was in zip(after, calls, strict=True) if now != was]
    if found:
        await kept.keep(work.tx, found, at=work.now, client=work.caller.client)
    if paid:
        await kept.pay(work.tx, paid)
    by_claim = {it.claim_id: it for it in calls}
    for each in found:
        if each.claim_id is None:
            continue
        call = by_claim[each.claim_id]
        places = (call.insured_place, call.treatment_place)
        day = each.line.paid_on
        ledger.book(work, [payment_matched(call.subject, day, *places, each.booked)])
        told = {"outcome": each.outcome, "amount": each.line.amount}
        work.announce("clearing.payment", call.subject, places, told)
    work.record("clearing.take_in_payments", work.today, lines=len(found), known=new.known)
    return TakenIn(tuple(found), new.known)


async def list_payments(
    reading: Reading, page: PageAsked, outcome: BankOutcome | None
) -> Page[Payment]:
    """List the bank's lines the caller pays or is paid by."""
    found = await kept.payments(reading.rx, reading.caller.scope, page, outcome)
    shown = Page.of(found, page, lambda it: it[0])
    return Page([payment for _, payment in shown.rows], shown.last)


def _require_own(work: Work, lines: Sequence[BankLine]) -> None:
    foreign = [
        it.line
        for it in lines
        if not (work.caller.governs(it.payer) or work.caller.governs(it.payee))
    ]
    if foreign:
        raise BankRowsForeign(lines=foreign)
