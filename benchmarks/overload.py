"""How much a hub does when five times as much is asked of it, and how soon it is itself again.

`python -m benchmarks.overload`: the best closed loop, then an open loop at five times that, then
the closed loops again; in turn, several times, on a Postgres and a hub of its own that are warm.
"""

from __future__ import annotations

import argparse
import asyncio
import collections
import json
import statistics
import sys
import time
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass, field

import uvloop

from benchmarks.ladder import machine
from benchmarks.ladder.hubs import Served, Shape, children_cpu_seconds, serving
from benchmarks.ladder.place import Place, hub, open_place
from benchmarks.ladder.scores import Score, Taken
from benchmarks.ladder.stock import Stock, lay_in
from benchmarks.ladder.validity import Accepted

TIMES = 5
CLIENTS = (8, 16, 32, 64)  # of which the fastest is what the hub can do
NORMAL = CLIENTS[0]
SHARE_MIN = 0.8
VOID = 2


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """One run."""

    rounds: int
    seconds: float
    stock: int
    shape: Shape


@dataclass(frozen=True, slots=True, kw_only=True)
class Phase:
    """One loop: what came of it, and what it cost all who share the machine."""

    score: Score
    clients: int | None  # None: the crowd
    offered: float  # a second
    cores: Mapping[str, float]  # busy: of the hub, of Postgres, of the senders

    @property
    def rate(self) -> float:
        """How many were accepted a second."""
        return self.score.rate

    @property
    def cpu_us(self) -> float:
        """What the machine spent on each that was accepted, whoever was sent away beside."""
        return 1e6 * sum(self.cores.values()) / self.rate if self.rate else 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Round:
    """The closed loops, the crowd, and the closed loops again."""

    before: tuple[Phase, ...]
    crowd: Phase
    after: tuple[Phase, ...]

    @property
    def best(self) -> float:
        """The best before and the best after, of which the middle: a drift helps neither side."""
        return statistics.mean(max(it.rate for it in side) for side in (self.before, self.after))

    @property
    def kept(self) -> float:
        """How much of the best was done while far more was asked."""
        return self.crowd.rate / self.best

    @property
    def back(self) -> float:
        """How much of an ordinary load is done as soon as the crowd has gone."""
        return self.after[0].rate / self.before[0].rate


@dataclass(slots=True)
class Overload:
    """What was measured, round by round; the first round only warms up."""

    manner: Manner
    facts: dict[str, str]
    rounds: list[Round] = field(default_factory=list)
    statuses: collections.Counter[int] = field(default_factory=collections.Counter)
    wrong: list[str] = field(default_factory=list)

    def summary(self) -> Mapping[str, object]:
        """Return the ratios first."""
        counted = self.rounds[1:]
        crowds = [it.crowd for it in counted]
        return {
            "overloaded/best": _spread([it.kept for it in counted], 3),
            "goal": SHARE_MIN,
            "after/before": _spread([it.back for it in counted], 3),
            "best": _spread([it.best for it in counted]),
            "offered": _spread([it.offered for it in crowds]),
            "overloaded": _spread([it.rate for it in crowds]),
            "overloaded_p50_ms": _spread([it.score.p50_ms for it in crowds]),
            "overloaded_p99_ms": _spread([it.score.p99_ms for it in crowds]),
            "before_p99_ms": _spread([it.before[0].score.p99_ms for it in counted]),
            "after_p99_ms": _spread([it.after[0].score.p99_ms for it in counted]),
            "cores_of_the_best": _cores([max(it.before, key=_rate) for it in counted]),
            "cores_overloaded": _cores(crowds),
            "refused_by_status": {str(status): n for status, n in sorted(self.statuses.items())},
            "facts": self.facts,
            "rounds": len(counted),
            "seconds": self.manner.seconds,
            "each": [asdict(it) for it in self.rounds],
            "void": self.wrong,
        }


def _rate(it: Phase) -> float:
    return it.rate


def _spread(found: list[float], digits: int = 1) -> Mapping[str, float]:
    """Say the median of the rounds, and the least and the most of them."""
    told = {"median": statistics.median(found), "least": min(found), "most": max(found)}
    return {name: round(each, digits) for name, each in told.items()}


