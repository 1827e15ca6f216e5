"""How much an institution may be paid, and when a payment is one that is known."""

from __future__ import annotations

from app.kernel.basis import basis
from app.kernel.money import ZERO
from app.review.errors import BankReferenceUsed, PaymentExceeds
from app.review.model.monthly import InstitutionPayment, InstitutionStanding, PaymentAsked


@basis("hub-default/institution-payment")
def is_known(known: InstitutionPayment | None, asked: PaymentAsked) -> bool:
    """A bank reference stands for one transfer: told again it is the same, or it is refused."""
    if known is None:
        return False
    if known.asked != asked:
        raise BankReferenceUsed(payment=known.number)
    return True


@basis("hub-default/institution-payment")
def require_payable(standing: InstitutionStanding | None, asked: PaymentAsked) -> None:
    """No more is paid than closed months owe and the books show as payable."""
    payable = ZERO if standing is None else standing.open
    if asked.amount > payable:
        raise PaymentExceeds(payable=payable)
