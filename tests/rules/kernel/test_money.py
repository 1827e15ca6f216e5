"""Money is exact, and rounds one way."""

from decimal import Decimal, Inexact, InvalidOperation

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.money import ZERO, Money

AMOUNTS = st.integers(-(10**15) + 1, 10**15 - 1).map(Money)
PRICES = st.decimals(0, 10**9, places=6)
QUANTITIES = st.decimals(-(10**6), 10**6, places=4)


@pytest.mark.parametrize(
    ("text", "fen"),
    [("12.30", 1230), ("12.3", 1230), ("12", 1200), ("-0.05", -5), ("0", 0), ("-0", 0),
     ("9999999999999.99", 999999999999999)],
)  # fmt: skip
def test_yuan_on_the_wire_are_read_to_the_fen(text: str, fen: int) -> None:
    assert Money.yuan(text) == Money(fen)


@pytest.mark.parametrize(
    "text",
    ["1.005", "1e3", "NaN", "Infinity", "", " 1", "1 ", "1\n", "1,000", "+1", "1.", ".5", "--1",
     "10000000000000", "١", "1_0", "0x1"],
)  # fmt: skip
def test_anything_but_plain_yuan_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="not an amount of yuan"):
        Money.yuan(text)


@given(AMOUNTS)
def test_what_is_written_reads_back_equal(amount: Money) -> None:
    assert Money.yuan(str(amount)) == amount


def test_money_is_written_with_two_decimals() -> None:
    written = [str(Money(fen)) for fen in (-1230, -5, 0, 7, 100)]
    assert written == ["-12.30", "-0.05", "0.00", "0.07", "1.00"]


@pytest.mark.parametrize(
    ("price", "quantity", "fen"),
    [
        ("0.005", "1", 1),
        ("0.005", "-1", -1),
        ("0.0049", "1", 0),
        ("1.115", "3", 335),  # 3.345 → 3.35
        ("33.333333", "3", 10000),
        ("9999999999.999999", "999999999999.9999", 999999999999999800000000),
    ],
)
def test_price_times_quantity_rounds_half_away_from_zero(
    price: str, quantity: str, fen: int
) -> None:
    assert Money.priced(Decimal(price), Decimal(quantity)) == Money(fen)


@given(PRICES, QUANTITIES)
def test_a_refund_mirrors_its_charge(price: Decimal, quantity: Decimal) -> None:
    assert Money.priced(price, -quantity) == -Money.priced(price, quantity)


@given(PRICES, QUANTITIES)
def test_rounding_moves_an_amount_by_half_a_fen_at_most(price: Decimal, quantity: Decimal) -> None:
    error = Money.priced(price, quantity).fen - price * quantity * 100
    assert abs(error) <= Decimal("0.5")


def test_a_product_too_long_to_be_exact_raises() -> None:
    with pytest.raises(Inexact):
        Money.priced(Decimal("1." + "3" * 60), Decimal("1." + "3" * 60))
    with pytest.raises(InvalidOperation):
        Money.priced(Decimal("sNaN"), Decimal(1))


@given(st.integers(1, 10**12).map(Money), st.decimals(0, 1, places=4))
def test_a_part_and_its_negative_twin_cancel(amount: Money, rate: Decimal) -> None:
    part = amount.part(rate)
    assert ZERO <= part <= amount
    assert (-amount).part(rate) == -part


def test_half_a_fen_goes_up() -> None:
    assert Money(1).part(Decimal("0.5")) == Money(1)
    assert Money(-1).part(Decimal("0.5")) == Money(-1)


@given(st.lists(AMOUNTS))
def test_a_total_is_the_sum_whatever_the_order(amounts: list[Money]) -> None:
    assert Money.total(amounts) == Money.total(reversed(amounts))
    assert Money.total([]) == ZERO


@given(AMOUNTS, AMOUNTS)
def test_adding_and_taking_away_restore(one: Money, other: Money) -> None:
    assert one + other - other == one
    assert one - other == -(other - one)
    assert (one < other) == (one - other).is_negative
