"""Climb the ladder: every rung in every round, interleaved, so that the machine's moods hit all."""

from __future__ import annotations

import asyncio
import itertools
import statistics
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import AsyncExitStack
from dataclasses import dataclass, field

from benchmarks.ladder import apart, beside, machine, people
from benchmarks.ladder.client import Target
from benchmarks.ladder.database import Ceiling
from benchmarks.ladder.history import pour_in
from benchmarks.ladder.hubs import Served, children_cpu_seconds, serving
from benchmarks.ladder.manner import BESIDE, LOW, ROUTE, Manner
from benchmarks.ladder.place import Place, hub, open_place
from benchmarks.ladder.scores import Score, Taken, middle
from benchmarks.ladder.stock import Stock, lay_in
from benchmarks.ladder.trouble import Survived, closing, killing
from benchmarks.ladder.validity import Accepted

Play = Callable[[], Awaitable[Score]]
Tell = Callable[[str], None]


@dataclass(slots=True)
class Climb:
    """What was measured, rung by rung, round by round; void where anything is wrong."""

    manner: Manner
    tell: Tell
    facts: dict[str, str] = field(default_factory=dict)
    scores: dict[str, list[Score]] = field(default_factory=dict)
    open_loop: Score | None = None
    figures: dict[str, float] = field(default_factory=dict)
    wrong: list[str] = field(default_factory=list)
    begun: float = field(default_factory=time.monotonic)

    async def play(self, plays: dict[str, Play], rounds: int) -> None:
        """Play every rung once a round, while there is time for one as long as the last."""
        since = time.monotonic()
        for number in range(1, rounds + 1) if plays else ():
            if number > 1 and self._is_late((time.monotonic() - since) / (number - 1)):
                self.tell(f"no time is left for round {number} of {rounds}")
                return
            for rung, play in plays.items():
                score = await play()
                self.scores.setdefault(rung, []).append(score)
                if not score.accepted:
                    why = score.refused_with or "nothing left to send: --stock"
                    self.wrong.append(f"{rung} took nothing: {why}")
                self.tell(
                    f"round {number} of {rounds}: {rung} {score.rate:,.0f}/s {score.refused_with}"
                )

    def _is_late(self, more: float) -> bool:
        """Say whether so many seconds more are beyond what the run may take."""
        within = self.manner.within_seconds
        return within is not None and time.monotonic() - self.begun + more > within


@dataclass(slots=True, kw_only=True)
class Site:
    """One database, its visits and its hub, and what that hub said it had settled."""

    place: Place
    stock: Stock
    served: Served
    accepted: Accepted
    senders: int

    async def settle(self, seconds: float, senders: int | None = None) -> Score:
        """Settle by the whole route for so long, closed loop."""
        return await self._settle(self.served, seconds, senders or self.senders, guarded=True)

    async def settle_unguarded(self, served: Served, seconds: float) -> Score:
        """Settle at a hub that believes whoever calls."""
        return await self._settle(served, seconds, self.senders, guarded=False)

    async def _settle(
        self, served: Served, seconds: float, senders: int, *, guarded: bool
    ) -> Score:
        spent = served.cpu_seconds(), children_cpu_seconds(self.place.postmaster)
        requests = self.stock.settles(guarded=guarded)
        taken = await served.target.closed(senders, seconds, requests)
        used = served.cpu_seconds(), children_cpu_seconds(self.place.postmaster)
        self.accepted.note(taken)
        score = Score.of(taken)
        if not taken.accepted:
            return score
        of_hub, of_postgres = (
            round(1e6 * (after - before) / taken.accepted)
            for before, after in zip(spent, used, strict=True)
        )
        return score.with_costs(of_hub, of_postgres)

    async def settle_openly(self, rate: float, seconds: float) -> Score:
        """Settle at a constant rate, whatever comes back."""
        taken = await self.served.target.open(rate, seconds, self.stock.settles())
        self.accepted.note(taken)
        return Score.of(taken)

    def note(self, taken: Taken) -> Score:
        """Note what else was settled here."""
        self.accepted.note(taken)
        return Score.of(taken)


