"""Transfers: called for by notices, confirmed by both sides, booked when they agree."""

from __future__ import annotations

from collections.abc import Sequence

from app.advance.errors import (
    AdvanceBankReferenceReused,
    AdvanceForeign,
    AdvanceNoticeUnknown,
    AdvanceNotPaidYet,
)
from app.advance.model import (
    LIFE_OF_TRANSFER,
    Draft,
    Movement,
    Notice,
    NoticeKind,
    Said,
    TransferEvent,
    TransferState,
)
from app.advance.rules import transfers
from app.advance.store import transfers as kept
from app.advance.store.transfers import Cause
from app.ledger import service as ledger
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work


async def call(work: Work, drafts: Sequence[Draft], cause: Cause) -> int:
    """Number the notices of some transfers and tell their addressees; return how many."""
    if not drafts:
        return 0
    due = transfers.due_days(work.today, work.book)
    numbers = await kept.call(work.tx, drafts, cause, due, at=work.now, day=work.today)
    for draft, (payment, receipt) in zip(drafts, numbers, strict=True):
        told = {"amount": draft.amount, "direction": draft.direction, "purpose": draft.purpose}
        days = {"agency_by": due.agency_by, "finance_by": due.finance_by}
        work.announce("advance.payment_noticed", payment, (draft.payer,), told | days)
        work.announce("advance.receipt_noticed", receipt, (draft.receiver,), told | days)
    return len(numbers)


async def confirm(work: Work, number: str, said: Said) -> Notice:
    """Let a side say what was paid, or that the same was received; then it is booked (确认)."""
    it = await kept.locked(work.tx, work.caller.scope, number)
    if it is None:
        raise AdvanceNoticeUnknown(notice=number)
    if work.caller.region != it.party_place:
        raise AdvanceForeign(place=it.party_place)
    if it.kind is NoticeKind.PAYMENT:
        await _say_paid(work, it, said)
    else:
        await _say_received(work, it, said)
    now = await kept.notice_by_number(work.tx, work.caller.scope, number)
    assert now is not None, "it was locked in this transaction"
    return now


async def notices(reading: Reading, page: PageAsked, *, only_open: bool) -> Page[Notice]:
    """List the notices addressed to the caller."""
    found = await kept.notices(reading.rx, reading.caller.scope, page, only_open=only_open)
    return Page.of(found, page, lambda it: it.sort)


async def notice(reading: Reading, number: str) -> Notice:
    """Read one notice addressed to the caller."""
    found = await kept.notice_by_number(reading.rx, reading.caller.scope, number)
    if found is None:
        raise AdvanceNoticeUnknown(notice=number)
    return found


async def statement(
    reading: Reading, page: PageAsked, insured_place: str | None, treatment_place: str
) -> Page[Movement]:
    """List what moved the advance of a pair, or of a pool, with its running balance (对账单)."""
    scope = reading.caller.scope
    found = await kept.statement(reading.rx, scope, page, insured_place, treatment_place)
    return Page.of(found, page, lambda it: it.id)


async def _say_paid(work: Work, it: Notice, said: Said) -> None:
    LIFE_OF_TRANSFER.after(it.transfer.state, TransferEvent.SAY_PAID)
    transfers.require_payable(it.transfer, said, work.today)
    if await kept.is_reused(work.tx, it.transfer, said.bank_reference):
        raise AdvanceBankReferenceReused(bank_reference=said.bank_reference)
    await kept.say_paid(work.tx, it.transfer.id, said, at=work.now, by=work.caller.client)
    facts = said.facts()
    work.record("advance.say_paid", it.number, **facts)
    receipt = it.transfer.receipt_number
    work.announce("advance.paid", receipt, (it.counter_place,), facts)


async def _say_received(work: Work, it: Notice, said: Said) -> None:
    transfer = it.transfer
    if transfer.state is TransferState.CALLED:
        raise AdvanceNotPaidYet(notice=it.number)
    LIFE_OF_TRANSFER.after(transfer.state, TransferEvent.SAY_RECEIVED)
    assert transfer.bank_reference is not None, "a payment that was said has all three"
    assert transfer.paid_on is not None, "a payment that was said has all three"
    paid = Said(
        amount=transfer.amount, bank_reference=transfer.bank_reference, paid_on=transfer.paid_on
    )
    transfers.require_agreed(paid, said)
    await kept.say_received(work.tx, transfer.id, at=work.now, by=work.caller.client)
    ledger.book(work, [transfers.entry_of(transfer, transfer.paid_on)])
    work.record("advance.say_received", it.number, direction=transfer.direction, **said.facts())
    work.announce("advance.booked", transfer.payment_number, transfer.pair.places, said.facts())
