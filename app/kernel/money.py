"""Money is a whole number of fen (分), rounded one way. There is no other money in the hub."""

from __future__ import annotations

import re
from collections.abc import Iterable
from dataclasses import dataclass
from decimal import ROUND_HALF_UP, Context, Decimal, Inexact, InvalidOperation

from app.kernel.basis import basis

YUAN = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,2})?")
# Wide enough for any price × quantity the wire admits; a product that would not fit raises
# instead of being rounded twice, which the default context of 28 digits would do in silence.
EXACT = Context(prec=90, traps=[Inexact, InvalidOperation])


@dataclass(frozen=True, slots=True, order=True)
class Money:
    """An exact amount of renminbi; may be negative (a refund, a cancellation)."""

    fen: int

    @classmethod
    def yuan(cls, text: str) -> Money:
        """Read "12.30" from the wire; refuse a third decimal rather than round it."""
        if not YUAN.fullmatch(text):
            message = f"{text[:40]!r} is not an amount of yuan with at most two decimals"
            raise ValueError(message)
        return cls(int(Decimal(text).scaleb(2)))

    @classmethod
    @basis("hub-default/rounding")
    def priced(cls, unit_price: Decimal, quantity: Decimal) -> Money:
        """Multiply a unit price in yuan by a quantity, rounded half up to the fen."""
        return cls(_half_up(EXACT.multiply(unit_price, quantity).scaleb(2, EXACT)))

    @classmethod
    def total(cls, amounts: Iterable[Money]) -> Money:
        """Add amounts; nothing adds up to zero."""
        return cls(sum(amount.fen for amount in amounts))

    @property
    def is_negative(self) -> bool:
        """Say whether the amount is below zero."""
        return self.fen < 0

    def __add__(self, other: Money) -> Money:
        return Money(self.fen + other.fen)

    def __sub__(self, other: Money) -> Money:
        return Money(self.fen - other.fen)

    def __neg__(self) -> Money:
        return Money(-self.fen)

    @basis("hub-default/rounding")
    def part(self, rate: Decimal) -> Money:
        """Take a share of the amount, rounded half up to the fen."""
        return Money(_half_up(EXACT.multiply(Decimal(self.fen), rate)))

    def __str__(self) -> str:
        sign, fen = ("-", -self.fen) if self.fen < 0 else ("", self.fen)
        return f"{sign}{fen // 100}.{fen % 100:02d}"


def _half_up(fen: Decimal) -> int:
    """Round half a fen away from zero, so that a refund mirrors its charge to the fen."""
    return int(fen.to_integral_value(ROUND_HALF_UP))


ZERO = Money(0)
