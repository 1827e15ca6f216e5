"""What the fund pays of plain things: all, up to the list's price, and nothing off the list."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from decimal import ROUND_HALF_UP, Decimal

# The list of Shandong that the machine charges from: the price limit of one in fen, if it has one.
CAPS: Mapping[str, int | None] = {"D010001": 340, "D010002": None, "D010003": None}


@dataclass
class Line:
    """One charged thing, or what is taken back of one."""

    serial: str
    item: str
    quantity: Decimal
    fen: int
    day: date
    injury: bool = True
    refund_of: str | None = None


def rounded(exact: Decimal) -> int:
    """Round half up to the fen."""
    return int(exact.quantize(Decimal(1), ROUND_HALF_UP))


def fund_of(lines: Sequence[Line], lost_on: date | None) -> int:
    """Add up what the fund pays: of each thing, what is left of it after what was taken back."""
    paid = 0
    for charged in lines:
        if charged.refund_of is not None:
            continue
        group = [charged, *(it for it in lines if it.refund_of == charged.serial)]
        fen = sum(it.fen for it in group)
        quantity = sum((it.quantity for it in group), Decimal(0))
        lost = lost_on is not None and charged.day > lost_on
        if charged.injury and not lost and charged.item in CAPS:
            cap = CAPS[charged.item]
            paid += fen if cap is None else min(fen, rounded(quantity * cap))
    return paid
