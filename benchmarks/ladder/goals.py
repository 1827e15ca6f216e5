"""The goals of speed, and whether a run reached them."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

from benchmarks.ladder.climb import Climb
from benchmarks.ladder.scores import middle


@dataclass(frozen=True, slots=True, kw_only=True)
class Goal:
    """One goal: what is looked at, and what it has to be."""

    said: str
    figure: Callable[[Climb], float | None]
    bound: float
    at_least: bool = True
    shown: str = "{:.2f}"

    def reached(self, found: float) -> bool:
        """Say whether the figure is good enough."""
        return found >= self.bound if self.at_least else found < self.bound


@dataclass(frozen=True, slots=True, kw_only=True)
class Held:
    """A goal held against a run."""

    said: str
    found: str
    reached: bool
    missed_by: str


def rate(done: Climb, rung: str, of: str = "rate") -> float | None:
    """Return the median of a rung, if it was played."""
    scores = done.scores.get(rung)
    return middle(scores, of) if scores else None


def ratio(done: Climb, rung: str, to: str) -> float | None:
    """Return how much of one rung another is."""
    one, other = rate(done, rung), rate(done, to)
    return None if one is None or not other else one / other


GOALS = (
    Goal(said="L4 is 40 % of L1 or more", figure=lambda it: ratio(it, "L4", "L1"), bound=0.40),
    Goal(
        said="p99 below 50 ms, 8 clients, closed loop",
        figure=lambda it: rate(it, "L4c", "p99_ms"),
        bound=50,
        at_least=False,
        shown="{:.1f} ms",
    ),
    Goal(
        said="p99 below 25 ms, open loop at half of the maximum",
        figure=lambda it: it.open_loop.p99_ms if it.open_loop else None,
        bound=25,
        at_least=False,
        shown="{:.1f} ms",
    ),
    Goal(said="L5 is 90 % of L4 or more", figure=lambda it: ratio(it, "L5", "L4b"), bound=0.90),
    Goal(said="L6 is 70 % of L4 or more", figure=lambda it: ratio(it, "L6", "L4b"), bound=0.70),
    Goal(
        said="fee lines are 30 % of COPY or more",
        figure=lambda it: ratio(it, "lines", "copy"),
        bound=0.30,
    ),
    Goal(
        said="2,000 identifications a second or more",
        figure=lambda it: rate(it, "identify"),
        bound=2_000,
        shown="{:,.0f}/s",
    ),
    Goal(
        said="2,000 institution searches a second or more",
        figure=lambda it: rate(it, "search"),
        bound=2_000,
        shown="{:,.0f}/s",
    ),
    Goal(
        said="an embedded hub starts on existing data in less than 3 s",
        figure=lambda it: it.figures.get("start_seconds"),
        bound=3,
        at_least=False,
        shown="{:.2f} s",
    ),
    Goal(
        said="a hub's process holds less than 200 MB when idle",
        figure=lambda it: it.figures.get("idle_megabytes"),
        bound=200,
        at_least=False,
        shown="{:.0f} MB",
    ),
)


def held(done: Climb) -> Iterator[Held]:
    """Hold every goal against what was measured; what was not played is left out."""
    for goal in GOALS:
        found = goal.figure(done)
        if found is None:
            continue
        reached = goal.reached(found)
        yield Held(
            said=goal.said,
            found=goal.shown.format(found),
            reached=reached,
            missed_by="" if reached else f"{abs(found - goal.bound) / goal.bound:.0%}",
        )
