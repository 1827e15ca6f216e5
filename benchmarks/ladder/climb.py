"""Climb the ladder: every rung in every round, interleaved, so that the machine's moods hit all."""

from __future__ import annotations

import asyncio
import json
import os
import platform
import statistics
import subprocess
import sys
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime

from benchmarks.ladder import rungs
from benchmarks.ladder.client import Target
from benchmarks.ladder.place import ROOT, Place, hub, open_place, serving
from benchmarks.ladder.rungs import Score, Stock

CEILING, ROUTE = "L1", "L4"
NAMES = {
    "L0": "one row, one commit (pgbench)",
    "L1": "the least settlement, one server-side call (pgbench)",
    "L1b": "the same as statements of their own (pgbench)",
    "L2": "the one call by the driver",
    "L3": "the hub's route, nobody at the gate",
    "L4": "the hub's route, whole",
    "preview": "preview of six lines",
    "search": "institution search",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """How long and how often."""

    rounds: int
    seconds: int
    clients: int
    stock: int


QUICK = Manner(rounds=3, seconds=4, clients=8, stock=60_000)
FULL = Manner(rounds=5, seconds=10, clients=8, stock=250_000)


@dataclass(slots=True)
class Climb:
    """What was measured, rung by rung, round by round."""

    manner: Manner
    facts: Mapping[str, str]
    scores: dict[str, list[Score]] = field(default_factory=dict)
    open_loop: Score | None = None

    def note(self, rung: str, score: Score) -> None:
        """Keep a playing of a rung."""
        self.scores.setdefault(rung, []).append(score)

    def rate(self, rung: str) -> float:
        """Return the median of a rung."""
        return statistics.median(score.rate for score in self.scores[rung])

    def p99(self, rung: str) -> float:
        """Return the median of a rung's tails."""
        return statistics.median(score.p99_ms for score in self.scores[rung])

    def summary(self) -> dict[str, object]:
        """Return the ratios first, then the medians, then everything."""
        return {
            "ratios": {
                f"{rung}/{CEILING}": round(self.rate(rung) / self.rate(CEILING), 4)
                for rung in self.scores
            },
            CEILING: round(self.rate(CEILING), 1),
            ROUTE: round(self.rate(ROUTE), 1),
            f"{ROUTE}/{CEILING}": round(self.rate(ROUTE) / self.rate(CEILING), 4),
            "p99_ms": round(self.p99(ROUTE), 2),
            "open_loop_at_half": None if self.open_loop is None else asdict(self.open_loop),
            "facts": dict(self.facts),
            "manner": asdict(self.manner),
            "scores": {name: [asdict(each) for each in all_] for name, all_ in self.scores.items()},
        }

    def table(self) -> str:
        """Return the rungs as a table of Markdown."""
        head = "| rung | what | of L1 | a second: median (least–most) | p50 ms | p99 ms |"
        rows = [head, "|---|---|---|---|---|---|"]
        for rung, scores in self.scores.items():
            rates = [score.rate for score in scores]
            p50 = statistics.median(score.p50_ms for score in scores)
            rows.append(
                f"| {rung} | {NAMES[rung]} | {self.rate(rung) / self.rate(CEILING):.3f} | "
                f"{self.rate(rung):,.0f} ({min(rates):,.0f}–{max(rates):,.0f}) | "
                f"{p50:.2f} | {self.p99(rung):.2f} |"
            )
        return "\n".join(rows)


async def climb(manner: Manner, tell: Callable[[str], None]) -> Climb:
    """Climb in rounds on a Postgres of its own; void unless every book agrees at the end."""
    with open_place() as place:
        hub(place, "migrate")
        hub(place, "seed")
        stock = Stock()
        await stock.add(place, manner.stock)
        done = Climb(manner, {**await place.facts(), **_machine()})
        accepted = 0
        async with (
            serving(place, guarded=False) as open_gate,
            serving(place) as gate,
        ):
            targets = {"L3": Target(*open_gate), "L4": Target(*gate)}
            for rung, target in targets.items():
                warm = stock.settles(guarded=rung == ROUTE)
                accepted += (await rungs.settle(target, warm, manner.clients, 2)).accepted
            for number in range(1, manner.rounds + 1):
                tell(f"round {number} of {manner.rounds}")
                for rung, play in _playings(place, manner, stock, targets).items():
                    score = await play()
                    done.note(rung, score)
                    accepted += score.accepted if rung in targets else 0
            half = done.rate(ROUTE) / 2
            late = await targets[ROUTE].open(half, manner.seconds, stock.settles(guarded=True))
            done.open_loop = Score.of(late)
            accepted += late.accepted
        await rungs.valid(place, accepted)
        return done


def _playings(
    place: Place, manner: Manner, stock: Stock, targets: Mapping[str, Target]
) -> dict[str, Callable[[], Awaitable[Score]]]:
    clients, seconds = manner.clients, manner.seconds

    async def asked(requests: rungs.Requests) -> Score:
        return Score.of(await targets[ROUTE].closed(clients, seconds, requests()))

    return {
        "L0": lambda: rungs.pgbench(place, "commit.sql", clients, seconds),
        "L1": lambda: rungs.pgbench(place, "one_call.sql", clients, seconds),
        "L1b": lambda: rungs.pgbench(place, "many_calls.sql", clients, seconds),
        "L2": lambda: rungs.driver(place, clients, seconds),
        "L3": lambda: rungs.settle(targets["L3"], stock.settles(guarded=False), clients, seconds),
        "L4": lambda: rungs.settle(targets["L4"], stock.settles(guarded=True), clients, seconds),
        "preview": lambda: asked(stock.previews),
        "search": lambda: asked(rungs.searches),
    }


def _machine() -> dict[str, str]:
    commit = subprocess.run(
        ["git", "rev-parse", "--short", "HEAD"],  # noqa: S607 -- found as the shell would
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    ).stdout.strip()
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit,
        "python": platform.python_version(),
        "cores": str(os.cpu_count()),
        "load_average": " ".join(f"{each:.2f}" for each in os.getloadavg()),
    }


def main(*, quick: bool, as_json: bool) -> None:
    """Climb and print the table, or one JSON document."""
    done = asyncio.run(climb(QUICK if quick else FULL, _tell))
    if as_json:
        sys.stdout.write(json.dumps(done.summary(), indent=2) + "\n")
        return
    sys.stdout.write(done.table() + "\n")


def _tell(said: str) -> None:
    sys.stderr.write(said + "\n")
