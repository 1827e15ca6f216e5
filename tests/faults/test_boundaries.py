"""Every statement of every request of the road is cut once, then two at a time by seed.

`HUB_FAULT_SEEDS=5000` runs that many seeds, `HUB_FAULT_SEED=1234` one alone. `HUB_FAULT_LIST=write`
writes down what was cut; `HUB_FAULT_FINE=1` also cuts where the driver prepares statements.
"""

from __future__ import annotations

import os
import random
from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from tests.faults.ground import Cuts, Ground, laid_out
from tests.faults.knife import Fault
from tests.faults.scenario import STEPS

SEEDS = int(os.environ.get("HUB_FAULT_SEEDS", str(len(STEPS))))
SEED = os.environ.get("HUB_FAULT_SEED")
LISTING = os.environ.get("HUB_FAULT_LIST") == "write"
FINE = os.environ.get("HUB_FAULT_FINE") == "1"
LIST = Path(__file__).parents[2] / "benchmarks" / "results" / "faults.md"
FAULTS = tuple(Fault)


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ground(database_server: tuple[str, str], database_url: str) -> AsyncIterator[Ground]:
    """A hub under the knife that knows its undisturbed walk."""
    async with laid_out(database_server[0], database_url) as it:
        await it.learn(fine=FINE)
        yield it


def cuts_of(ground: Ground, seed: int) -> dict[str, Cuts]:
    """Tell what a seed cuts: two round trips of one request, or of what is sent after it."""
    dice = random.Random(seed)  # noqa: S311 -- a scattering, not a secret
    step = STEPS[seed % len(STEPS)]
    crossings = len(ground.boundaries[step.name])
    first = dice.randrange(crossings)
    second = first + 1 + dice.randrange(crossings)
    return {step.name: {first: dice.choice(FAULTS), second: dice.choice(FAULTS)}}


def listed(made: dict[str, list[str]]) -> str:
    """Write down what was cut, request by request."""
    head = [
        "# What was cut",
        "",
        "Every round trip between the hub and Postgres, for every request of the walk, with the",
        "fault it met. After each the sender repeated its message until it knew, and every table",
        "held what it holds after an undisturbed walk. `tests/faults` says how; written by",
        "`HUB_FAULT_LIST=write pytest tests/faults/test_boundaries.py`.",
        "",
        f"{sum(map(len, made.values()))} round trips of {len(made)} requests.",
    ]
    parts = [
        "\n".join([f"\n## {step.name}\n", *(f"- {it}" for it in made[step.name])]) for step in STEPS
    ]
    return "\n".join([*head, *parts]) + "\n"


async def test_every_round_trip_of_every_request_may_fail_and_nothing_is_lost_or_done_twice(
    ground: Ground,
) -> None:
    longest = max(len(it) for it in ground.boundaries.values())
    made: dict[str, list[str]] = {step.name: [] for step in STEPS}
    for number in range(0 if SEED else longest):
        cuts: dict[str, Cuts] = {}
        for turn, step in enumerate(STEPS):
            if number < len(ground.boundaries[step.name]):
                fault = FAULTS[(number + turn) % len(FAULTS)]
                cuts[step.name] = {number: fault}
                boundary = ground.boundaries[step.name][number]
                made[step.name].append(f"{number:02d} `{boundary}`: {fault.value}")
        await ground.walk(cuts)
    if LISTING:
        LIST.write_text(listed(made), encoding="utf-8")


async def test_a_begin_that_is_refused_costs_its_connection_and_no_later_request(
    ground: Ground,
) -> None:
    cuts: dict[str, Cuts] = {}
    for step in STEPS:
        words = [str(it) for it in ground.boundaries[step.name]]
        cuts[step.name] = {words.index("run BEGIN"): Fault.TIMEOUT}
    await ground.walk({} if SEED else cuts)


async def test_a_commit_whose_fate_is_unknown_is_found_out(ground: Ground) -> None:
    for fault in () if SEED else (Fault.ANSWER_LOST, Fault.HUNG_UP_AFTER, Fault.SERIALIZATION):
        cuts: dict[str, Cuts] = {}
        for step in STEPS:
            words = [str(it) for it in ground.boundaries[step.name]]
            if "run COMMIT" in words:
                cuts[step.name] = {words.index("run COMMIT"): fault}
        assert len(cuts) >= len(STEPS) - 1
        await ground.walk(cuts)


async def test_two_faults_by_seed_break_no_promise(ground: Ground) -> None:
    if SEED:
        await ground.walk(cuts_of(ground, int(SEED)))
        return
    for begin in range(0, SEEDS, len(STEPS)):
        cuts: dict[str, Cuts] = {}
        for seed in range(begin, min(begin + len(STEPS), SEEDS)):
            cuts |= cuts_of(ground, seed)
        try:
            await ground.walk(cuts)
        except AssertionError as failure:
            failure.add_note(f"seeds {begin} to {begin + len(STEPS) - 1}; each runs alone")
            raise
