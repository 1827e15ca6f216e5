"""Where there is no room even to wait, the server itself says so, and the connection goes on."""

from __future__ import annotations

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager

import httpx
import pytest_asyncio

from app.runtime.turns import Turns
from tests.fuzz.serving import serving
from tests.support.world import World, open_world

REGIONS = "/v1/regions"
BODY = b'{"a": "' + b"x" * 100_000 + b'"}'


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(database_url: str) -> AsyncIterator[tuple[World, int]]:
    """A hub on a real socket that works on one request and lets one wait."""
    async with AsyncExitStack() as stack:
        world = await stack.enter_async_context(
            open_world(database_url, working_max=1, waiting_max=1, tick_seconds=0)
        )
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


async def answered(reader: asyncio.StreamReader) -> tuple[int, str]:
    """Read one answer: its status, and the code of a refusal."""
    head = await reader.readuntil(b"\r\n\r\n")
    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
    said = json.loads(await reader.readexactly(length))
    return int(head[9:12]), str(said.get("code", ""))
