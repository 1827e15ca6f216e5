"""L6 and L7: the whole route while a period closes, and while processes are killed."""

from __future__ import annotations

import asyncio
import collections
import itertools
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

from benchmarks.ladder.hubs import Served
from benchmarks.ladder.place import ROOT, Place, hub_environment
from benchmarks.ladder.scores import Taken

QUIET = 0.5  # of a playing's seconds: before, between and after the two
SECONDS_MAX = 900


@asynccontextmanager
async def closing(place: Place) -> AsyncIterator[collections.Counter[str]]:
    """Let months close and quarters be cleared meanwhile; counts how many were."""
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "benchmarks.ladder.closing"),
        cwd=ROOT,
        env=hub_environment(place.url),
        stdout=asyncio.subprocess.PIPE,
    )
    done: collections.Counter[str] = collections.Counter()

    async def count() -> None:
        assert process.stdout is not None
        async for line in process.stdout:
            done[line.decode().strip()] += 1

    counting = asyncio.create_task(count())
    try:
        while not done:  # until it is under way
            if process.returncode is not None:
                raise RuntimeError("the closing of months ended by itself")
            await asyncio.sleep(0.05)
        done.clear()
        yield done
        if process.returncode is not None:
            raise RuntimeError("the closing of months ended by itself")
    finally:
        if process.returncode is None:
            process.kill()
        await process.wait()
        await counting


@dataclass(frozen=True, slots=True, kw_only=True)
class Survived:
    """What came of a load under which processes were killed, and how long each was gone."""

    taken: Taken
    hub_seconds: float
    postgres_seconds: float


async def killing(
    served: Served, place: Place, clients: int, seconds: float, requests: Iterator[bytes]
) -> Survived:
    """Settle while first the hub is killed and then Postgres (kill -9), a while between.

    Who gets no definite answer sends the same message again, under the same id, until it does.
    """
    lasting = asyncio.Event()
    clock = asyncio.get_running_loop().time

    async def kill() -> tuple[float, float]:
        await asyncio.sleep(seconds * QUIET)
        begun = clock()
        await served.kill()
        hub_seconds = clock() - begun
        await asyncio.sleep(seconds * QUIET)
        begun = clock()
        await place.kill()
        postgres_seconds = clock() - begun
        await asyncio.sleep(seconds * QUIET)
        lasting.set()
        return hub_seconds, postgres_seconds

    wanted = itertools.takewhile(lambda _: not lasting.is_set(), requests)
    taken, (hub_seconds, postgres_seconds) = await asyncio.gather(
        served.target.closed(clients, SECONDS_MAX, wanted, patient=True), kill()
    )
    return Survived(taken=taken, hub_seconds=hub_seconds, postgres_seconds=postgres_seconds)
