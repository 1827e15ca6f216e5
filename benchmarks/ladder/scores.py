"""What one playing of one rung gave, and the medians of several."""

from __future__ import annotations

import collections
import statistics
import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace


@dataclass(slots=True)
class Taken:
    """What came of a load: latencies of what was accepted, and what was not."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: collections.Counter[int] = field(default_factory=collections.Counter)
    bodies: list[bytes] = field(default_factory=list)
    resent: int = 0
    pause: float = 0.0  # the longest time in which nothing was accepted
    last: float = field(default_factory=time.perf_counter)

    @property
    def accepted(self) -> int:
        """How many were accepted."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """How many were accepted a second."""
        return self.accepted / self.seconds if self.seconds else 0.0

    def accept(self, body: bytes, since: float) -> None:
        """Count an answer to a request that was due at `since`."""
        now = time.perf_counter()
        self.latencies.append(now - since)
        self.bodies.append(body)
        self.pause = max(self.pause, now - self.last)
        self.last = now


@dataclass(frozen=True, slots=True, kw_only=True)
class Score:
    """One playing of one rung. A unit is a settlement, a call or a row, as the rung says."""

    rate: float
    p50_ms: float = 0.0
    p99_ms: float = 0.0
    worst_ms: float = 0.0
    accepted: int = 0
    refused: int = 0
    refused_with: str = ""  # which statuses, how often
    resent: int = 0
    pause_seconds: float = 0.0
    hub_cpu_us: float | None = None  # the hub's processes, a unit
    postgres_cpu_us: float | None = None

    @classmethod
    def of(cls, taken: Taken, units: int = 1) -> Score:
        """Score what a target answered, where each answer stands for so many units."""
        ranked = sorted(taken.latencies)
        return cls(
            rate=taken.rate * units,
            p50_ms=milliseconds(ranked, 0.5),
            p99_ms=milliseconds(ranked, 0.99),
            worst_ms=milliseconds(ranked, 1.0),
            accepted=taken.accepted,
            refused=sum(taken.refused.values()),
            refused_with=" ".join(f"{it}×{each}" for it, each in taken.refused.items()),
            resent=taken.resent,
            pause_seconds=round(taken.pause, 3),
        )

    def with_costs(self, hub: float, postgres: float) -> Score:
        """Add what a unit cost of the processors, in microseconds."""
        return replace(self, hub_cpu_us=hub, postgres_cpu_us=postgres)


def milliseconds(ranked: Sequence[float], share: float) -> float:
    """Return the latency that this share of the ranked did not exceed; nothing took 0."""
    if not ranked:
        return 0.0
    return round(1_000 * ranked[min(len(ranked) - 1, int(share * len(ranked)))], 3)


def middle(scores: Sequence[Score], of: str) -> float:
    """Return the median of a figure over the playings."""
    return statistics.median(float(getattr(score, of)) for score in scores)
