"""How much a hub does when five times as much is asked of it, and how soon it is itself again.

`python -m benchmarks.overload`: the best closed loop, then an open loop at five times that, then
the closed loop again; in turn, several times, on a Postgres and a hub of its own.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import statistics
import sys
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from itertools import islice

import uvloop

from benchmarks.ladder import machine
from benchmarks.ladder.hubs import Served, Shape, serving
from benchmarks.ladder.place import Place, hub, open_place
from benchmarks.ladder.scores import Score, Taken
from benchmarks.ladder.stock import Stock, lay_in
from benchmarks.ladder.validity import Accepted

TIMES = 5
CLIENTS = (8, 16, 32)  # of which the fastest is what the hub can do
NORMAL = CLIENTS[0]
CROWD = 8  # loops of so many connections each
SHARE_MIN = 0.8
WARM_SECONDS = 2.0
VOID = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """One run."""

    rounds: int
    seconds: float
    stock: int
    shape: Shape


@dataclass(slots=True)
class Overload:
    """What was measured, round by round."""

    manner: Manner
    facts: dict[str, str]
    best: list[Score] = field(default_factory=list)
    before: list[Score] = field(default_factory=list)
    overloaded: list[Score] = field(default_factory=list)
    after: list[Score] = field(default_factory=list)
    offered: list[float] = field(default_factory=list)
    statuses: collections.Counter[int] = field(default_factory=collections.Counter)
    wrong: list[str] = field(default_factory=list)

    def summary(self) -> Mapping[str, object]:
        """Return the ratios first."""
        kept = [at.rate / best.rate for at, best in zip(self.overloaded, self.best, strict=True)]
        back = [at.rate / was.rate for at, was in zip(self.after, self.before, strict=True)]
        return {
            "overloaded/best": round(statistics.median(kept), 3),
            "goal": SHARE_MIN,
            "after/before": round(statistics.median(back), 3),
            "best": _middle(self.best),
            "offered": round(statistics.median(self.offered), 1),
            "overloaded": _middle(self.overloaded),
            "overloaded_p50_ms": round(statistics.median(it.p50_ms for it in self.overloaded), 1),
            "overloaded_p99_ms": round(statistics.median(it.p99_ms for it in self.overloaded), 1),
            "before_p99_ms": round(statistics.median(it.p99_ms for it in self.before), 1),
            "after_p99_ms": round(statistics.median(it.p99_ms for it in self.after), 1),
            "refused_by_status": {str(status): n for status, n in sorted(self.statuses.items())},
            "facts": self.facts,
            "rounds": self.manner.rounds,
            "seconds": self.manner.seconds,
            "scores": {
                name: [asdict(score) for score in getattr(self, name)]
                for name in ("best", "before", "overloaded", "after")
            },
            "void": self.wrong,
        }


def _middle(scores: list[Score]) -> float:
    return round(statistics.median(score.rate for score in scores), 1)


@dataclass(slots=True)
class Site:
    """A hub, its visits, and what it said it had settled."""

    served: Served
    stock: Stock
    accepted: Accepted
    done: Overload

    async def settle(self, clients: int, seconds: float) -> Score:
        """Settle with so many senders, each waiting for its answer."""
        taken = await self.served.target.closed(clients, seconds, self.stock.settles())
        self.accepted.note(taken)
        return Score.of(taken)

    async def crowd(self, rate: float, seconds: float) -> Score:
        """Ask for so many a second, whatever comes back."""
        each = int(rate * seconds / CROWD)
        loops = (
            self.served.target.open(rate / CROWD, seconds, islice(self.stock.settles(), each))
            for _ in range(CROWD)
        )
        whole = Taken()
        for taken in await asyncio.gather(*loops):
            self.accepted.note(taken)
            self.done.statuses += taken.refused
            whole.latencies += taken.latencies
            whole.refused += taken.refused
            whole.seconds = max(whole.seconds, taken.seconds)
        self.done.offered.append((whole.accepted + whole.refused.total()) / whole.seconds)
        return Score.of(whole)

    async def round(self) -> None:
        """Find what the hub can do, ask for far more, and look again."""
        seconds = self.done.manner.seconds
        scores = [await self.settle(clients, seconds) for clients in CLIENTS]
        best = max(scores, key=lambda score: score.rate)
        self.done.before.append(scores[CLIENTS.index(NORMAL)])
        self.done.best.append(best)
        self.done.overloaded.append(await self.crowd(TIMES * best.rate, seconds))
        self.done.after.append(await self.settle(NORMAL, seconds))


async def measure(manner: Manner) -> Overload:
    """Measure on a Postgres of its own."""
    done = Overload(manner, dict(machine.facts()))
    with open_place() as place:
        done.facts |= await place.facts()
        await asyncio.to_thread(hub, place, "migrate")
        await asyncio.to_thread(hub, place, "seed")
        stock = await lay_in(place, manner.stock)
        async with serving(place, manner.shape) as served:
            await _play(place, served, stock, done)
    done.facts |= {"load_average_after": machine.load_average()}
    return done


async def _play(place: Place, served: Served, stock: Stock, done: Overload) -> None:
    accepted = Accepted(place)
    await accepted.begin()
    site = Site(served, stock, accepted, done)
    await site.settle(NORMAL, WARM_SECONDS)
    for number in range(done.manner.rounds):
        await site.round()
        last = done.overloaded[-1]
        sys.stderr.write(
            f"round {number + 1}: best {done.best[-1].rate:,.0f}/s; offered "
            f"{done.offered[-1]:,.0f}/s: {last.rate:,.0f}/s accepted, p99 {last.p99_ms:.0f} ms; "
            f"then {done.after[-1].rate:,.0f}/s (before {done.before[-1].rate:,.0f}/s)\n"
        )
    if set(done.statuses) - {503}:
        done.wrong.append(f"refused otherwise than by 503: {dict(done.statuses)}")
    if not stock.left:
        done.wrong.append("the stock of visits was used up: --stock more")
    done.wrong += await accepted.faults(served.target)


def main() -> None:
    """Measure and say how it stands; 2 where the run does not count."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overload", description=__doc__)
    parser.add_argument("--rounds", type=int, default=3, help="times each is measured")
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each time")
    parser.add_argument("--stock", type=int, default=250_000, help="visits laid in")
    parser.add_argument("--workers", type=int, default=1, help="processes of the hub")
    parser.add_argument("--pool", type=int, default=8, help="connections of each of them")
    asked = parser.parse_args()
    shape = Shape(workers=asked.workers, pool=asked.pool)
    manner = Manner(rounds=asked.rounds, seconds=asked.seconds, stock=asked.stock, shape=shape)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        done = runner.run(measure(manner))
    sys.stdout.write(json.dumps(done.summary(), indent=2, ensure_ascii=False) + "\n")
    if done.wrong:
        sys.stderr.write(f"void: {'; '.join(done.wrong)}\n")
        sys.exit(VOID)


if __name__ == "__main__":
    main()