async def climb(manner: Manner, tell: Tell) -> Climb:
    """Climb on a Postgres of its own; what comes back says itself whether it is void."""
    done = Climb(manner, tell, dict(machine.facts()))
    if manner.plays("clearing"):
        tell(f"a clearing of {manner.cleared:,}")
        found = await asyncio.to_thread(apart.cleared, manner.cleared, manner.rounds)
        done.scores["clearing"] = found
    if manner.plays("start"):
        tell("an embedded hub starts")
        seconds = await asyncio.to_thread(apart.started, manner.rounds)
        done.figures["start_seconds"] = round(sorted(seconds)[len(seconds) // 2], 2)
    done.figures["sender_us"] = await apart.sender_microseconds(
        manner.clients, min(1.0, manner.seconds)
    )
    with open_place() as place:
        done.facts |= await place.facts()
        await _on(place, done)
    done.facts |= {"load_average_after": machine.load_average()}
    return done


async def _on(place: Place, done: Climb) -> None:
    manner, tell = done.manner, done.tell
    if not manner.plays(*LOW, *BESIDE, "L5", "L6", "L7", "idle"):
        return
    await asyncio.to_thread(hub, place, "migrate")
    await asyncio.to_thread(hub, place, "seed")
    tell(f"laying in {manner.visits:,} visits")
    stock = await lay_in(place, manner.visits)
    grown = await place.copied("grown") if manner.plays("L5", "L6") else None
    ceiling = Ceiling(place=place, visits=manner.visits, clients=manner.clients)
    await ceiling.lay_in()
    async with AsyncExitStack() as stack:
        served = await stack.enter_async_context(serving(place, manner.shape))
        site = await _site(place, stock, served, manner)
        await site.settle(manner.warm_seconds)
        await place.learn()
        await _low(site, ceiling, done)
        if grown is not None:
            minutes = await pour_in(grown, manner.settlements, tell)
            done.figures |= {"history_minutes": round(minutes, 1)}
            await _grown(site, grown, done)
        if manner.plays("L7"):
            await _killed(site, done)
        if manner.plays("idle"):
            done.figures["idle_megabytes"] = round(await apart.idle_megabytes(place, stock), 1)
        if not stock.left:
            done.wrong.append("the visits were used up: --stock lays in more")
        done.wrong += await ceiling.valid()
        done.wrong += await site.accepted.faults(served.target)


async def _killed(site: Site, done: Climb) -> None:
    """Play L7 as often as every rung, but apart: who comes after it finds everything cold."""
    manner, gone = done.manner, list[Survived]()
    for _ in range(manner.rounds):
        it = await killing(
            site.served, site.place, manner.senders, manner.seconds, site.stock.settles()
        )
        gone.append(it)
        done.scores.setdefault("L7", []).append(site.note(it.taken))
        done.tell(f"L7: {done.scores['L7'][-1].rate:,.0f}/s")
    for what, each in {
        "hub_gone_seconds": [it.hub_seconds for it in gone],
        "postgres_gone_seconds": [it.postgres_seconds for it in gone],
    }.items():
        done.figures[what] = round(statistics.median(each), 2)


async def _site(place: Place, stock: Stock, served: Served, manner: Manner) -> Site:
    accepted = Accepted(place)
    await accepted.begin()
    return Site(place=place, stock=stock, served=served, accepted=accepted, senders=manner.senders)


async def _low(site: Site, ceiling: Ceiling, done: Climb) -> None:
    manner = done.manner
    async with serving(site.place, manner.shape, guarded=False) as open_gate:
        if manner.plays("L3"):
            await site.settle_unguarded(open_gate, manner.warm_seconds)
        plays = _low_plays(site, ceiling, open_gate, manner)
        beside_plays = await _beside_plays(site, manner)
        wanted = {rung: play for rung, play in (plays | beside_plays).items() if manner.plays(rung)}
        await done.play(wanted, manner.rounds)
    if manner.plays(ROUTE):
        half = max(1.0, middle(done.scores[ROUTE], "rate") / 2)
        rounds = len(done.scores[ROUTE])
        played = [await site.settle_openly(half, manner.seconds) for _ in range(rounds)]
        done.open_loop = sorted(played, key=lambda score: score.p99_ms)[len(played) // 2]
        each = ", ".join(f"{score.p99_ms:.1f}" for score in played)
        done.tell(f"open loop at {half:,.0f}/s: p99 {each} ms")


def _low_plays(site: Site, ceiling: Ceiling, open_gate: Served, manner: Manner) -> dict[str, Play]:
    seconds = manner.seconds
    share = {"L1a": manner.rounds} | dict.fromkeys(("L1", "L1b", "L2"), 0)
    left = {"now": manner.rounds * sum(map(manner.plays, ("L1", "L1b", "L2")))}

    def of_the_database(rung: str) -> Play:
        async def play() -> Score:
            small = rung in ("L0", "L1a")
            playings = share["L1a"] if small else left["now"]
            score = await ceiling.play(rung, seconds, playings)
            if rung == "L1a":
                share["L1a"] -= 1
            elif not small:
                left["now"] -= 1
            return score

        return play

    return {
        **{rung: of_the_database(rung) for rung in ("L0", "L1a", "L1", "L1b", "L2")},
        "L3": lambda: site.settle_unguarded(open_gate, seconds),
        "L4": lambda: site.settle(seconds),
        "L4c": lambda: site.settle(seconds, manner.clients),
    }


async def _beside_plays(site: Site, manner: Manner) -> dict[str, Play]:
    clients, seconds, target = manner.clients, manner.seconds, site.served.target
    uploads, calls = beside.uploads(site.stock), itertools.count(1)
    batches = await beside.Batches.of(site.place) if manner.plays("batch") else beside.Batches()
    asked: Iterator[bytes] = iter(())
    if manner.plays("identify"):
        known = await people.registered(target, site.stock.places)
        asked = people.identifications(known)
    previews, searches = site.stock.previews(), site.stock.searches()
    return {
        "preview": lambda: _asked(target, clients, seconds, previews),
        "identify": lambda: _asked(target, clients, seconds, asked),
        "search": lambda: _asked(target, clients, seconds, searches),
        "lines": lambda: _asked(target, clients, seconds, uploads, units=beside.ROWS),
        "copy": lambda: beside.copied(site.place, clients, seconds, calls),
        "batch": lambda: batches.play(target, clients, seconds),
    }


async def _asked(
    target: Target, clients: int, seconds: float, requests: Iterator[bytes], units: int = 1
) -> Score:
    return Score.of(await target.closed(clients, seconds, requests), units)


async def _grown(site: Site, grown: Place, done: Climb) -> None:
    """Play L5 in turn with L4, then L6, on a copy of the same visits."""
    manner = done.manner
    stock = Stock(visits=site.stock.visits, places=site.stock.places)
    async with serving(grown, manner.shape) as served:
        old = await _site(grown, stock, served, manner)
        await old.settle(manner.warm_seconds)
        in_turn: dict[str, Play] = {
            "L4b": lambda: site.settle(manner.seconds),
            "L5": lambda: old.settle(manner.seconds),
        }
        await done.play(in_turn, manner.rounds)
        if manner.plays("L6"):
            async with closing(grown) as closed:
                await done.play({"L6": lambda: old.settle(manner.seconds)}, manner.rounds)
                done.figures["months_closed"] = closed["closed"]
                done.figures["quarters_cleared"] = closed["cleared"]
        done.wrong += await old.accepted.faults(served.target)
