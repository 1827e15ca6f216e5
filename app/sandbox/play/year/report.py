"""What came of a year: how much was done of each, the sums, what the crashes left, the trace."""

from __future__ import annotations

from dataclasses import dataclass, field

from app.kernel.money import ZERO, Money
from app.sandbox.play.report import Checks


@dataclass(slots=True, kw_only=True)
class Crash:
    """What was killed, and how its messages fared when they were sent again by their ids."""

    what: str
    day: str
    sent_again: int = 0
    found_done: int = 0
    done_now: int = 0


@dataclass(slots=True, kw_only=True)
class YearReport(Checks):
    """A year that was played."""

    year: int
    seed: int
    provinces: tuple[str, ...]
    counts: dict[str, int] = field(default_factory=dict)
    sums: dict[str, Money] = field(default_factory=dict)
    crashes: list[Crash] = field(default_factory=list)
    traced: str = ""
    trace: list[str] = field(default_factory=list)
    laws: int = 0
    total: Money = ZERO
    fund: Money = ZERO
    turnover: Money = ZERO
    accounts: int = 0
    messages: int = 0
    due_acts: int = 0
    days: int = 0
    database: str = ""
    elapsed_seconds: float = 0.0

    def document(self) -> dict[str, object]:
        """Write it as one JSON document."""
        crashes = [
            {name: getattr(it, name) for name in Crash.__dataclass_fields__} for it in self.crashes
        ]
        return Checks.document(self) | {"crashes": crashes}
