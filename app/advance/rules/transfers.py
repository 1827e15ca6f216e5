"""What is called for, by when, and whether both sides say the same about its payment."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from app.advance.errors import ConfirmationMismatch, PaidLater
from app.advance.model import (
    Direction,
    Draft,
    DueDays,
    Pair,
    Purpose,
    QuotaRow,
    Said,
    Transfer,
)
from app.kernel.basis import basis
from app.kernel.calendar import business_day, working_days_after
from app.kernel.money import Money
from app.ledger.entries import Entry, advance_paid, advance_returned
from app.policy.book import PolicyBook


@basis("hub-default/advance-notices")
def due_days(issued_on: date, book: PolicyBook) -> DueDays:
    """The agency has its working days to pass the notice on, finance has its own after them."""
    name = "advance.confirm_working_days"
    agency = working_days_after(issued_on, book.whole(name, issued_on, of="agency"))
    finance = working_days_after(agency.day, book.whole(name, issued_on, of="finance"))
    return DueDays(
        agency_by=agency.day,
        finance_by=finance.day,
        announced=agency.announced and finance.announced,
    )


@basis("hub-default/advance-notices", "hub-default/advance-float")
def draft(pair: Pair, difference: Money, purpose: Purpose) -> tuple[Draft, ...]:
    """What is short is paid in, what is too much is paid back; what fits calls for nothing."""
    if not difference.fen:
        return ()
    back = difference.is_negative
    direction = Direction.RETURNED if back else Direction.PAID
    amount = -difference if back else difference
    return (Draft(pair=pair, direction=direction, purpose=purpose, amount=amount),)


@basis("hub-default/advance-notices")
def drafts(rows: Iterable[QuotaRow]) -> tuple[Draft, ...]:
    """A run calls for the difference between each quota and what is held."""
    return tuple(it for row in rows for it in draft(row.pair, row.difference, Purpose.YEARLY))


@basis("hub-default/advance-notices")
def require_payable(it: Transfer, said: Said, today: date) -> None:
    """The payer pays what was called for, after the notice was issued and not in the future."""
    issued_on = business_day(it.issued_at)
    if not issued_on <= said.paid_on <= today:
        raise PaidLater(issued_on=issued_on, today=today)
    if said.amount != it.amount:
        raise ConfirmationMismatch(
            different=["amount"],
            yours={"amount": str(said.amount)},
            theirs={"amount": str(it.amount)},
        )


@basis("hub-default/advance-notices")
def require_agreed(paid: Said, received: Said) -> None:
    """The receiver says the same as the payer: amount, bank reference and date."""
    theirs, yours = paid.facts(), received.facts()
    different = [name for name, value in theirs.items() if yours[name] != value]
    if different:
        raise ConfirmationMismatch(
            different=different,
            yours={name: yours[name] for name in different},
            theirs={name: theirs[name] for name in different},
        )


@basis("hub-default/advance-float")
def entry_of(it: Transfer, paid_on: date) -> Entry:
    """A float paid in or given back, under the number of the payer's notice."""
    book = advance_paid if it.direction is Direction.PAID else advance_returned
    return book(it.payment_number, paid_on, *it.pair.places, it.amount)
