"""L6 and L7: the whole route while a period closes, and while processes are killed."""

from __future__ import annotations

import asyncio
import collections
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

from benchmarks.ladder.hubs import Served
from benchmarks.ladder.place import ROOT, Place, hub_environment
from benchmarks.ladder.scores import Taken

KILLED_HUB_AT, KILLED_POSTGRES_AT = 0.25, 0.55  # of the playing
SECONDS_MIN = 6.0  # or the outages would be all there is


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


async def killing(
    served: Served, place: Place, clients: int, seconds: float, requests: Iterator[bytes]
) -> Taken:
    """Settle while first the hub is killed and then Postgres (kill -9).

    Who gets no definite answer sends the same message again, under the same id, until it does.
    """
    lasting = max(seconds, SECONDS_MIN)

    async def kill() -> None:
        await asyncio.sleep(lasting * KILLED_HUB_AT)
        await served.kill()
        await asyncio.sleep(lasting * (KILLED_POSTGRES_AT - KILLED_HUB_AT))
        await place.kill()

    taken, _ = await asyncio.gather(
        served.target.closed(clients, lasting, requests, patient=True), kill()
    )
    return taken
