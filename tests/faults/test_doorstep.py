"""Where there is no room even to wait, the server itself says so, and the connection goes on."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager, suppress
from dataclasses import dataclass
from typing import Any

import httpx
import pytest
import pytest_asyncio
from uvicorn.server import ServerState

from app.cli.heads import HeadProtocol
from app.cli.serving import server_of
from app.runtime.turns import Turns
from tests.fuzz.serving import serving
from tests.support.world import World, open_world

REGIONS = "/v1/regions"
BODY = b'{"a": "' + b"x" * 100_000 + b'"}'
# Who waits here waits until the test is over, however long a busy machine takes for it.
NARROW = {
    "working_max": 1,
    "waiting_max": 1,
    "tick_seconds": 0,
    "turn_wait_seconds": 600,
    "turn_interval_ms": 600_000,
}
GET = b"GET /v1/regions HTTP/1.1\r\nHost: hub\r\n\r\n"
POST = b"POST /v1/filings HTTP/1.1\r\nHost: hub\r\nContent-Length: %d\r\n\r\n"
CHUNKED = b"POST /v1/filings HTTP/1.1\r\nHost: hub\r\nTransfer-Encoding: chunked\r\n\r\n"
LIVE = b"GET /v1/health/live HTTP/1.1\r\nHost: hub\r\n\r\n"
GATEWAY = b"POST /compat/hsa/hgs/1201 HTTP/1.1\r\nHost: hub\r\nContent-Length: 2\r\n\r\n{}"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(database_url: str) -> AsyncIterator[tuple[World, int]]:
    """A hub on a real socket that works on one request and lets one wait."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(open_world(database_url, **NARROW))
        yield world, await stack.enter_async_context(serving(world.app))


@asynccontextmanager
async def crowded(world: World) -> AsyncIterator[None]:
    """Hold the only turn, with somebody waiting for it."""
    turns: Turns = world.app.state.turns
    await turns.take()
    waiting = asyncio.create_task(turns.take())
    await asyncio.sleep(0)
    assert (turns.working, turns.waiting) == (1, 1)
    yield
    turns.give_back()
    await waiting
    turns.give_back()


async def test_the_answer_on_the_doorstep_is_the_answer_of_the_layer(
    served: tuple[World, int],
) -> None:
    world, port = served
    headers = {"Authorization": world.agency("110000").headers()["Authorization"]}
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{port}", timeout=30) as http:
        async with crowded(world):
            outside = await http.get(REGIONS, headers=headers)
            posted = await http.post("/v1/filings", content=BODY)
            inside = await world.agency("110000").get(REGIONS)
            assert (await http.get("/v1/health/live")).status_code == 200
            gateway = await http.post("/compat/hsa/hgs/1201", content=b"{}")
            shown = (await http.get("/v1/metrics")).text
        assert (await http.get(REGIONS, headers=headers)).status_code == 200
    assert {it.status_code for it in (outside, posted, inside, gateway)} == {503}
    assert gateway.json()["infcode"] == -1
    own = {"instance": "x"}
    assert outside.json() | own == posted.json() | own == inside.json() | own
    assert outside.json()["instance"] == outside.headers["X-Request-ID"]
    apart = {"date", "x-request-id", "vary"}
    assert {k: v for k, v in outside.headers.items() if k not in apart} == {
        k: v for k, v in inside.headers.items() if k not in apart
    }
    assert 'hub_requests_sent_away_total{reason="full"} 4.0' in shown
    assert 'hub_requests_total{method="POST",path="unmatched",status="503"}' in shown


async def test_a_connection_goes_on_after_it_was_sent_away(served: tuple[World, int]) -> None:
    world, port = served
    token = world.agency("110000").headers()["Authorization"]
    ask = f"GET {REGIONS} HTTP/1.1\r\nHost: hub\r\nAuthorization: {token}\r\n\r\n".encode()
    head = b"POST /v1/filings HTTP/1.1\r\nHost: hub\r\nContent-Length: %d\r\n\r\n" % len(BODY)
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    async with crowded(world):
        for request in (ask, head + BODY, ask + ask):
            writer.write(request)
            for _ in range(request.count(b"Host: hub")):
                assert await answered(reader) == (503, "overloaded")
    writer.write(ask)
    assert await answered(reader) == (200, "")
    writer.close()


@dataclass(frozen=True, slots=True)
class Door:
    """A hub with no room, the connection to it, and what stands at the hub's end of that."""

    reader: asyncio.StreamReader
    writer: asyncio.StreamWriter
    state: ServerState

    async def ask(self, sent: bytes) -> tuple[int, str]:
        """Send, and read one answer."""
        self.writer.write(sent)
        return await answered(self.reader)

    @property
    def end(self) -> HeadProtocol:
        """What answers."""
        (found,) = self.state.connections
        assert isinstance(found, HeadProtocol)
        return found


