"""The chart of accounts (会计科目): which accounts there are, and the side each grows on."""

from __future__ import annotations

from app.ledger.model import Account, AccountKind, Side

__all__ = ["Account", "advance", "normal_side", "notified", "payable", "treasury", "uncleared"]

_NORMAL = {
    AccountKind.UNCLEARED: Side.DEBIT,
    AccountKind.NOTIFIED: Side.DEBIT,
    AccountKind.TREASURY: Side.DEBIT,
    AccountKind.PAYABLE: Side.CREDIT,
    AccountKind.ADVANCE: Side.CREDIT,
}


def uncleared(insured_place: str, treatment_place: str) -> Account:
    """What I owes T for settlements that no notice has claimed yet (待清算)."""
    return Account(AccountKind.UNCLEARED, insured_place, treatment_place, None)


def notified(insured_place: str, treatment_place: str) -> Account:
    """What I owes T by notices, until the money is there (已通知应收)."""
    return Account(AccountKind.NOTIFIED, insured_place, treatment_place, None)


def advance(insured_place: str, treatment_place: str) -> Account:
    """The returnable float I keeps with T (预付金)."""
    return Account(AccountKind.ADVANCE, insured_place, treatment_place, None)


def payable(treatment_place: str, institution: str) -> Account:
    """What T owes an institution that treated the workers of others (应付协议机构)."""
    return Account(AccountKind.PAYABLE, None, treatment_place, institution)


def treasury(treatment_place: str) -> Account:
    """The money T holds for all this (基金账户)."""
    return Account(AccountKind.TREASURY, None, treatment_place, None)


def normal_side(kind: AccountKind) -> Side:
    """Return the side on which the account's balance is ordinarily found (余额方向)."""
    return _NORMAL[kind]
