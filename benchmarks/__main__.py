"""How long deciding a bill or clearing a quarter takes, beside what it may; `--json` for machines.

`make bench` measures the rules; `make bench ARGS="clearing"` a clearing of up to a million.
"""

from __future__ import annotations

import argparse
import json
import statistics
import sys
import time
from collections.abc import Sequence
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
from benchmarks import clearing

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


def main() -> None:
    """Measure what is asked for and say how it stands."""
    parser = argparse.ArgumentParser(prog="make bench")
    parser.add_argument("what", nargs="?", choices=("rules", "clearing"), default="rules")
    parser.add_argument("--rounds", type=int, help="times each is measured")
    parser.add_argument("--sizes", type=int, nargs="+", help="settlements in a clearing")
    parser.add_argument("--json", action="store_true", help="print one JSON document")
    asked = parser.parse_args()
    if asked.what == "clearing":
        _clearing(asked.sizes or clearing.SIZES, asked.rounds or clearing.ROUNDS, json_=asked.json)
    else:
        _rules(asked.rounds or 50, json_=asked.json)


def _clearing(sizes: Sequence[int], rounds: int, *, json_: bool) -> None:
    found = clearing.measure_all(sizes, rounds)
    grown = clearing.growth(found)
    if json_:
        told = {
            "sizes": [asdict(it) for it in found],
            "growth": [asdict(it) | {"exponent": it.exponent} for it in grown],
        }
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return
    for it in found:
        sys.stdout.write(
            f"{it.settlements:>9,} settlements, {it.claims} claims: {it.median_seconds:7.3f} s "
            f"(slowest {it.slowest_seconds:.3f}), {it.settlements_per_second:,} a second, budget "
            f"{it.budget_seconds:.0f} s: {'kept' if it.kept else 'MISSED'}; silence and notices "
            f"{it.notices_seconds:.3f} s; loaded in {it.load_seconds:.1f} s\n"
        )
    for step in grown:
        sys.stdout.write(
            f"{step.settlements:.0f} times the settlements take {step.seconds:.2f} times as long: "
            f"exponent {step.exponent}\n"
        )


def _rules(rounds: int, *, json_: bool) -> None:
    found = [measure(lines, max(1, rounds)) for lines in BUDGETS]
    if json_:
        sys.stdout.write(json.dumps([asdict(it) for it in found], indent=2) + "\n")
        return
    for it in found:
        sys.stdout.write(
            f"{it.lines:>5} lines decided in {it.median_ms:8.2f} ms (slowest {it.slowest_ms:.2f}), "
            f"budget {it.budget_ms:.0f} ms: {'kept' if it.kept else 'MISSED'}\n"
        )


if __name__ == "__main__":
    main()