@pytest_asyncio.fixture
async def door(database_url: str) -> AsyncIterator[Door]:
    """A hub that has no room from beginning to end."""
    async with open_world(database_url, **NARROW) as world, crowded(world):
        server = server_of(world.app)
        server.config.load()
        state = ServerState()
        protocol: Any = server.config.http_protocol_class  # any protocol, to those who type it
        listening = await asyncio.get_running_loop().create_server(
            lambda: protocol(config=server.config, server_state=state, app_state={}),
            "127.0.0.1",
        )
        async with listening:
            reader, writer = await asyncio.open_connection(*listening.sockets[0].getsockname())
            yield Door(reader, writer, state)
            writer.close()


async def test_who_is_sent_away_at_a_glance_is_told_the_same(door: Door) -> None:
    told = []
    for _ in range(3):  # the first of a connection is read, the others are looked at
        door.writer.write(GET)
        head = await door.reader.readuntil(b"\r\n\r\n")
        length = int(head.partition(b"content-length: ")[2].partition(b"\r\n")[0])
        request = head.partition(b"x-request-id: ")[2].partition(b"\r\n")[0]
        told.append((head + await door.reader.readexactly(length)).replace(request, b"-"))
    assert told[0] == told[1] == told[2]
    assert told[0].count(b"-\r\n") + told[0].count(b'"-"') == 2


@pytest.mark.parametrize("seed", range(12))
async def test_however_requests_are_cut_each_is_answered_once_and_in_order(
    door: Door, seed: int
) -> None:
    chance = random.Random(seed)  # noqa: S311 -- to be played again
    kinds = {
        GET: 503,
        b"\r\n" + GET: 503,
        POST % 2 + b"{}": 503,
        CHUNKED + b"2\r\n{}\r\n0\r\n\r\n": 503,
        LIVE: 200,
        GATEWAY: 503,
    }
    asked = chance.choices(list(kinds), k=30)
    stream, pieces = b"".join(asked), []
    while stream:
        at = chance.choice((len(stream), len(asked[0]), chance.randint(1, 200)))
        pieces.append(stream[:at])
        stream = stream[at:]
    for piece in pieces:
        door.writer.write(piece)
        await asyncio.sleep(0.001)  # so that some arrive alone; which ones is all the same
    assert [(await answered(door.reader))[0] for _ in asked] == [kinds[it] for it in asked]


async def test_an_answer_to_a_head_has_no_body_there_either(door: Door) -> None:
    for _ in range(2):
        door.writer.write(GET.replace(b"GET", b"HEAD") + GET)
        head = await door.reader.readuntil(b"\r\n\r\n")
        assert head.startswith(b"HTTP/1.1 503 ")
        assert await answered(door.reader) == (503, "overloaded")


async def test_who_wants_to_go_is_let_go(door: Door) -> None:
    assert await door.ask(GET) == (503, "overloaded")
    assert await door.ask(GET.replace(b"hub", b"hub\r\nConnection: close")) == (503, "overloaded")
    assert await door.reader.read() == b""


async def test_what_is_no_request_is_refused_where_it_would_be_looked_at(door: Door) -> None:
    assert await door.ask(GET) == (503, "overloaded")
    door.writer.write(GET.replace(b"hub", b"hub\r\nContent-Length: 1\r\nContent-Length: 2") + GET)
    told = await door.reader.read()
    assert told.startswith(b"HTTP/1.1 400 ")
    assert told.count(b"HTTP/1.1 ") == 1


async def test_silence_is_counted_from_the_last_who_was_sent_away(door: Door) -> None:
    assert await door.ask(GET) == (503, "overloaded")
    waiting = door.end.timeout_keep_alive_task
    assert await door.ask(GET) == (503, "overloaded")
    assert door.end.timeout_keep_alive_task is waiting  # which a glance leaves alone
    door.end.timeout_keep_alive_handler()
    assert await door.ask(GET) == (503, "overloaded")
    door.end.timeout_keep_alive = 0
    door.end.timeout_keep_alive_handler()
    assert await door.reader.read() == b""


async def test_the_body_of_who_was_sent_away_is_waited_for_no_longer_than_another(
    door: Door, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert await door.ask(POST % 2 + b"{") == (503, "overloaded")
    door.writer.write(b"}")
    assert await door.ask(GET) == (503, "overloaded")
    assert door.end.timeout_keep_alive_task is not None
    monkeypatch.setattr(type(door.end), "seconds_max", 0.05)  # as it would be set
    assert await door.ask(POST % 3) == (503, "overloaded")
    door.writer.write(b"{")
    with suppress(ConnectionResetError):  # where the end came before the body
        assert await door.reader.read() == b""


async def answered(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Read one answer: its status, and the code of a refusal."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    said = json.loads(await reader.readexactly(length))
    return int(head[9:12]), str(said.get("code", ""))
