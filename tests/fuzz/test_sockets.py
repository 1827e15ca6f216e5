"""What arrives on the wire itself: bytes no client library would send, and senders with time."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import pytest
import pytest_asyncio

from tests.fuzz.serving import serving
from tests.support.parties import seeded
from tests.support.world import World, open_world

HEAD = "POST /v1/workers HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n"
SLOW_SENDERS = 120


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def slow(world: World, database_url: str) -> AsyncIterator[World]:
    """A hub that waits for nobody long."""
    await seeded(world)
    async with open_world(database_url, body_wait_seconds=0.3, tick_seconds=0) as it:
        yield it


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def port(slow: World) -> AsyncIterator[int]:
    async with serving(slow.app) as at:
        yield at


@asynccontextmanager
async def line(port: int) -> AsyncIterator[tuple[asyncio.StreamReader, asyncio.StreamWriter]]:
    """Open a connection."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    try:
        yield reader, writer
    finally:
        writer.close()


async def answered(port: int, sent: str) -> bytes:
    """Send bytes and read until the hub hangs up."""
    async with line(port) as (reader, writer):
        writer.write(sent.encode("latin-1"))
        return await reader.read()


def bearer(world: World) -> str:
    return f"Authorization: {world.agency('370000').headers()['Authorization']}\r\n"


SMUGGLED = "GET /v1/regions HTTP/1.1\r\nHost: hub\r\n\r\n"


@pytest.mark.parametrize(
    "headers",
    [
        "Content-Length: 2\r\nContent-Length: 60\r\n",
        "Content-Length: 2, 60\r\n",
        "Content-Length: +2\r\n",
        "Content-Length: 2\r\nTransfer-Encoding: chunked\r\n",
        "Transfer-Encoding: chunked\r\nContent-Length: 2\r\n",
        "Transfer-Encoding: chunked, identity\r\n",
        "Transfer-Encoding : chunked\r\n",
        "Content-Length: 2\r\n Content-Length: 60\r\n",
        "X: y\0z\r\nContent-Length: 2\r\n",
    ],
)
async def test_a_message_whose_end_could_be_read_in_two_ways_is_no_message(
    slow: World, port: int, headers: str
) -> None:
    """Nothing behind it is taken for a request: the connection ends."""
    told = await answered(port, HEAD + bearer(slow) + headers + "\r\n{}" + SMUGGLED * 2)
    assert told.startswith(b"HTTP/1.1 4"), told
    assert told.count(b"HTTP/1.1 ") == 1, told
    assert b"HTTP/1.1 200" not in told


async def test_a_head_that_never_ends_is_given_up(port: int) -> None:
    assert await answered(port, HEAD) == b""
    assert await answered(port, "") == b""


async def test_a_head_given_in_drops_is_given_up_all_the_same(port: int) -> None:
    """Every drop is a sign of life to a server that counts silence alone."""
    async with line(port) as (reader, writer):
        ended = asyncio.create_task(reader.read())
        drops = 0
        while not ended.done():
            writer.write(b"X-A: b\r\n" if drops else HEAD.encode())
            drops += 1
            await asyncio.sleep(0.02)
        assert drops > 1
        assert await ended == b""


async def test_a_second_head_on_a_kept_connection_is_given_up_as_well(
    slow: World, port: int
) -> None:
    async with line(port) as (reader, writer):
        first = f"GET /v1/regions HTTP/1.1\r\nHost: hub\r\n{bearer(slow)}\r\n"
        writer.write(f"{first}GET /hea".encode())
        told = await reader.read()
    assert told.startswith(b"HTTP/1.1 200")
    assert told.count(b"HTTP/1.1 ") == 1


async def test_a_head_without_end_is_given_up_before_it_fills_the_memory(
    database_url: str,
) -> None:
    """Its time is not up yet: it is too much."""
    async with open_world(database_url, tick_seconds=0) as patient, serving(patient.app) as at:
        sent = 0
        async with line(at) as (reader, writer):
            writer.write(HEAD.encode())
            ended = asyncio.create_task(reader.read())
            while not ended.done() and sent < 10_000_000:
                writer.write(b"X-A: " + b"b" * 1_000 + b"\r\n")
                sent += 1_000
                await asyncio.sleep(0)
            assert await ended_without_answer(ended)
    assert sent < 10_000_000


async def ended_without_answer(ended: asyncio.Task[bytes]) -> bool:
    """Say whether the hub hung up, cleanly or in the middle of what was being sent."""
    try:
        return await ended == b""
    except ConnectionResetError:
        return True


async def test_slow_senders_keep_nobody_waiting(slow: World, port: int) -> None:
    """Heads and bodies that trickle in hold neither the loop nor a connection of the database."""
    body = HEAD + bearer(slow) + "Idempotency-Key: slow-1\r\nContent-Length: 2000\r\n\r\n{"
    ask = f"GET /v1/regions HTTP/1.1\r\nHost: hub\r\n{bearer(slow)}Connection: close\r\n\r\n"
    async with AsyncExitStack() as stack:
        for at in range(SLOW_SENDERS):
            _, writer = await stack.enter_async_context(line(port))
            writer.write((HEAD if at % 2 else body).encode())
        for _ in range(5):
            assert (await answered(port, ask)).startswith(b"HTTP/1.1 200")
