"""Every statement of every request of the road is cut once, then two at a time by seed.

`HUB_FAULT_EVERY=1` cuts every statement by every fault, one after the other.
`HUB_FAULT_SEEDS=5000` runs that many seeds, `HUB_FAULT_SEED=1234` one alone; `HUB_FAULT_WALKERS=1`
one walk at a time. `HUB_FAULT_LIST=write` writes down what was cut; `HUB_FAULT_FINE=1` also cuts
where the driver prepares statements.
"""

from __future__ import annotations

import os
import random
import time
from collections import Counter
from collections.abc import AsyncIterator, Iterator, Sequence
from pathlib import Path

import pytest_asyncio

from tests.faults.ground import Cuts, Ground, several_laid_out, walk_all
from tests.faults.knife import Fault
from tests.faults.scenario import STEPS

SEEDS = int(os.environ.get("HUB_FAULT_SEEDS", str(len(STEPS))))
WALKERS = int(os.environ.get("HUB_FAULT_WALKERS", "3"))
SEED = os.environ.get("HUB_FAULT_SEED")
LISTING = os.environ.get("HUB_FAULT_LIST") == "write"
EVERY = os.environ.get("HUB_FAULT_EVERY") == "1"
FINE = os.environ.get("HUB_FAULT_FINE") == "1"
LIST = Path(__file__).parents[2] / "benchmarks" / "results" / "faults.md"
FAULTS = tuple(Fault)
# What takes a lane begins nothing: it calls two functions, beside what the driver asks for itself.
LANED = {
    "charge": ("lines_look", "lines_keep"),
    "settle": ("settle_look", "settle_keep"),
    "settle-again": ("settle_look", "settle_keep"),
    "settle-for-good": ("settle_look", "settle_keep"),
    "identify": ("desk_look", "desk_keep"),
}


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def grounds(
    database_server: tuple[str, str], database_url: str
) -> AsyncIterator[Sequence[Ground]]:
    """Hubs under the knife that know their undisturbed walk."""
    async with several_laid_out(database_server[0], database_url, 1 if SEED else WALKERS) as them:
        await them[0].learn(fine=FINE)
        for other in them[1:]:
            other.taught_by(them[0])
        yield them


def cuts_of(ground: Ground, seed: int) -> dict[str, Cuts]:
    """Tell what a seed cuts: two round trips of one request, or of what is sent after it."""
    dice = random.Random(seed)  # noqa: S311 -- a scattering, not a secret
    step = STEPS[seed % len(STEPS)]
    crossings = len(ground.boundaries[step.name])
    first = dice.randrange(crossings)
    second = first + 1 + dice.randrange(crossings)
    return {step.name: {first: dice.choice(FAULTS), second: dice.choice(FAULTS)}}


def each_once(ground: Ground, shift: int = 0) -> Iterator[tuple[str, dict[str, Cuts]]]:
    """Plan walks that cut every round trip of every request once; each shift by other faults."""
    for number in range(max(len(it) for it in ground.boundaries.values())):
        yield (
            f"round trip {number}, faults shifted by {shift}",
            {
                step.name: {number: FAULTS[(number + turn + shift) % len(FAULTS)]}
                for turn, step in enumerate(STEPS)
                if number < len(ground.boundaries[step.name])
            },
        )


def by_seed(ground: Ground) -> Iterator[tuple[str, dict[str, Cuts]]]:
    """Plan walks on which as many seeds as there are requests are cut; or one seed alone."""
    if SEED:
        yield f"seed {SEED}", cuts_of(ground, int(SEED))
        return
    for begin in range(0, SEEDS, len(STEPS)):
        cuts: dict[str, Cuts] = {}
        for seed in range(begin, min(begin + len(STEPS), SEEDS)):
            cuts |= cuts_of(ground, seed)
        yield f"seeds {begin} to {begin + len(STEPS) - 1}; each runs alone", cuts


