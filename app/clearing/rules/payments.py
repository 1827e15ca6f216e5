"""What a bank's line is to the notices, what is to be paid, and how old what is open has grown."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, replace
from datetime import date

from app.clearing.errors import PaymentMisfit, PaymentPlaced
from app.clearing.model import AgeBand, BankOutcome, Notice, NoticeKind
from app.clearing.model.paying import Advice, Aged, AgeSum, BankLine, Call, Payment
from app.clearing.model.reassigning import Stray
from app.kernel.basis import basis
from app.kernel.money import ZERO, Money
from app.kernel.regions import covers

_BANDS = ((0, AgeBand.NOT_DUE), (30, AgeBand.WITHIN_30), (90, AgeBand.WITHIN_90))


@dataclass(frozen=True, slots=True)
class New:
    """The lines not seen before, how many were, and the references used for something else."""

    lines: tuple[BankLine, ...]
    known: int
    reused: tuple[str, ...]


@basis("hub-default/payment-matching")
def new_lines(lines: Iterable[BankLine], known: Mapping[str, BankLine]) -> New:
    """The bank numbers its transactions: the same number is the same payment, told again."""
    seen = {reference: replace(it, line=0) for reference, it in known.items()}
    new, reused, again = [], [], 0
    for line in lines:
        before = seen.get(line.bank_reference)
        if before is None:
            seen[line.bank_reference] = replace(line, line=0)
            new.append(line)
        elif before == replace(line, line=0):
            again += 1
        else:
            reused.append(line.bank_reference)
    return New(tuple(new), again, tuple(reused))


@basis("hub-default/payment-matching")
def match(lines: Iterable[BankLine], calls: Iterable[Call]) -> tuple[list[Payment], list[Call]]:
    """Each line against what its reference calls for, in their order (到账核对).

    Reference, payer and payee must agree, and no more can be paid than is open, nor more be
    returned than was paid: all else is misdirected and booked nowhere. Returns what each line
    came to, and the calls as they now stand.
    """
    standing = {reference: call.claim_id for call in calls for reference in call.references}
    now = {call.claim_id: call for call in calls}
    payments = []
    for line in lines:
        claim_id = standing.get(line.reference)
        payment, call = _matched(line, None if claim_id is None else now[claim_id])
        if call is not None:
            now[call.claim_id] = call
        payments.append(payment)
    return payments, list(now.values())


def _matched(line: BankLine, call: Call | None) -> tuple[Payment, Call | None]:
    nowhere = Payment(line=line, outcome=BankOutcome.MISDIRECTED, claim_id=None, booked=ZERO)
    if call is None or (line.payer, line.payee) != (call.payer, call.payee):
        return nowhere, None
    payment, now = _placed(line, call)
    return (nowhere, None) if payment is None else (payment, now)


@basis("hub-default/payment-reassignment")
def require_stray(it: Stray, *, is_open: bool) -> None:
    """Only what is booked nowhere is put to a notice, by one proposal at a time."""
    if it.outcome is not BankOutcome.MISDIRECTED or is_open:
        raise PaymentPlaced(bank_reference=it.line.bank_reference, outcome=it.outcome)


@basis("hub-default/payment-reassignment")
def reassigned(line: BankLine, call: Call) -> tuple[Payment, Call]:
    """What went from the right place to the right place under a wrong name is matched by hand.

    Payer and payee are the notice's places or lie within them, and no more is placed than is open.
    """
    if not (covers(call.payer, line.payer) and covers(call.payee, line.payee)):
        raise PaymentMisfit(why="parties", payer=call.payer, payee=call.payee)
    payment, now = _placed(line, call)
    if payment is None or now is None:
        raise PaymentMisfit(why="amount", outstanding=call.amount - call.paid)
    return payment, now


def _placed(line: BankLine, call: Call) -> tuple[Payment | None, Call | None]:
    """Place a line's money on what a notice calls for; nothing where it does not fit."""
    booked = -line.amount if call.amount.is_negative else line.amount
    paid = call.paid + booked
    low, high = sorted((ZERO, call.amount))
    if not low <= paid <= high:
        return None, None
    if line.amount.is_negative:
        outcome = BankOutcome.RETURNED
    else:
        outcome = BankOutcome.MATCHED if paid == call.amount else BankOutcome.PARTIAL
    paid_on = line.paid_on if paid == call.amount else None
    payment = Payment(line=line, outcome=outcome, claim_id=call.claim_id, booked=booked)
    return payment, replace(call, paid=paid, paid_on=paid_on)


@basis("hub-default/payment-days")
def aged(notice: Notice, today: date) -> Aged:
    """A notice is overdue from the day after its last day to pay; it ages in bands (账龄)."""
    days = max(0, (today - notice.due.pay_by).days)
    band = next((band for most, band in _BANDS if days <= most), AgeBand.OVER_90)
    return Aged(notice, days, band)


@basis("hub-default/payment-days")
def age_sums(notices: Iterable[Notice], today: date) -> tuple[AgeSum, ...]:
    """What is outstanding in each band; bands with nothing in them are told, too."""
    sorted_in = [aged(each, today) for each in notices]
    return tuple(
        AgeSum(
            band=band,
            notices=sum(it.band is band for it in sorted_in),
            outstanding=Money.total(it.notice.outstanding for it in sorted_in if it.band is band),
        )
        for band in AgeBand
    )


@basis("hub-default/payment-matching", "hub-default/gross")
def advice_of(notices: Iterable[Notice]) -> tuple[Advice, ...]:
    """Who has a notice to pay pays what is outstanding on it, under the payable one's number.

    A credit is paid by its treatment place, to whom its receivable notice is addressed.
    """
    advised = []
    for it in notices:
        pays = (it.kind is NoticeKind.PAYABLE) != it.amount.is_negative
        if not pays or not it.outstanding.fen:
            continue
        payable = it.number if it.kind is NoticeKind.PAYABLE else it.counterpart
        owed = -it.outstanding if it.amount.is_negative else it.outstanding
        advised.append(
            Advice(
                reference=payable,
                payer=it.party_place,
                payee=it.counter_place,
                amount=owed,
                pay_by=it.due.pay_by,
                notice=it.number,
            )
        )
    return tuple(advised)
