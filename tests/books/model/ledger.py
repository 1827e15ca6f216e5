"""Double entry in its plainest form: names, balances, and how often each was moved."""

from __future__ import annotations

from collections import defaultdict
from dataclasses import dataclass, field

PLACE = "370000"


def uncleared(insured: str) -> str:
    """What an insured place owes and nobody has called for."""
    return f"uncleared:{insured}:{PLACE}"


def notified(insured: str) -> str:
    """What an insured place was called upon to pay."""
    return f"notified:{insured}:{PLACE}"


def advance(insured: str) -> str:
    """The float an insured place keeps."""
    return f"advance:{insured}:{PLACE}"


def payable(institution: str) -> str:
    """What the place owes its hospital."""
    return f"payable:{PLACE}:{institution}"


TREASURY = f"treasury:{PLACE}"
Posting = tuple[str, str, int]


@dataclass
class Ledger:
    """Balances, debits less credits, and versions."""

    balances: dict[str, int] = field(default_factory=lambda: defaultdict(int))
    versions: dict[str, int] = field(default_factory=lambda: defaultdict(int))

    def post(self, *postings: Posting) -> None:
        """Move money from the second account to the first; below zero the other way round."""
        for debit, credit, fen in postings:
            if not fen:
                continue
            for account, signed in ((debit, fen), (credit, -fen)):
                self.balances[account] += signed
                self.versions[account] += 1

    def used(self, insured: str) -> int:
        """Return what of an advance is used."""
        return self.balances[uncleared(insured)] + self.balances[notified(insured)]

    def held(self, insured: str) -> int:
        """Return the advance."""
        return -self.balances[advance(insured)]

    def shown(self) -> dict[str, tuple[int, int]]:
        """Return every account that was ever moved."""
        return {name: (self.balances[name], n) for name, n in self.versions.items() if n}
