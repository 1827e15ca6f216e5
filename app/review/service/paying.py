"""What can be done about payments to institutions: record one, list them, see how each stands."""

from __future__ import annotations

from app.kernel.parties import PartyKind
from app.ledger import service as ledger
from app.ledger.entries import institution_paid
from app.review.errors import ReviewForeign, StandingUnknown
from app.review.model.monthly import (
    InstitutionPayment,
    InstitutionStanding,
    InstitutionStatement,
    MonthsWanted,
    PaymentAsked,
)
from app.review.rules import paying
from app.review.store import paying as store
from app.review.store.stamp import Stamp
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work

SHOWN_MAX = 120  # months, and payments, of a statement
ONE = PageAsked("", 1)


async def pay(work: Work, asked: PaymentAsked) -> InstitutionPayment:
    """Record a transfer to an institution and book it; told again, it is the same one (拨付)."""
    if work.caller.kind is not PartyKind.AGENCY or not work.caller.governs(asked.place):
        raise ReviewForeign
    await store.hold(work.tx, asked.place)
    known = await store.known(work.tx, asked)
    if paying.is_known(known, asked):
        assert known is not None, "a payment that is known is there"
        work.record("institution_payment.known", known.number)
        return known
    wanted = MonthsWanted(place=asked.place, institution=asked.institution)
    found = await store.standings(work.tx, work.caller.scope, wanted, ONE)
    paying.require_payable(found[0] if found else None, asked)
    made = await store.keep(work.tx, asked, Stamp.of(work))
    day = work.today
    ledger.book(
        work,
        [institution_paid(made.number, day, asked.place, asked.institution, asked.amount)],
    )
    work.record("institution_payment.make", made.number, amount=asked.amount)
    body = {"amount": asked.amount, "paid_on": asked.paid_on, "place": asked.place}
    work.announce("institution_payment.made", made.number, (asked.institution,), body)
    return made


async def payments(
    reading: Reading, asked: MonthsWanted, wanted: PageAsked
) -> Page[InstitutionPayment]:
    """List the payments the caller may see."""
    found = await store.page(reading.rx, reading.caller.scope, asked, wanted)
    return Page.of(found, wanted, lambda it: it.id)


async def standings(
    reading: Reading, asked: MonthsWanted, wanted: PageAsked
) -> Page[InstitutionStanding]:
    """List how institutions stand: what is due, deducted, paid and open."""
    found = await store.standings(reading.rx, reading.caller.scope, asked, wanted)
    return Page.of(found, wanted, lambda it: it.place + it.institution)


async def statement(reading: Reading, place: str, institution: str) -> InstitutionStatement:
    """Show an institution's statement with a place: its months and payments, latest first."""
    scope = reading.caller.scope
    wanted = MonthsWanted(place=place, institution=institution)
    found = await store.standings(reading.rx, scope, wanted, ONE)
    if not found:
        raise StandingUnknown
    return InstitutionStatement(
        standing=found[0],
        months=await store.months(reading.rx, scope, place, institution, SHOWN_MAX),
        payments=await store.latest(reading.rx, scope, place, institution, SHOWN_MAX),
    )
