"""Postgres is gone without a word, stopped, or cut off: an answer in time, and back by itself."""

from __future__ import annotations

import asyncio
import os
import signal
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest
import pytest_asyncio
from sqlalchemy.ext.asyncio import create_async_engine

from app.runtime import migrate
from app.runtime.embedded import EmbeddedPostgres
from tests.faults import books
from tests.faults.bridge import Bridge, bridged
from tests.faults.sender import Message, ask, check, send_once, send_until_definite
from tests.support.institutions import JINAN
from tests.support.settlement import ready
from tests.support.visit import VISITS, road
from tests.support.world import World, open_world

WRITERS, ROUNDS = 8, 2
SOON = {"request_seconds": 2.0, "connect_seconds": 0.5, "pool_wait_seconds": 0.5}


@pytest.fixture(scope="module")
def own_server(embedded_home: Path) -> Iterator[EmbeddedPostgres]:
    """A server whose processes these tests may stop."""
    with EmbeddedPostgres(embedded_home) as server:
        migrate.upgrade(server.url())
        yield server


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def bridge(own_server: EmbeddedPostgres) -> AsyncIterator[tuple[Bridge, str]]:
    """The only way from the hub to its Postgres."""
    async with bridged(own_server.url()) as it:
        yield it


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def cut_off(own_server: EmbeddedPostgres, bridge: tuple[Bridge, str]) -> AsyncIterator[World]:
    """A hub beyond the bridge; who looks at its books goes another way."""
    async with open_world(bridge[1], **SOON) as world:
        await world.owner.dispose()
        world.owner = create_async_engine(own_server.url(), pool_size=2)
        await road(world)
        yield world
        await world.owner.dispose()  # which is not the one it was opened with


def settling(world: World, visit: str, key: str) -> Message:
    return Message(
        sender=world.institution(JINAN),
        path=f"{VISITS}/{visit}/settle",
        body={"total": "10.00"},
        key=key,
    )


async def is_busy(message: Message) -> bool:
    """Send once; say whether the hub answered that it is busy."""
    answer = await send_once(message)
    assert answer is not None
    check(answer)
    return answer.status_code == 503


async def hold_out(world: World, message: Message) -> None:
    """Ask for everything while there is no database; each time there is an answer."""
    for _ in range(2):
        assert await is_busy(message)
    listed = await asyncio.gather(*(world.operator.get(VISITS) for _ in range(12)))
    assert {it.status_code for it in listed} == {503}
    assert all(int(it.headers["Retry-After"]) >= 1 for it in listed)
    assert (await world.http.get("/v1/health/live")).status_code == 200
    assert (await world.http.get("/v1/health/ready")).status_code == 503


async def recover(world: World, message: Message) -> None:
    """Go on as if nothing had been."""
    assert (await send_until_definite(message)).status_code == 201
    assert await ask(message) == "applied"
    assert (await world.http.get("/v1/health/ready")).status_code == 200
    await books.still(world)
    assert await books.broken(world) == []


async def test_a_postgres_that_went_silent_costs_nobody_more_than_the_deadline(
    cut_off: World, bridge: tuple[Bridge, str]
) -> None:
    """What was sent is never answered, and connecting neither; the old connections stay dead."""
    message = settling(cut_off, await ready(cut_off), "silent")
    bridge[0].fall_silent()
    await hold_out(cut_off, message)
    bridge[0].come_back()
    await recover(cut_off, message)


@contextmanager
def stopped(pids: list[int]) -> Iterator[None]:
    """Stop these processes for a while (SIGSTOP)."""
    for pid in pids:
        os.kill(pid, signal.SIGSTOP)
    try:
        yield
    finally:
        for pid in pids:
            os.kill(pid, signal.SIGCONT)


def processes(server: EmbeddedPostgres) -> list[int]:
    """Return the server's process and its children."""
    where = Path(server.home / "postgres" / "data" / "postmaster.pid")
    first = int(where.read_text().split("\n", 1)[0])
    pids = [int(it.name) for it in Path("/proc").glob("[0-9]*")]
    return [first, *(pid for pid in pids if parent_of(pid) == first)]


def parent_of(pid: int) -> int:
    """Return the parent of a process; 0 when it has just ended."""
    try:
        return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])
    except OSError:
        return 0


@pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="needs Linux' list of processes")
async def test_a_postgres_that_is_stopped_and_goes_on_is_waited_for_no_longer_than_the_deadline(
    cut_off: World, own_server: EmbeddedPostgres
) -> None:
    message = settling(cut_off, await ready(cut_off), "stopped")
    with stopped(processes(own_server)):
        await hold_out(cut_off, message)
    await recover(cut_off, message)


async def test_connections_that_break_off_under_eight_writers_cost_nothing(
    cut_off: World, bridge: tuple[Bridge, str]
) -> None:
    visits = [await ready(cut_off) for _ in range(WRITERS * ROUNDS)]
    messages = [settling(cut_off, visit, f"broken-{n}") for n, visit in enumerate(visits)]
    done = asyncio.Event()

    async def write(mine: list[Message]) -> list[str]:
        answers = [await send_until_definite(it) for it in mine]
        assert {it.status_code for it in answers} == {201}
        return [it.json()["number"] for it in answers]

    async def break_off() -> None:
        while not done.is_set() and bridge[0].broken < 3 * WRITERS:
            bridge[0].break_off()
            await asyncio.sleep(0.05)

    bridge[0].broken = 0
    breaking = asyncio.create_task(break_off())
    told = await asyncio.gather(*(write(messages[n::WRITERS]) for n in range(WRITERS)))
    done.set()
    await breaking
    assert bridge[0].broken
    assert len({number for mine in told for number in mine}) == len(messages)
    await books.still(cut_off)
    assert await books.broken(cut_off) == []
