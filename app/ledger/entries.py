"""What each business event does to the books: one function an event, after the table of accounts.

An amount of zero leaves an entry without postings, a trace that the event took place; a negative
one (a credit) runs the other way, since a posting has no sign.
"""

from __future__ import annotations

from datetime import date

from app.kernel.basis import basis
from app.kernel.money import Money
from app.ledger.chart import advance, notified, payable, treasury, uncleared
from app.ledger.model import Account, Entry, Event, Posting

__all__ = [
    "Entry",
    "Posting",
    "advance_paid",
    "advance_returned",
    "deduction_made",
    "institution_paid",
    "notice_issued",
    "payment_matched",
    "settlement_booked",
    "settlement_cancelled",
]


@basis("hub-default/ledger")
def settlement_booked(
    subject: str,
    day: date,
    insured_place: str,
    treatment_place: str,
    institution: str,
    fund: Money,
) -> Entry:
    """The insured place owes the fund share, the treatment place owes it on to the institution."""
    debit, credit = uncleared(insured_place, treatment_place), payable(treatment_place, institution)
    moved = _moved(debit, credit, fund)
    return Entry(event=Event.SETTLEMENT_BOOKED, subject=subject, day=day, postings=moved)


@basis("hub-default/ledger")
def settlement_cancelled(subject: str, day: date, booked: Entry) -> Entry:
    """The exact opposite of the settlement's entry, under the cancellation's own number."""
    return Entry(
        event=Event.SETTLEMENT_CANCELLED,
        subject=subject,
        day=day,
        postings=tuple(posting.turned() for posting in booked.postings),
        reverses=booked.subject,
    )


@basis("hub-default/ledger")
def deduction_made(
    subject: str,
    day: date,
    insured_place: str,
    treatment_place: str,
    institution: str,
    deducted: Money,
) -> Entry:
    """What review takes from the institution, the insured place no longer owes."""
    debit, credit = payable(treatment_place, institution), uncleared(insured_place, treatment_place)
    moved = _moved(debit, credit, deducted)
    return Entry(event=Event.DEDUCTION_MADE, subject=subject, day=day, postings=moved)


@basis("hub-default/ledger")
def notice_issued(
    subject: str, day: date, insured_place: str, treatment_place: str, fund: Money
) -> Entry:
    """What was uncleared is claimed by a notice; a claim below zero is a credit."""
    pair = insured_place, treatment_place
    moved = _moved(notified(*pair), uncleared(*pair), fund)
    return Entry(event=Event.NOTICE_ISSUED, subject=subject, day=day, postings=moved)


@basis("hub-default/ledger", "beijing-2025-5/5.1-books")
def payment_matched(
    subject: str, day: date, insured_place: str, treatment_place: str, paid: Money
) -> Entry:
    """The insured place's money arrives and settles what was notified (账款相符)."""
    credit = notified(insured_place, treatment_place)
    moved = _moved(treasury(treatment_place), credit, paid)
    return Entry(event=Event.PAYMENT_MATCHED, subject=subject, day=day, postings=moved)


@basis("hub-default/ledger", "hub-default/advance-float")
def advance_paid(
    subject: str, day: date, insured_place: str, treatment_place: str, paid: Money
) -> Entry:
    """The insured place's float arrives; the treatment place owes it back."""
    credit = advance(insured_place, treatment_place)
    moved = _moved(treasury(treatment_place), credit, paid)
    return Entry(event=Event.ADVANCE_PAID, subject=subject, day=day, postings=moved)


@basis("hub-default/ledger", "hub-default/advance-float")
def advance_returned(
    subject: str, day: date, insured_place: str, treatment_place: str, returned: Money
) -> Entry:
    """The treatment place gives some or all of the float back."""
    debit = advance(insured_place, treatment_place)
    moved = _moved(debit, treasury(treatment_place), returned)
    return Entry(event=Event.ADVANCE_RETURNED, subject=subject, day=day, postings=moved)


@basis("hub-default/ledger")
def institution_paid(
    subject: str, day: date, treatment_place: str, institution: str, paid: Money
) -> Entry:
    """The treatment place pays its institution."""
    debit = payable(treatment_place, institution)
    moved = _moved(debit, treasury(treatment_place), paid)
    return Entry(event=Event.INSTITUTION_PAID, subject=subject, day=day, postings=moved)


def _moved(debit: Account, credit: Account, amount: Money) -> tuple[Posting, ...]:
    if not amount.fen:
        return ()
    if amount.is_negative:
        return (Posting(credit, debit, -amount),)
    return (Posting(debit, credit, amount),)
