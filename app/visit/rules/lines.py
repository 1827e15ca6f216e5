"""Which fee lines of a call can be taken in, and everything that is wrong with the others."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from decimal import Decimal

from app.kernel.basis import basis
from app.kernel.calendar import business_day
from app.kernel.money import EXACT, ZERO, Money
from app.visit.errors import LineHasRefunds, LinesRefused, LinesTooMany, LineUnknown
from app.visit.model import (
    LINES_PER_VISIT_MAX,
    SUBSIDIES,
    Charges,
    Fault,
    FaultCode,
    FeeCategory,
    FeeLine,
    Span,
    VisitKind,
)

NOTHING = Decimal(0)
FEN_OF_YUAN = Decimal(100)
DEVICES = frozenset({FeeCategory.DEVICE})
# Devices are charged in fittings, and a fitting charges nothing else but subsidies.
WANTED: Mapping[VisitKind, frozenset[FeeCategory]] = {
    kind: SUBSIDIES | (DEVICES if kind is VisitKind.FITTING else frozenset(FeeCategory) - DEVICES)
    for kind in VisitKind
}


@dataclass(slots=True)
class _Net:
    """What is left of a charge after its refunds."""

    quantity: Decimal = NOTHING
    amount: Money = ZERO

    def add(self, line: FeeLine) -> None:
        self.quantity += line.quantity
        self.amount += line.amount


@dataclass(slots=True)
class _Known:
    """The lines a call is held against; grows as the call's own lines pass."""

    lines: dict[str, FeeLine] = field(default_factory=dict)
    nets: dict[str, _Net] = field(default_factory=dict)

    def add(self, line: FeeLine) -> None:
        self.lines[line.serial] = line
        self.nets.setdefault(line.refund_of or line.serial, _Net()).add(line)


@basis(
    "hub-default/fee-line-batch",
    "hub-default/fee-line-replay",
    "hub-default/fee-line-amount",
    "hub-default/fee-line-day",
    "hub-default/fee-line-refund",
    "beijing-2025-5/3.3-transmission",
)
def fresh_lines(
    call: Sequence[FeeLine], stored: Sequence[FeeLine], span: Span, tolerance: Money
) -> tuple[FeeLine, ...]:
    """Return the lines that are new; refuse the whole call with every fault of every line.

    A line whose serial is known with the same content is a repetition and is passed over; with
    other content it is a fault. `stored` are the visit's lines that the call names or refunds.
    """
    known = _Known()
    for line in stored:
        known.add(line)
    fresh: list[FeeLine] = []
    faults: list[Fault] = []
    met: set[str] = set()
    for index, line in enumerate(call):
        held = known.lines.get(line.serial)
        if line.serial in met:
            faults.append(Fault(index, line.serial, "serial", FaultCode.REPEATED))
        elif held is None:
            found = [
                Fault(index, line.serial, *why) for why in _wrong(line, known, span, tolerance)
            ]
            faults += found
            known.add(line)
            fresh.append(line)
        elif held != line:
            faults.append(Fault(index, line.serial, "serial", FaultCode.SERIAL_REUSED))
        met.add(line.serial)
    if faults:
        raise LinesRefused(lines=[fault.told() for fault in faults])
    return tuple(fresh)


@basis(
    "hub-default/fee-line-batch",
    "hub-default/fee-line-amount",
    "hub-default/fee-line-day",
    "beijing-2025-5/3.3-transmission",
)
def all_fresh(call: Charges, span: Span, tolerance: Money) -> bool:
    """Say whether `fresh_lines` would take all of a call of charges that are new to the visit.

    What is wrong with one, and how repetitions and refunds are taken, `fresh_lines` says alone.
    """
    return (
        len(set(call.serials)) == len(call.serials)
        and all(span.first_day <= business_day(at) <= span.last_day for at in set(call.occurred_at))
        and WANTED[span.kind].issuperset(call.categories)
        and not any(
            quantity <= NOTHING
            or amount.is_negative
            or _off(quantity, price, amount) > tolerance.fen
            for quantity, price, amount in zip(
                call.quantities, call.unit_prices, call.amounts, strict=True
            )
        )
    )


@basis("hub-default/fee-line-batch")
def require_room(held: int, fresh: int) -> None:
    """Refuse what would make a bill too long to be answered in one piece."""
    if held + fresh > LINES_PER_VISIT_MAX:
        raise LinesTooMany(lines_max=LINES_PER_VISIT_MAX, held=held, sent=fresh)


@basis("hub-default/fee-line-removal")
def require_removable(serial: str, group: Sequence[FeeLine]) -> None:
    """Refuse to remove a line that is not there, or one whose refunds would be left behind."""
    if not any(line.serial == serial for line in group):
        raise LineUnknown(serial=serial)
    refunds = [line.serial for line in group if line.refund_of == serial]
    if refunds:
        raise LineHasRefunds(serial=serial, refunds=refunds)


def _wrong(
    line: FeeLine, known: _Known, span: Span, tolerance: Money
) -> Iterator[tuple[str, FaultCode]]:
    """Yield field and code of everything wrong with one line."""
    if not span.first_day <= line.day <= span.last_day:
        yield "occurred_at", FaultCode.OUTSIDE
    if line.category not in WANTED[span.kind]:
        yield "category", FaultCode.CATEGORY
    if _off(line.quantity, line.unit_price, line.amount) > tolerance.fen:
        yield "amount", FaultCode.AMOUNT
    if line.refund_of is None:
        if line.quantity <= NOTHING or line.amount.is_negative:
            yield "quantity", FaultCode.SIGN
    elif line.quantity >= NOTHING or line.amount > ZERO:
        yield "quantity", FaultCode.SIGN
    else:
        yield from _wrong_refund(line, line.refund_of, known)


def _off(quantity: Decimal, unit_price: Decimal, amount: Money) -> Decimal:
    """Return by how many fen quantity × price lies away from the amount, unrounded."""
    return abs(EXACT.fma(EXACT.multiply(quantity, unit_price), FEN_OF_YUAN, -amount.fen))


def _wrong_refund(line: FeeLine, original: str, known: _Known) -> Iterator[tuple[str, FaultCode]]:
    charged = known.lines.get(original)
    if charged is None:
        yield "refund_of", FaultCode.REFUND_UNKNOWN
        return
    if charged.refund_of is not None:
        yield "refund_of", FaultCode.REFUND_OF_REFUND
        return
    if (charged.category, charged.item_code) != (line.category, line.item_code):
        yield "item_code", FaultCode.REFUND_OTHER_ITEM
    left = known.nets[original]
    if left.quantity + line.quantity < NOTHING:
        yield "quantity", FaultCode.REFUND_QUANTITY
    if (left.amount + line.amount).is_negative:
        yield "amount", FaultCode.REFUND_AMOUNT
