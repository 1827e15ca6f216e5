"""What the books should say: every booking, made up from the answers the parties got.

It knows the table of business events and nothing else of the hub, so that it can be held to it.
"""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

from app.kernel.money import ZERO, Money
from app.ledger.model import AccountKind

YELLOW, RED, REARM = 70, 90, 5  # per cent, and points
Pair = tuple[str, str]  # insured place, treatment place


@dataclass(slots=True)
class Watched:
    """How far a pair's advance is used, and each line it crossed."""

    level: str = "normal"
    told: list[tuple[str, Money, Money]] = field(default_factory=list)

    def see(self, used: Money, advance: Money) -> None:
        """Look at it after a booking; a crossing is told, falling is not."""
        reached = _level(used.fen, advance.fen, self.level)
        if reached == self.level:
            return
        ranks = ("normal", "yellow", "red")
        if ranks.index(reached) > ranks.index(self.level):
            self.told.append((reached, used, advance))
        self.level = reached


@dataclass(slots=True)
class Expected:
    """Every account's balance, the turnover, and the advances that are watched."""

    balances: defaultdict[str, Money] = field(default_factory=lambda: defaultdict(lambda: ZERO))
    turnover: Money = ZERO
    watched: dict[Pair, Watched] = field(default_factory=dict)

    def settled(self, pair: Pair, institution: str, fund: Money) -> None:
        """Fund share of a settlement; below zero, of its cancellation."""
        self._move(uncleared(pair), payable(pair[1], institution), fund)
        self._look(pair)

    def deducted(self, pair: Pair, institution: str, amount: Money) -> None:
        """Deduct, by review or by a contest; below zero, what is given back."""
        self._move(payable(pair[1], institution), uncleared(pair), amount)
        self._look(pair)

    def noticed(self, pair: Pair, amount: Money) -> None:
        """Call for a claim; below zero, a credit."""
        self._move(notified(pair), uncleared(pair), amount)
        self._look(pair)

    def paid(self, pair: Pair, amount: Money) -> None:
        """Take in money for a notice; below zero, what came back."""
        self._move(treasury(pair[1]), notified(pair), amount)
        self._look(pair)

    def advanced(self, pair: Pair, amount: Money) -> None:
        """Pay an advance in; below zero, give it back."""
        self._move(treasury(pair[1]), advance(pair), amount)
        self._look(pair)

    def institution_paid(self, place: str, institution: str, amount: Money) -> None:
        """Pay an institution."""
        self._move(payable(place, institution), treasury(place), amount)

    def watch(self, pair: Pair) -> None:
        """Follow a pair from now on."""
        self.watched.setdefault(pair, Watched())

    def used(self, pair: Pair) -> Money:
        """Return what a pair owes and has not paid."""
        return self.balances[uncleared(pair)] + self.balances[notified(pair)]

    def held(self, pair: Pair) -> Money:
        """Return a pair's advance."""
        return -self.balances[advance(pair)]

    def _move(self, debit: str, credit: str, amount: Money) -> None:
        self.balances[debit] += amount
        self.balances[credit] -= amount
        self.turnover += -amount if amount.is_negative else amount

    def _look(self, pair: Pair) -> None:
        seen = self.watched.get(pair)
        if seen is not None and self.held(pair) != ZERO:
            seen.see(self.used(pair), self.held(pair))


def uncleared(pair: Pair) -> str:
    """Name the account of what is owed and not called for."""
    return f"{AccountKind.UNCLEARED}:{pair[0]}:{pair[1]}"


def notified(pair: Pair) -> str:
    """Name the account of what is called for and not paid."""
    return f"{AccountKind.NOTIFIED}:{pair[0]}:{pair[1]}"


def advance(pair: Pair) -> str:
    """Name the account of an advance."""
    return f"{AccountKind.ADVANCE}:{pair[0]}:{pair[1]}"


def payable(place: str, institution: str) -> str:
    """Name the account of what an institution is owed."""
    return f"{AccountKind.PAYABLE}:{place}:{institution}"


def treasury(place: str) -> str:
    """Name a treatment place's treasury."""
    return f"{AccountKind.TREASURY}:{place}"


def _level(used: int, held: int, was: str) -> str:
    """A line is crossed where it is reached, and left five points below it."""

    def at(percent: int) -> bool:
        return used * 100 >= held * percent

    if used <= 0:
        return "normal"
    if at(RED) or (was == "red" and at(RED - REARM)):
        return "red"
    if at(YELLOW) or (was != "normal" and at(YELLOW - REARM)):
        return "yellow"
    return "normal"
