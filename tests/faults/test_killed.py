"""The hub's process is killed (kill -9) between two statements, and another hub goes on."""

from __future__ import annotations

import base64
import json
import re
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio

from tests.faults import books
from tests.faults.ground import Ground, laid_out
from tests.faults.scenario import STEPS, Walk
from tests.faults.sender import Message, send_until_definite

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
    assert await books.totals(ground.world, ground.query) == ground.undisturbed[name]


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
