"""Synthetic bills: the fee lines (费用明细) of a stay or a fitting, as an institution charges them.

A few lines are refunds, a few have nothing to do with the injury, are in no catalogue, or cost
more than the cap, so that every reason of the adjudication has its cases.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import date, timedelta
from functools import cache

from app.kernel.money import Money
from app.sandbox.catalogues import CatalogueRow, ItemKind, items_of
from app.sandbox.dice import Dice

LINES_MAX = 38  # leaves room for two refunds below forty
LINES_MIN = 5
STAY_MEAN_FEN = 14_200_00
STAY_SPREAD = 0.45
FITTING_DEVICES_MAX = 2

# Shares in per cent.
OFF_CATALOGUE = 2
NOT_INJURY = 4
OVER_CAP = 7
BED_OVER_STANDARD = 15
DEVICE_OVER_CAP = 35
OPERATED = 60
REFUNDED = 8
LIMB = 55

SURGERY = ("S07", "S08", "S09")
ANAESTHESIA = "S10"
WARD = ("S010001", "S020003")  # 住院诊察费, Ⅱ级护理
EVERYDAY = ("S03", "S04", "S05", "S06", "S11", "S12")
DOSES = frozenset({"支", "瓶", "袋"})
REHABILITATION_BED = "B020003"
PLAIN_BED = "B010007"
LIMBS = ("A01", "A02")


@dataclass(frozen=True, slots=True, kw_only=True)
class PlannedLine:
    """One charged item; a refund carries a negative quantity and the serial it takes back."""

    serial: int
    kind: ItemKind
    code: str
    name: str
    quantity: int
    price: Money
    injury_related: bool
    day: date
    refund_of: int | None = None

    @property
    def amount(self) -> Money:
        """Return quantity × price, which is exact for whole quantities."""
        return Money(self.price.fen * self.quantity)


@cache
def _shelf(place: str, kind: ItemKind, classes: tuple[str, ...]) -> tuple[CatalogueRow, ...]:
    """Return a place's items whose code begins with one of the classes."""
    return tuple(row for row in items_of(place, kind) if row.code.startswith(classes))


@cache
def _bed(place: str, cost_kind: str, grade: str | None) -> CatalogueRow:
    """Return the bed a stay is charged for: by kind of stay, else by the institution's grade."""
    beds = {row.code: row for row in items_of(place, "bed")}
    if cost_kind == "rehabilitation":
        return beds[REHABILITATION_BED]
    graded = [row for row in beds.values() if row.name.endswith(f"（{grade}）")]
    return graded[0] if graded else beds[PLAIN_BED]


class _Bill:
    """A bill while it is being written up."""

    def __init__(self, dice: Dice, first: date, days: int) -> None:
        self.lines: list[PlannedLine] = []
        self.total_fen = 0
        self._dice = dice
        self._first = first
        self._days = days

    def charge(self, row: CatalogueRow, quantity: int, over_cap: float = OVER_CAP) -> None:
        """Add a line for an item, at the usual price of the place or above its cap."""
        dice = self._dice
        price = row.usual_price
        if dice.happens(over_cap):
            price = Money(price.fen * dice.whole(105, 140) // 100)
        line = PlannedLine(
            serial=len(self.lines) + 1,
            kind=row.kind,
            code=row.code,
            name=row.name,
            quantity=quantity,
            price=price,
            injury_related=not dice.happens(NOT_INJURY),
            day=self._first + timedelta(days=dice.whole(0, self._days)),
        )
        if dice.happens(OFF_CATALOGUE):
            line = replace(
                line, code=f"X99{line.code[-4:]}", name=f"目录外示例项目{line.code[-4:]}"
            )
        self.lines.append(line)
        self.total_fen += line.amount.fen

    def take_back(self) -> None:
        """Refund some or all of a line not refunded yet, on its day or later."""
        dice = self._dice
        touched = {line.refund_of for line in self.lines}
        open_lines = [
            line for line in self.lines if line.refund_of is None and line.serial not in touched
        ]
        charged = dice.one_of(open_lines)
        last = self._first + timedelta(days=self._days)
        line = replace(
            charged,
            serial=len(self.lines) + 1,
            quantity=-dice.whole(1, charged.quantity),
            day=charged.day + timedelta(days=dice.whole(0, (last - charged.day).days)),
            refund_of=charged.serial,
        )
        self.lines.append(line)
        self.total_fen += line.amount.fen


def stay_lines(
    dice: Dice, place: str, *, cost_kind: str, grade: str | None, first: date, days: int
) -> tuple[PlannedLine, ...]:
    """Write the bill of an inpatient stay in a treatment place."""
    bill = _Bill(dice, first, days)
    target = round(dice.skewed(STAY_MEAN_FEN, STAY_SPREAD))
    bill.charge(_bed(place, cost_kind, grade), days, BED_OVER_STANDARD)
    for row in _shelf(place, "service", WARD):
        bill.charge(row, days)
    if cost_kind == "medical" and dice.happens(OPERATED):
        bill.charge(dice.one_of(_shelf(place, "service", SURGERY)), 1)
        bill.charge(dice.one_of(_shelf(place, "service", (ANAESTHESIA,))), 1)
    throws = 0
    while (bill.total_fen < target or len(bill.lines) < LINES_MIN) and len(bill.lines) < LINES_MAX:
        row, quantity = _next_item(dice, place, cost_kind, days)
        throws += 1
        if row.usual_price.fen * quantity * 3 < target or throws > LINES_MAX * 2:
            bill.charge(row, quantity)
    if dice.happens(REFUNDED):
        for _ in range(dice.whole(1, 2)):
            bill.take_back()
    return tuple(bill.lines)


def _next_item(dice: Dice, place: str, cost_kind: str, days: int) -> tuple[CatalogueRow, int]:
    """Pick what is charged next, and how much of it."""
    if cost_kind == "rehabilitation" and dice.happens(75):
        return dice.one_of(items_of(place, "rehabilitation")), dice.whole((days + 1) // 2, days)
    if dice.happens(60):
        row = dice.one_of(items_of(place, "drug"))
        doses = dice.whole(1, 2) * days if row.unit in DOSES else dice.whole(1, 3)
        return row, doses
    return dice.one_of(_shelf(place, "service", EVERYDAY)), dice.whole(1, 3)


def fitting_lines(dice: Dice, place: str, day: date) -> tuple[PlannedLine, ...]:
    """Write the bill of a device fitting; lists and caps are the insured place's."""
    bill = _Bill(dice, day, 0)
    for _ in range(dice.whole(1, FITTING_DEVICES_MAX)):
        is_limb = dice.happens(LIMB)
        shelf = _shelf(place, "device", LIMBS) if is_limb else items_of(place, "device")
        bill.charge(dice.one_of(shelf), 1, DEVICE_OVER_CAP)
    return tuple(bill.lines)
