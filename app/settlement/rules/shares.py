"""The whole bill: every line decided, refunds against what they refund, sums of rounded lines."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from decimal import Decimal

from app.kernel.basis import basis
from app.kernel.money import ZERO, Money
from app.policy.book import PolicyBook
from app.settlement.model import Bill, Charge, Circumstances, LineResult, Reason, Settlement
from app.settlement.rules.pricing import clause_of, payable


@dataclass(slots=True)
class _Group:
    """A charge and what is left of it after the refunds met so far."""

    charge: Charge
    quantity: Decimal
    amount: Money
    fund: Money
    reason: Reason | None


@basis("hub-default/shares-sum", "hub-default/refund-group", "hub-default/recomputed")
def adjudicate(charges: Sequence[Charge], at: Circumstances, book: PolicyBook) -> Bill:
    """Decide every line of a bill (待遇核算); fund share and own share add up to each amount.

    A refund takes back what the fund paid for it: the fund's part of what is left after it, less
    the part of what was left before. So a group of lines never falls below zero, and a charge
    refunded whole costs nobody anything.
    """
    groups: dict[str, _Group] = {}
    return Bill(tuple(_decide(charge, groups, at, book) for charge in charges))


def _decide(
    charge: Charge, groups: dict[str, _Group], at: Circumstances, book: PolicyBook
) -> LineResult:
    if charge.refund_of is None:
        fund, reason = payable(charge, at, charge.quantity, charge.amount)
        group = _Group(charge, charge.quantity, charge.amount, fund, reason)
        groups[charge.serial] = group
        return _result(charge, group, fund, at, book)
    group = groups[charge.refund_of]
    quantity, amount = group.quantity + charge.quantity, group.amount + charge.amount
    fund, reason = payable(group.charge, at, quantity, amount)
    before = replace(group)
    group.quantity, group.amount, group.fund, group.reason = quantity, amount, fund, reason
    return _result(charge, before, fund - before.fund, at, book)


def _result(
    charge: Charge, group: _Group, fund: Money, at: Circumstances, book: PolicyBook
) -> LineResult:
    """A refund bears the reason and clause of what it takes back."""
    reason = group.reason
    return LineResult(
        charge=charge,
        fund=fund,
        own=charge.amount - fund,
        reason=reason,
        clause=clause_of(reason, group.charge, at, book),
    )


@basis("hub-default/recomputed")
def differences(stored: Bill, again: Bill, header: Settlement) -> tuple[str, ...]:
    """Name the lines, and the sums, that came out different; nothing named means equal."""
    pairs = zip(stored.lines, again.lines, strict=True)
    found = [one.charge.serial for one, other in pairs if one != other]
    if (header.total, header.fund, header.own) != (again.total, again.fund, again.own):
        found.append("total")
    return tuple(found)


@basis("hub-default/cancellation")
def turned(bill: Bill) -> Bill:
    """A cancellation is the settlement with every sign turned (负向记录)."""
    return Bill(tuple(line.turned() for line in bill.lines))


@basis("hub-default/shares-sum")
def require_sums(bill: Bill) -> None:
    """Fund share and own share add up to the total; nothing here is the caller's fault."""
    assert bill.fund + bill.own == bill.total, "every line's shares add up to its amount"
    assert not bill.fund.is_negative, "no group of lines falls below zero"
    assert bill.own >= ZERO, "no group of lines falls below zero"
