"""How long deciding a bill takes, beside what it may: `make bench ARGS="budgets"`."""

from __future__ import annotations

import json
import statistics
import sys
import time
from dataclasses import asdict, dataclass
from datetime import date
from decimal import Decimal

from app.kernel.costs import CostKind
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.policy.book import PolicyBook
from app.settlement.model import Charge, Circumstances, Listing
from app.settlement.rules import shares
from app.visit.model import FeeCategory

# Milliseconds a bill of so many lines may take of its settlement, a figure of our own: the rest is
# the database's. A budget missed is news for people; nothing fails.
BUDGETS = {10: 2.0, 100: 10.0, 1_000: 100.0}
DAY = date(2025, 9, 1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Measured:
    """Bills of one size, decided again and again."""

    lines: int
    median_ms: float
    slowest_ms: float
    budget_ms: float

    @property
    def kept(self) -> bool:
        """Say whether the median is within the budget."""
        return self.median_ms <= self.budget_ms


def charge(number: int) -> Charge:
    """Return a listed drug, every fifth over its cap."""
    price = Decimal("4.00") if number % 5 == 0 else Decimal("3.00")
    return Charge(
        serial=str(number),
        position=number,
        refund_of=None,
        category=FeeCategory.DRUG,
        item_code=f"D{number:06}",
        item_name="示例药品",
        quantity=Decimal(10),
        unit_price=price,
        amount=Money(int(price * 1_000)),
        day=DAY,
        injury_related=True,
        restricted_approved=False,
        listing=Listing(
            place="370000",
            version=1,
            label="2024",
            listed=True,
            cap=Money(350),
            restricted=False,
            minimum_life_months=None,
        ),
        fitted_before=None,
    )


def measure(lines: int, rounds: int) -> Measured:
    """Decide a bill so many times."""
    book = PolicyBook.load()
    charges = [charge(number) for number in range(1, lines + 1)]
    stay = Circumstances(
        cost_kind=CostKind.MEDICAL,
        scheme=Scheme.CROSS_PROVINCE,
        insured_region="110000",
        treatment_region="370100",
        entitlement_lost_on=None,
        confirmed_on=date(2025, 1, 15),
    )
    taken = []
    for _ in range(rounds):
        begun = time.perf_counter()
        shares.adjudicate(charges, stay, book)
        taken.append((time.perf_counter() - begun) * 1_000)
    return Measured(
        lines=lines,
        median_ms=round(statistics.median(taken), 3),
        slowest_ms=round(max(taken), 3),
        budget_ms=BUDGETS[lines],
    )


def tell(rounds: int, *, as_json: bool) -> None:
    """Measure every size and say how it stands."""
    found = [measure(lines, max(1, rounds)) for lines in BUDGETS]
    if as_json:
        sys.stdout.write(json.dumps([asdict(it) for it in found], indent=2) + "\n")
        return
    for it in found:
        sys.stdout.write(
            f"{it.lines:>5} lines decided in {it.median_ms:8.2f} ms (slowest {it.slowest_ms:.2f}), "
            f"budget {it.budget_ms:.0f} ms: {'kept' if it.kept else 'MISSED'}\n"
        )
