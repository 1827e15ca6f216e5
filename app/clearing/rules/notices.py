"""Which notices a clearing calls for, and by when they are to be paid."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date

from app.clearing.model import (
    ContestState,
    Due,
    DueDates,
    NoticeDraft,
    NoticeKind,
    Part,
    Period,
)
from app.clearing.model.confirming import Contest, Standing
from app.clearing.rules.contests import lapse, may_roll
from app.kernel.basis import basis
from app.kernel.calendar import working_days_after
from app.kernel.money import Money
from app.policy.book import PolicyBook

LOWERED = (ContestState.ACCEPTED, ContestState.ACCEPTED_IN_PART, ContestState.UNANSWERED)


@dataclass(frozen=True, slots=True)
class Ripe:
    """A claim that can be noticed, and what becomes of the contests it holds."""

    standing: Standing
    answered: tuple[Contest, ...]
    rolling: tuple[Contest, ...]
    lapsing: tuple[Contest, ...]


@basis("hub-default/confirmation", "hub-default/roll-forward", "hub-default/year-close")
def ripe(
    standings: Iterable[Standing],
    contests: Sequence[Contest],
    period: Period,
    today: date,
    book: PolicyBook,
) -> tuple[Ripe, ...]:
    """A claim is noticed once both sides confirmed it; what is contested still rolls forward.

    Where an item can roll no further its answer is waited for until it is due, and no longer.
    """
    found = []
    for standing in standings:
        if standing.claim.noticed_at is not None or not standing.is_confirmed:
            continue
        held = [it for it in contests if it.held_by == standing.claim.id]
        unanswered = [it for it in held if it.state is ContestState.OPEN]
        rolling = tuple(it for it in unanswered if may_roll(it, period, book))
        lapsing = tuple(it for it in unanswered if it not in rolling)
        if any(today <= it.reply_by for it in lapsing):
            continue
        answered = tuple(it for it in held if it.state in LOWERED)
        found.append(Ripe(standing, answered, rolling, lapsing))
    return tuple(found)


@basis("hub-default/contest")
def due_of(it: Ripe) -> Due:
    """A claim is called for without what its contests took off and without what rolls on."""
    taken = [each.fund - (each.agreed or Money(0)) for each in it.answered]
    taken += [each.fund - lapse(each).agreed for each in it.lapsing if not each.is_cancelled]
    rolled = [each.fund for each in it.rolling]
    return Due(
        it.standing.claim,
        deducted=Part(len(taken), Money.total(taken)),
        rolled=Part(len(rolled), Money.total(rolled)),
    )


@basis("hub-default/gross")
def notices_of(called: Iterable[Due]) -> tuple[NoticeDraft, ...]:
    """Every claim calls for a payable and a receivable notice of the same amount.

    A claim of nothing calls for none. One below zero is called for all the same, as a credit: no
    claim is set off against another.
    """
    return tuple(
        NoticeDraft(due=due, kind=kind, party_place=party, counter_place=counter)
        for due in called
        if due.amount.fen
        for kind, party, counter in (
            (NoticeKind.PAYABLE, due.claim.insured_place, due.claim.treatment_place),
            (NoticeKind.RECEIVABLE, due.claim.treatment_place, due.claim.insured_place),
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
