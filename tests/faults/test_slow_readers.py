"""A reader who does not read its answer costs the hub its connection, and nothing more for long."""

from __future__ import annotations

import asyncio
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import pytest
import uvicorn

from app.cli import serving
from app.cli.readers import ReaderProtocol
from app.runtime.turns import Turns
from tests.support.world import World, open_world

ASKED = b"GET /openapi.json HTTP/1.1\r\nHost: hub\r\n\r\n"
ASKED_OFTEN = 20  # more than the system itself keeps for a reader
SECONDS_MAX = 60  # nothing is timed: what never ends, ends here


@asynccontextmanager
async def served(world: World) -> AsyncIterator[tuple[uvicorn.Server, int]]:
    """Serve on a real socket; give the server and its port."""
    with serving.listening("127.0.0.1", 0) as taken:
        server = serving.server_of(world.app)
        running = asyncio.create_task(server.serve(sockets=[taken]))
        while not server.started:  # noqa: ASYNC110 -- uvicorn tells by a flag
            await asyncio.sleep(0.01)
        yield server, int(taken.getsockname()[1])
        server.should_exit = True
        await running


async def until(server: uvicorn.Server, connections: int) -> None:
    """Wait until so many connections are open."""
    async with asyncio.timeout(SECONDS_MAX):
        while len(server.server_state.connections) != connections:  # noqa: ASYNC110 -- a figure
            await asyncio.sleep(0.01)


async def test_who_asks_and_never_reads_loses_its_connection(database_url: str) -> None:
    async with (
        open_world(database_url, answer_wait_seconds=0.3, tick_seconds=0) as world,
        served(world) as (server, port),
    ):
        loop = asyncio.get_running_loop()
        with socket.socket() as wire:
            wire.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4_096)
            wire.settimeout(0)
            await loop.sock_connect(wire, ("127.0.0.1", port))
            await loop.sock_sendall(wire, ASKED * ASKED_OFTEN)
            await until(server, 1)
            await until(server, 0)
            turns: Turns = world.app.state.turns
            assert (turns.working, turns.waiting) == (0, 0)


async def test_who_reads_gets_the_whole_answer(database_url: str) -> None:
    async with (
        open_world(database_url, tick_seconds=0) as world,
        served(world) as (_, port),
    ):
        reader, writer = await asyncio.open_connection("127.0.0.1", port, limit=4_096)
        writer.write(ASKED.replace(b"\r\n\r\n", b"\r\nConnection: close\r\n\r\n"))
        whole = await reader.read()
        writer.close()
    head, _, body = whole.partition(b"\r\n\r\n")
    assert head.startswith(b"HTTP/1.1 200")
    assert f"content-length: {len(body)}".encode() in head


class Wire(asyncio.Transport):
    """The other end, which takes of an answer what a test says."""

    unread = 0
    aborted = False

    def get_write_buffer_size(self) -> int:
        return self.unread

    def abort(self) -> None:
        self.aborted = True

    def close(self) -> None:
        self.unread = 0


def watching(unread: int) -> tuple[ReaderProtocol, Wire]:
    """Begin to watch a reader who has so much of an answer before it."""
    config = uvicorn.Config(lambda: None, ws="none")
    it = ReaderProtocol(config, uvicorn.server.ServerState(), {}, asyncio.get_running_loop())
    wire = Wire()
    it.connection_made(wire)
    wire.unread = unread
    it.pause_writing()
    return it, wire


@pytest.mark.parametrize(
    ("before", "after", "goes_on"),
    [
        (1_000_000, 1_000_000 - 32 * 1024, True),
        (1_000_000, 1_000_000 - 32 * 1024 + 1, False),
        (1_000_000, 1_000_000, False),
        (1_000_000, 1_200_000, True),  # an answer taken whole, and the next one waits
        (1_000, 0, True),
        (1_000, 1, False),
    ],
)
async def test_who_takes_enough_in_time_may_go_on(
    before: int, after: int, *, goes_on: bool
) -> None:
    it, wire = watching(before)
    wire.unread = after
    it._look()  # noqa: SLF001 -- what the timer does
    assert wire.aborted is not goes_on
    it.connection_lost(None)
    assert it._looking is None  # noqa: SLF001 -- nothing is left to look after
