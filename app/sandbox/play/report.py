"""What came of a play: the figures, and every expectation with what was found instead."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field

from app.kernel.calendar import Month
from app.kernel.money import ZERO, Money

# Not played, and not pretended.
LEFT_OUT = (
    "advance warnings 预付金预警 (yellow, red)",
    "payments to institutions 拨付协议机构",
)


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
class Report:
    """A play and its checks."""

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
    accounts: int = 0
    messages: int = 0
    days: int = 0
    elapsed_seconds: float = 0.0
    checks: list[Check] = field(default_factory=list)

    @property
    def holds(self) -> bool:
        """Say whether every expectation held."""
        return all(it.held for it in self.checks)

    def expect(self, what: str, found: object, expected: object) -> None:
        """Hold one figure to another."""
        self.checks.append(Check(what=what, found=str(found), expected=str(expected)))

    def document(self) -> dict[str, object]:
        """Write it as one JSON document."""
        figures = {
            name: str(value) if isinstance(value, Money | Month) else value
            for name in Report.__dataclass_fields__
            if name != "checks"
            for value in [getattr(self, name)]
        }
        checks = [asdict(it) | {"held": it.held} for it in self.checks]
        own = {"own": str(self.total - self.fund)}
        return figures | own | {"holds": self.holds, "checks": checks, "left_out": list(LEFT_OUT)}
