"""The hub's process is killed (kill -9) between two statements, and another hub goes on.

At the statements of every request, one after the other; then at two of one request by seed. The
usual run passes over three of four statements, other ones at each request. `HUB_FAULT_KILLS=500`
leaves none out and runs that many seeds, `HUB_FAULT_KILL=123` one alone; `HUB_FAULT_LIST=write`
leaves none out either and writes down where it was killed.
"""

from __future__ import annotations

import asyncio
import base64
import json
import os
import random
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator, Mapping
from pathlib import Path

import pytest
import pytest_asyncio

from tests.faults import books
from tests.faults.ground import TRAIL, Ground, laid_out
from tests.faults.scenario import STEPS, Step, Walk
from tests.faults.sender import Message, send_until_definite
from tests.faults.victim import NOT_NOW

# What makes a request's work last: the commit, or a lane's one statement that commits itself.
COMMITS = re.compile(r"run (COMMIT|SELECT \w+_keep)")
KILLED = (
    "admit",
    "charge",
    "settle",
    "cancel",
    "reverse",
    "uphold",
    "receive-advance",
    "clear",
    "notify",
)

SEEDS = int(os.environ.get("HUB_FAULT_KILLS", str(len(STEPS))))
SEED = os.environ.get("HUB_FAULT_KILL")
LISTING = os.environ.get("HUB_FAULT_LIST") == "write"
STRIDE = 1 if LISTING or "HUB_FAULT_KILLS" in os.environ else 4
LIST = Path(__file__).parents[2] / "benchmarks" / "results" / "killed.md"
LISTED = """# Where the hub's process was killed

Every request of the walk is sent to a process of its own that ends itself by SIGKILL before its
first round trip to Postgres; another is sent the same message and ends before its second, and so on
until one lives to answer. Then the sender asks a hub that was never killed, and every table holds
what it holds after an undisturbed walk. Written by
`HUB_FAULT_LIST=write HUB_FAULT_KILLS={seeds} pytest tests/faults/test_killed.py`.

{kills} kills of {requests} requests; then {seeds} seeds, each of which killed two processes that
served one message, before or after a round trip of theirs. No promise was broken.

| request | killed before round trips |
|---|---|"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ground(database_server: tuple[str, str], database_url: str) -> AsyncIterator[Ground]:
    """A hub that knows its undisturbed walk."""
    async with laid_out(database_server[0], database_url) as it:
        await it.learn()
        yield it


@pytest.fixture(scope="module")
def victim(database_url: str) -> Iterator[subprocess.Popen[str]]:
    """A process whose children are killed."""
    command = [sys.executable, "-m", "tests.faults.victim", database_url]
    with subprocess.Popen(  # noqa: S603 -- this very interpreter
        command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as process:
        assert process.stdout is not None
        assert process.stdout.readline() == "ready\n"
        yield process
        assert process.stdin is not None
        process.stdin.close()


def killed(
    victim: subprocess.Popen[str], ground: Ground, message: Message, number: int, *, after: bool
) -> int:
    """Have a hub of its own serve a message until it is killed; return how the process ended."""
    built = message.sender.http.build_request(**message.request())
    told = {
        "database": ground.database,
        "now": ground.world.clock.now.isoformat(),
        "number": number,
        "after": after,
        "request": {
            "method": built.method,
            "url": built.url.path,
            "headers": dict(built.headers),
            "content": base64.b64encode(built.content).decode(),
        },
    }
    assert victim.stdin is not None
    assert victim.stdout is not None
    victim.stdin.write(json.dumps(told) + "\n")
    victim.stdin.flush()
    return int(victim.stdout.readline())


async def survived(ground: Ground, walk: Walk, name: str, message: Message) -> None:
    """Go on as the sender does, and hold the hub to its promises."""
    answer = await send_until_definite(message)
    assert answer.status_code == message.status, answer.text
    walk.said[name] = answer.json()
    await books.still(ground.world)
    kept, expected = await books.totals(ground.world, ground.query), ground.undisturbed[name]
    if message.look:  # each look leaves a trace, also one whose answer nobody got
        assert int(kept[TRAIL]) >= int(expected[TRAIL]), "told without a trace"
        expected = expected | {TRAIL: kept[TRAIL]}
    assert kept == expected


@pytest.mark.parametrize("where", ["before the commit", "after the commit", "half-way"])
async def test_a_killed_hub_leaves_nothing_half_done_and_nothing_answered_undone(
    ground: Ground, victim: subprocess.Popen[str], where: str
) -> None:
    async with ground.walking() as walk:
        for step in STEPS:
            message = await step.message(walk)
            if step.name in KILLED:
                # A new process connects first: what the warm hub never showed.
                crossings = [str(it) for it in ground.boundaries[step.name]]
                cold = [*(() if "connect" in crossings else ("connect",)), *crossings]
                commit = cold.index(next(it for it in reversed(cold) if COMMITS.match(it)))
                number = commit // 2 if where == "half-way" else commit
                ended = killed(victim, ground, message, number, after=where == "after the commit")
                assert ended == -signal.SIGKILL
            await survived(ground, walk, step.name, message)
        await ground.hold_to_everything()


async def served_in_the_end(
    victim: subprocess.Popen[str], ground: Ground, message: Message, first: int
) -> int:
    """Kill process after process, each a stride later; tell before which round trip none died."""
    number, waited = first, 0
    while (ended := killed(victim, ground, message, number, after=False)) != 0:
        if ended == NOT_NOW:  # Postgres has not noticed yet that the one before is dead
            waited += 1
            assert waited < books.PATIENCE, "no definite answer"
            await asyncio.sleep(0.01)
        else:
            assert ended == -signal.SIGKILL
            number += STRIDE
    return number


async def test_a_hub_may_be_killed_at_every_round_trip_of_every_request(
    ground: Ground, victim: subprocess.Popen[str]
) -> None:
    kills: dict[str, int] = {}
    async with ground.walking() as walk:
        for place, step in enumerate(() if SEED else STEPS):
            message, crossings = await step.message(walk), len(ground.boundaries[step.name])
            first = place % min(STRIDE, crossings)
            kills[step.name] = await served_in_the_end(victim, ground, message, first)
            assert kills[step.name] >= crossings, step.name
            await survived(ground, walk, step.name, message)
        await ground.hold_to_everything()
    if LISTING:
        LIST.write_text(listed(kills), encoding="utf-8")


def listed(kills: Mapping[str, int]) -> str:
    """Write down how often each request was killed."""
    head = LISTED.format(kills=sum(kills.values()), requests=len(kills), seeds=SEEDS)
    return "\n".join([head, *(f"| {name} | 0 to {it - 1} |" for name, it in kills.items()), ""])


def kills_of(ground: Ground, seed: int) -> tuple[Step, list[tuple[int, bool]]]:
    """Tell of a seed whose processes it kills: two that serve one message, before or after."""
    dice = random.Random(seed)  # noqa: S311 -- a scattering, not a secret
    step = STEPS[seed % len(STEPS)]
    crossings = len(ground.boundaries[step.name])
    return step, [(dice.randrange(crossings + 1), dice.random() < 1 / 2) for _ in range(2)]


async def test_two_kills_by_seed_break_no_promise(
    ground: Ground, victim: subprocess.Popen[str]
) -> None:
    seeds = [int(SEED)] if SEED else range(SEEDS)
    for begin in range(0, len(seeds), len(STEPS)):
        chosen = {kills_of(ground, it)[0].name: it for it in seeds[begin : begin + len(STEPS)]}
        async with ground.walking() as walk:
            for step in STEPS:
                message = await step.message(walk)
                if step.name in chosen:
                    for number, after in kills_of(ground, chosen[step.name])[1]:
                        killed(victim, ground, message, number, after=after)
                try:
                    await survived(ground, walk, step.name, message)
                except AssertionError as failure:
                    failure.add_note(f"{step.name}: seed {chosen.get(step.name)}, runs alone")
                    raise
            await ground.hold_to_everything()
