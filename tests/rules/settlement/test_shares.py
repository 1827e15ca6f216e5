"""The whole bill, on paper: sums, refunds, twins and recomputation, whatever is charged."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from decimal import Decimal

from hypothesis import given
from hypothesis import strategies as st

from app.kernel.money import ZERO, Money
from app.policy.book import PolicyBook
from app.settlement import rules
from app.settlement.model import Bill, Charge, Listing, Reason
from app.visit.model import FeeCategory
from tests.rules.settlement.facts import charge, circumstances, listing, settlement

BOOK = PolicyBook.load()
AT = circumstances(entitlement_lost_on=date(2025, 9, 2))
DAYS = st.sampled_from([date(2025, 9, 1), date(2025, 9, 2), date(2025, 9, 3)])
LISTINGS = st.none() | st.builds(
    Listing,
    place=st.just("370000"),
    version=st.just(1),
    label=st.just("2024"),
    listed=st.booleans(),
    cap=st.none() | st.integers(1, 2_000).map(Money),
    restricted=st.booleans(),
    minimum_life_months=st.none() | st.integers(1, 24),
)


@st.composite
def groups(draw: st.DrawFn, serial: str, *, whole: bool = False) -> list[Charge]:
    """Draw a charge and refunds that leave at least nothing of it, or exactly nothing."""
    quantity = draw(st.integers(1, 100_000))
    amount = draw(st.integers(0, 10_000_000))
    first = charge(
        serial,
        category=draw(st.sampled_from(FeeCategory)),
        quantity=Decimal(quantity).scaleb(-4),
        amount=Money(amount),
        day=draw(DAYS),
        injury_related=draw(st.booleans()),
        restricted_approved=draw(st.booleans()),
        listing=draw(LISTINGS),
        fitted_before=draw(st.none() | st.just(date(2025, 6, 1))),
    )
    made = [first]
    for n in range(draw(st.integers(1 if whole else 0, 3))):
        taken = draw(st.integers(0, quantity)), draw(st.integers(0, amount))
        made.append(_refund(first, f"{serial}r{n}", *taken))
        quantity, amount = quantity - taken[0], amount - taken[1]
    if whole:
        made.append(_refund(first, f"{serial}rest", quantity, amount))
    return made


def _refund(of: Charge, serial: str, quantity: int, amount: int) -> Charge:
    taken = {"quantity": -Decimal(quantity).scaleb(-4), "amount": Money(-amount)}
    return replace(of, serial=serial, refund_of=of.serial, **taken)  # type: ignore[arg-type]  # both are fields


def bills(*, whole: bool = False) -> st.SearchStrategy[list[Charge]]:
    drawn = [groups(str(n), whole=whole) for n in range(3)]
    return st.tuples(*drawn).map(lambda found: [line for group in found for line in group])


@given(bills())
def test_fund_share_and_own_share_add_up_on_every_line_and_on_the_bill(
    charges: list[Charge],
) -> None:
    bill = rules.adjudicate(charges, AT, BOOK)
    assert all(line.fund + line.own == line.charge.amount for line in bill.lines)
    assert bill.fund + bill.own == bill.total
    rules.require_sums(bill)


@given(bills())
def test_no_group_of_lines_is_ever_below_zero(charges: list[Charge]) -> None:
    bill = rules.adjudicate(charges, AT, BOOK)
    fund: dict[str, Money] = {}
    own: dict[str, Money] = {}
    for line in bill.lines:
        group = line.charge.refund_of or line.charge.serial
        fund[group] = fund.get(group, ZERO) + line.fund
        own[group] = own.get(group, ZERO) + line.own
        assert fund[group] >= ZERO
        assert own[group] >= ZERO


@given(bills())
def test_a_refund_never_takes_more_than_it_names_and_never_gives(charges: list[Charge]) -> None:
    bill = rules.adjudicate(charges, AT, BOOK)
    assert all(line.fund <= ZERO for line in bill.lines if line.charge.refund_of)


@given(bills(whole=True))
def test_what_is_refunded_whole_costs_nobody_anything(charges: list[Charge]) -> None:
    bill = rules.adjudicate(charges, AT, BOOK)
    assert (bill.total, bill.fund, bill.own) == (ZERO, ZERO, ZERO)


@given(bills())
def test_the_same_facts_are_decided_the_same_again(charges: list[Charge]) -> None:
    bill = rules.adjudicate(charges, AT, BOOK)
    again = rules.adjudicate([line.charge for line in bill.lines], AT, BOOK)
    header = settlement(total=bill.total, fund=bill.fund, own=bill.own)
    assert rules.differences(bill, again, header) == ()


@given(bills())
def test_a_twin_has_every_sign_turned_and_turns_back(charges: list[Charge]) -> None:
    bill = rules.adjudicate(charges, AT, BOOK)
    twin = rules.turned(bill)
    assert (twin.total, twin.fund, twin.own) == (-bill.total, -bill.fund, -bill.own)
    assert rules.turned(twin) == bill


@given(bills())
def test_own_shares_by_reason_are_all_that_is_paid_by_the_worker(charges: list[Charge]) -> None:
    bill = rules.adjudicate(charges, AT, BOOK)
    assert Money.total(bill.own_by_reason().values()) == bill.own


def test_a_refund_bears_the_reason_of_what_it_takes_back() -> None:
    capped = charge("1", listing=listing(cap=Money(80)))
    refund = charge("2", refund_of="1", quantity=Decimal(-3), amount=Money(-300))
    bill = rules.adjudicate([capped, refund], circumstances(), BOOK)
    assert [line.fund for line in bill.lines] == [Money(800), Money(-240)]
    assert [line.reason for line in bill.lines] == [Reason.OVER_CAP, Reason.OVER_CAP]
    assert bill.own_by_reason() == {Reason.OVER_CAP: Money(140)}


def test_a_different_line_or_sum_is_named() -> None:
    bill = rules.adjudicate([charge("1")], circumstances(), BOOK)
    other = Bill((replace(bill.lines[0], fund=Money(1), own=Money(999)),))
    assert rules.differences(other, bill, settlement()) == ("1",)
    assert rules.differences(bill, bill, settlement(total=Money(1))) == ("total",)
