"""Which notices a clearing calls for, and by when they are to be paid."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import date

from app.clearing.model import Claim, DueDates, NoticeDraft, NoticeKind
from app.kernel.basis import basis
from app.kernel.calendar import working_days_after
from app.policy.book import PolicyBook


@basis("hub-default/gross")
def notices_of(claims: Iterable[Claim]) -> tuple[NoticeDraft, ...]:
    """Every claim calls for a payable and a receivable notice of the same amount.

    A claim of nothing calls for none. One below zero is called for all the same, as a credit: no
    claim is set off against another.
    """
    return tuple(
        NoticeDraft(claim=claim, kind=kind, party_place=party, counter_place=counter)
        for claim in claims
        if claim.totals.fund.fen
        for kind, party, counter in (
            (NoticeKind.PAYABLE, claim.insured_place, claim.treatment_place),
            (NoticeKind.RECEIVABLE, claim.treatment_place, claim.insured_place),
        )
    )


@basis("hub-default/payment-days")
def due_dates(issued_on: date, book: PolicyBook) -> DueDates:
    """The agency has its working days to pass the notice on, finance has its own after them."""
    name = "clearing.payment_working_days"
    to_finance = working_days_after(issued_on, book.whole(name, issued_on, of="agency"))
    paid = working_days_after(to_finance.day, book.whole(name, issued_on, of="finance"))
    return DueDates(
        to_finance_by=to_finance.day,
        pay_by=paid.day,
        announced=to_finance.announced and paid.announced,
    )