def listed(ground: Ground, seconds: float) -> str:
    """Write down what was cut, request by request."""
    made: dict[str, list[str]] = {step.name: [] for step in STEPS}
    for _, cuts in each_once(ground):
        for name, cut in cuts.items():
            for number, fault in cut.items():
                boundary = ground.boundaries[name][number]
                made[name].append(f"- {number:02d} `{boundary}`: {fault.value}")
    head = [
        "# What was cut",
        "",
        "Every round trip between the hub and Postgres, for every request of the walk, with the",
        "fault it met. After each the sender repeated its message until it knew, and every table",
        "held what it holds after an undisturbed walk. `tests/faults` says how; written by",
        f"`{'HUB_FAULT_EVERY=1 ' if EVERY else ''}HUB_FAULT_LIST=write HUB_FAULT_SEEDS={SEEDS}",
        "pytest tests/faults/test_boundaries.py`.",
        "",
        f"{sum(map(len, made.values()))} round trips of {len(made)} requests"
        + (f"; then each of them by each of the other {len(FAULTS) - 1} faults." if EVERY else "."),
        "",
        f"Then {SEEDS:,} seeds, each of which cut two round trips of one request, or of what its",
        f"sender sent after it: no promise broken, in {seconds:.0f} seconds ({WALKERS} walks at a",
        f"time on {os.cpu_count()} processors).",
    ]
    parts = ["\n".join([f"\n## {name}\n", *lines]) for name, lines in made.items()]
    return "\n".join([*head, *parts]) + "\n"


async def test_every_round_trip_of_every_request_may_fail_and_nothing_is_lost_or_done_twice(
    grounds: Sequence[Ground],
) -> None:
    shifts = () if SEED else range(len(FAULTS) if EVERY else 1)
    walks = [walk for shift in shifts for walk in each_once(grounds[0], shift)]
    await walk_all(grounds, walks)
    cut = Counter(
        (name, n, it) for _, cuts in walks for name, at in cuts.items() for n, it in at.items()
    )
    crossed = sum(map(len, grounds[0].boundaries.values()))
    assert len(cut) == cut.total() == crossed * len(shifts), "each fault once at each place"


async def test_what_takes_a_lane_is_cut_in_the_lane(grounds: Sequence[Ground]) -> None:
    places: dict[str, list[int]] = {}
    for name, functions in LANED.items():
        words = [str(it) for it in grounds[0].boundaries[name]]
        assert "run BEGIN" not in words
        places[name] = [words.index(f"run SELECT {it}") for it in functions]
    walks = [
        (f"lanes {fault.value}", {name: {at[of]: fault} for name, at in places.items()})
        for fault in FAULTS
        for of in range(2)
    ]
    await walk_all(grounds, () if SEED else walks)


async def test_a_begin_that_is_refused_costs_its_connection_and_no_later_request(
    grounds: Sequence[Ground],
) -> None:
    cuts: dict[str, Cuts] = {}
    for step in STEPS:
        words = [str(it) for it in grounds[0].boundaries[step.name]]
        if "run BEGIN" in words:
            cuts[step.name] = {words.index("run BEGIN"): Fault.TIMEOUT}
    assert len(cuts) >= len(STEPS) - len(LANED)
    await grounds[0].walk({} if SEED else cuts)


async def test_a_commit_whose_fate_is_unknown_is_found_out(grounds: Sequence[Ground]) -> None:
    walks: list[tuple[str, dict[str, Cuts]]] = []
    for fault in () if SEED else (Fault.ANSWER_LOST, Fault.HUNG_UP_AFTER, Fault.SERIALIZATION):
        cuts: dict[str, Cuts] = {}
        for step in STEPS:
            commits = [
                number
                for number, it in enumerate(grounds[0].boundaries[step.name])
                if str(it) == "run COMMIT" or "_keep" in it.words
            ]
            cuts[step.name] = dict.fromkeys(commits[:1], fault)
        assert all(cuts.values())
        walks.append((fault.value, cuts))
    await walk_all(grounds, walks)


async def test_two_faults_by_seed_break_no_promise(grounds: Sequence[Ground]) -> None:
    begun = time.monotonic()
    await walk_all(grounds, by_seed(grounds[0]))
    if LISTING:
        LIST.write_text(listed(grounds[0], time.monotonic() - begun), encoding="utf-8")
