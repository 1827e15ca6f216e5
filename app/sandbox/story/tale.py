"""What the story has shown so far, in the shape of its one JSON document."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from decimal import Decimal

from app.kernel.money import Money
from hub_client.answers import LineResult


def money(yuan: Decimal) -> Money:
    """Take an amount of the client's into the story's books."""
    return Money.yuan(str(yuan))


@dataclass(frozen=True, slots=True, kw_only=True)
class DecidedLine:
    """One line of a settlement as the hub answered it."""

    serial: str
    category: str
    name: str
    quantity: Decimal
    price: Decimal
    amount: Money
    fund: Money
    own: Money
    reason: str | None
    clause: str
    says: str
    says_zh: str

    @classmethod
    def of(cls, line: LineResult) -> DecidedLine:
        """Take it from the desk's client."""
        return cls(
            serial=line.serial,
            category=line.category,
            name=line.item_name,
            quantity=line.quantity,
            price=line.unit_price,
            amount=money(line.amount),
            fund=money(line.fund),
            own=money(line.own),
            reason=line.reason,
            clause=line.clause,
            says=line.says,
            says_zh=line.says_zh,
        )


@dataclass(frozen=True, slots=True)
class ReasonGroup:
    """The lines of a bill that share a reason; None: the fund pays them whole."""

    reason: str | None
    lines: tuple[DecidedLine, ...]

    @property
    def amount(self) -> Money:
        """Return what was charged."""
        return Money.total(line.amount for line in self.lines)

    @property
    def fund(self) -> Money:
        """Return what the fund pays."""
        return Money.total(line.fund for line in self.lines)

    @property
    def own(self) -> Money:
        """Return what the worker pays."""
        return Money.total(line.own for line in self.lines)

    def clauses(self) -> dict[str, DecidedLine]:
        """Return the clauses the lines rest on, each with a line that says it."""
        return {line.clause: line for line in sorted(self.lines, key=lambda line: line.clause)}

    def document(self) -> dict[str, object]:
        """Write it for the JSON document."""
        return {
            "reason": self.reason,
            "lines": len(self.lines),
            "amount": str(self.amount),
            "fund": str(self.fund),
            "own": str(self.own),
            "clauses": [
                {"clause": clause, "says": line.says, "says_zh": line.says_zh}
                for clause, line in self.clauses().items()
            ],
        }


def grouped(lines: Iterable[DecidedLine]) -> list[ReasonGroup]:
    """Group a bill by reason, in order of appearance, what is paid whole last."""
    groups: dict[str | None, list[DecidedLine]] = {}
    for line in lines:
        groups.setdefault(line.reason, []).append(line)
    ordered = sorted(groups.items(), key=lambda group: group[0] is None)
    return [ReasonGroup(reason, tuple(members)) for reason, members in ordered]


@dataclass(slots=True)
class Tale:
    """Collects; every list keeps the order of the story."""

    settlements: list[dict[str, object]] = field(default_factory=list)
    refusals: list[dict[str, object]] = field(default_factory=list)
    replays: list[dict[str, object]] = field(default_factory=list)
    clearing: dict[str, object] = field(default_factory=dict)
    proof: dict[str, object] = field(default_factory=dict)
    elapsed_seconds: float = 0.0
    held: int = 0
    deviations: list[str] = field(default_factory=list)

    def document(self) -> dict[str, object]:
        """Return the one JSON document of `--json`."""
        return {
            "settlements": self.settlements,
            "refusals": self.refusals,
            "replays": self.replays,
            "clearing": self.clearing,
            "proof": self.proof,
            "elapsed_seconds": round(self.elapsed_seconds, 3),
        }
