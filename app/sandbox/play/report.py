"""What came of a play: the figures, and every expectation with what was found instead."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field, fields

from app.kernel.calendar import Month
from app.kernel.money import ZERO, Money


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One expectation and whether it held."""

    what: str
    found: str
    expected: str

    @property
    def held(self) -> bool:
        """Say whether it held."""
        return self.found == self.expected


@dataclass(slots=True, kw_only=True)
class Checks:
    """Every expectation of a play, with what was found."""

    checks: list[Check] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Say whether every expectation held."""
        return all(it.held for it in self.checks)

    @property
    def first_difference(self) -> Check | None:
        """Return the first expectation that did not hold."""
        return next((it for it in self.checks if not it.held), None)

    def expect(self, what: str, found: object, expected: object) -> None:
        """Hold one figure to another."""
        self.checks.append(Check(what=what, found=str(found), expected=str(expected)))

    def document(self) -> dict[str, object]:
        """Write it as one JSON document."""
        figures = {
            it.name: _written(getattr(self, it.name)) for it in fields(self) if it.name != "checks"
        }
        first = self.first_difference
        return figures | {
            "holds": self.holds,
            "first_difference": None if first is None else asdict(first),
            "checks": [asdict(it) | {"held": it.held} for it in self.checks],
        }


@dataclass(slots=True, kw_only=True)
class Report(Checks):
    """A month that was played."""

    month: Month
    seed: int
    workers: int = 0
    filings: int = 0
    batches: int = 0
    expired: int = 0
    refused: int = 0
    settlements: int = 0
    cancelled: int = 0
    total: Money = ZERO
    fund: Money = ZERO
    clearing: str = ""
    pairs: int = 0
    notices: int = 0
    paid: int = 0
    contested: Money = ZERO
    deducted: Money = ZERO
    institution_payments: int = 0
    institutions_paid: Money = ZERO
    advances: Money = ZERO
    yellow: int = 0
    red: int = 0
    acknowledged: int = 0
    increases: int = 0
    rearmed: int = 0
    accounts: int = 0
    due_acts: int = 0
    messages: int = 0
    days: int = 0
    elapsed_seconds: float = 0.0
    database: str = ""

    @property
    def own(self) -> Money:
        """Return what the workers paid themselves."""
        return self.total - self.fund

    def document(self) -> dict[str, object]:
        """Write it as one JSON document."""
        return Checks.document(self) | {"own": str(self.own)}


def _written(value: object) -> object:
    if isinstance(value, dict):
        return {name: _written(each) for name, each in value.items()}
    if isinstance(value, list | tuple):
        return [_written(each) for each in value]
    return value if isinstance(value, bool | int | float | str | None) else str(value)