def _cores(phases: list[Phase]) -> Mapping[str, float]:
    return {
        name: round(statistics.median(it.cores[name] for it in phases), 2)
        for name in phases[0].cores
    }


@dataclass(slots=True)
class Site:
    """A hub, what is asked of it, and what it said it had settled."""

    served: Served
    requests: collections.deque[bytes]
    accepted: Accepted
    done: Overload

    def each(self) -> Iterator[bytes]:
        """Hand out one request after the other; written beforehand, since senders cost as well."""
        while self.requests:
            yield self.requests.popleft()

    def spent(self) -> Mapping[str, float]:
        """Say what each who shares the machine has had of the processors, in seconds."""
        return {
            "hub": self.served.cpu_seconds(),
            "postgres": children_cpu_seconds(self.served.place.postmaster),
            "senders": time.process_time(),
        }

    async def settle(self, clients: int) -> Phase:
        """Settle with so many senders, each waiting for its answer."""
        seconds, spent = self.done.manner.seconds, self.spent()
        taken = await self.served.target.closed(clients, seconds, self.each())
        return self._phase(taken, spent, clients)

    async def crowd(self, rate: float) -> Phase:
        """Ask for so many a second, whatever comes back; who is sent away comes another time."""
        asked = min(len(self.requests), int(rate * self.done.manner.seconds))
        requests = [self.requests.popleft() for _ in range(asked)]
        again: list[bytes] = []
        spent = self.spent()
        taken = await self.served.target.crowd(rate, requests, again)
        phase = self._phase(taken, spent, None)
        self.done.statuses += taken.refused
        self.requests.extend(again)
        return phase

    def _phase(self, taken: Taken, spent: Mapping[str, float], clients: int | None) -> Phase:
        cores = {name: (now - spent[name]) / taken.seconds for name, now in self.spent().items()}
        self.accepted.note(taken)
        asked = taken.accepted + taken.refused.total()
        score = Score.of(taken)
        return Phase(score=score, clients=clients, offered=asked / taken.seconds, cores=cores)

    async def round(self) -> Round:
        """Find what the hub can do, ask for far more, and look again."""
        before = [await self.settle(clients) for clients in CLIENTS]
        crowd = await self.crowd(TIMES * max(it.rate for it in before))
        after = [await self.settle(clients) for clients in CLIENTS]
        return Round(before=tuple(before), crowd=crowd, after=tuple(after))


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
    site = Site(served, collections.deque(stock.settles()), accepted, done)
    for number in range(1 + done.manner.rounds):
        last = await site.round()
        done.rounds.append(last)
        if not number:
            await place.learn()
        crowd, named = last.crowd, f"round {number}" if number else "to warm up"
        cores = " ".join(f"{name} {each:.2f}" for name, each in crowd.cores.items())
        sys.stderr.write(
            f"{named}: best {last.best:,.0f}/s; offered {crowd.offered:,.0f}/s: "
            f"{crowd.rate:,.0f}/s accepted ({last.kept:.2f}), p99 {crowd.score.p99_ms:.0f} ms; "
            f"then {last.after[0].rate:,.0f}/s (before {last.before[0].rate:,.0f}/s); "
            f"{max(last.before, key=_rate).cpu_us:,.0f}, overloaded {crowd.cpu_us:,.0f} µs each; "
            f"cores: {cores}\n"
        )
    if set(done.statuses) - {503}:
        done.wrong.append(f"refused otherwise than by 503: {dict(done.statuses)}")
    if not site.requests:
        done.wrong.append("the stock of visits was used up: --stock more")
    done.wrong += await accepted.faults(served.target)


def main() -> None:
    """Measure and say how it stands; 2 where the run does not count."""
    parser = argparse.ArgumentParser(prog="python -m benchmarks.overload", description=__doc__)
    parser.add_argument("--rounds", type=int, default=5, help="times each is measured, when warm")
    parser.add_argument("--seconds", type=float, default=6.0, help="how long each loop")
    parser.add_argument("--stock", type=int, default=600_000, help="visits laid in")
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
