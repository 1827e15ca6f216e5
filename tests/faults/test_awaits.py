"""The sender of every request of the road goes away at each of its awaits in turn.

At a database a cut of the wire meets the hub as well; this meets it wherever else it waits: for a
turn, for a lane's call, for a connection of the pool, and while it puts something away.
`HUB_FAULT_LIST=write` writes down where it waited.
"""

from __future__ import annotations

import asyncio
import os
from collections import Counter
from collections.abc import AsyncIterator, Mapping
from pathlib import Path

import httpx
import pytest_asyncio

from tests.faults import books
from tests.faults.awaits import Watched
from tests.faults.ground import TRAIL, Ground, laid_out
from tests.faults.scenario import STEPS
from tests.faults.sender import SECONDS_MAX, Message, check, is_definite

GONE_MAX = 400  # no request waits so often; who never gets its answer ends here
LISTING = os.environ.get("HUB_FAULT_LIST") == "write"
LIST = Path(__file__).parents[2] / "benchmarks" / "results" / "awaits.md"
LISTED = """# Where a sender went away

Every request of the walk, sent again and again under its one id by a sender who goes away one await
later each time, until none is left: the hub's own task is cancelled there, as at its deadline. No
connection was open when a request began, so that connecting is among the awaits. At the end
every table held what it holds after an undisturbed walk. Written by
`HUB_FAULT_LIST=write pytest tests/faults/test_awaits.py`.

{awaits} awaits of {requests} requests. Beside each function of the hub, how often it was the one
that waited.
"""


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def ground(database_server: tuple[str, str], database_url: str) -> AsyncIterator[Ground]:
    """A hub that knows its undisturbed walk."""
    async with laid_out(database_server[0], database_url) as it:
        await it.learn()
        yield it


async def sent(
    message: Message, gone_at: int
) -> tuple[httpx.Response | None, Watched[httpx.Response]]:
    """Send until the sender goes away; give what came, and what the sender waited for."""
    watched = Watched(message.sender.http.request(**message.request()), gone_at)

    async def send() -> httpx.Response:
        return await watched

    sending = asyncio.create_task(send())
    done, _ = await asyncio.wait({sending}, timeout=SECONDS_MAX)
    assert done, f"the hub hangs: {watched}"
    return (None if sending.cancelled() else sending.result()), watched


async def sent_from_every_await(
    ground: Ground, message: Message
) -> tuple[httpx.Response, list[str]]:
    """Send the same message again and again, gone one await later each time, until none is left."""
    places: list[str] = []
    for _ in range(GONE_MAX):
        await ground.world.hub.engine.dispose()
        answer, watched = await sent(message, len(places))
        if answer is not None:
            check(answer)
        if watched.is_gone:
            places.append(watched.place)
        elif answer is not None and is_definite(answer):
            return answer, places
        await asyncio.sleep(0.01)
    raise AssertionError(f"no definite answer; gone at {places}")


async def test_a_sender_may_go_away_at_every_await_and_nothing_is_lost_or_done_twice(
    ground: Ground,
) -> None:
    left: dict[str, list[str]] = {}
    async with ground.walking() as walk:
        for step in STEPS:
            message = await step.message(walk)
            answer, left[step.name] = await sent_from_every_await(ground, message)
            assert answer.status_code == message.status, (step.name, answer.text)
            assert any(left[step.name]), f"{step.name} waited nowhere in the hub"
            walk.said[step.name] = answer.json()
            await books.still(ground.world)
            kept = await books.totals(ground.world, ground.query)
            expected = dict(ground.undisturbed[step.name])
            if message.look:
                assert int(kept[TRAIL]) >= int(expected[TRAIL]), "told without a trace"
                expected[TRAIL] = kept[TRAIL]
            assert kept == expected, step.name
        await ground.hold_to_everything()
    if LISTING:
        LIST.write_text(listed(left), encoding="utf-8")


def listed(left: Mapping[str, list[str]]) -> str:
    """Write down where senders went away, request by request."""
    parts = [LISTED.format(awaits=sum(map(len, left.values())), requests=len(left))]
    for name, places in left.items():
        counted = Counter(filter(None, places))
        lines = [f"- `{place}`: {times}" for place, times in counted.items()]
        parts.append("\n".join([f"## {name}\n", *lines, ""]))
    return "\n".join(parts)
