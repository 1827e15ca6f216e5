"""The proxy before a sandbox: a right client survives every strike, the bad ones are named."""

from __future__ import annotations

import asyncio
import itertools
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from decimal import Decimal

import httpx
import pytest_asyncio
import uvicorn

from app.conformance.evidence import Result, Verdict
from app.conformance.his.proxy import Proxy
from app.conformance.his.seen import Seen, read
from app.conformance.his.trials import ACTS, Strike, Watch
from hub_client import AsyncHubClient
from tests.client.stays import LEFT_AT, admission, expected, lines, ready
from tests.client.support import opened
from tests.support.institutions import JINAN
from tests.support.world import Client, World

STAYS = len(Strike) + 1


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def hub(world: World) -> World:
    await ready(world)
    return world


@asynccontextmanager
async def proxied(world: World, watch: Watch) -> AsyncIterator[str]:
    """Serve the proxy on a port of its own before the world's hub."""
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(base_url="http://hub", transport=transport) as upstream:
        proxy = Proxy(upstream, watch, late_seconds=0)
        config = uvicorn.Config(proxy, port=0, log_level="critical", lifespan="off")
        server = uvicorn.Server(config)
        serving = asyncio.create_task(server.serve())
        while not server.started:  # noqa: ASYNC110 -- no event tells
            await asyncio.sleep(0.01)
        host, port = server.servers[0].sockets[0].getsockname()[:2]
        try:
            yield f"http://{host}:{port}"
        finally:
            server.should_exit = True
            await serving


def failed(results: list[Result]) -> set[str]:
    return {f"{it.family}/{it.name}" for it in results if it.verdict is Verdict.FAILED}


async def test_the_hubs_own_client_survives_every_strike(hub: World) -> None:
    watch = Watch()
    async with proxied(hub, watch) as url:
        desk, _, pause = await opened(hub, JINAN)
        async with AsyncHubClient(url, desk, sleep=pause.sleep) as client:
            for _ in range(STAYS):
                worker = await expected(hub)
                visit = await client.admit(admission(worker))
                await client.upload_lines(visit.number, lines(2))
                await client.discharge(visit.number, LEFT_AT)
                done = await client.settle(visit.number, total=Decimal(4), line_count=2)
                await client.cancel_settlement(done.number)
    results = watch.results()
    assert not failed(results)
    told = {f"{it.family}/{it.name}" for it in results if it.verdict is Verdict.PASSED}
    assert {f"{act}/{it.value.replace('_', '-')}" for act in ACTS for it in Strike} <= told
    struck = [it for it in results if it.family == "settle"]
    assert all(len(it.exchanges) >= 2 for it in struck)


async def test_a_clerk_who_presses_again_under_a_new_id_is_named(hub: World) -> None:
    results = await with_bad_client(hub, presses_again)
    assert "admit/answer-lost" in failed(results)
    (it,) = [it for it in results if it.name == "answer-lost" and it.family == "admit"]
    assert "new id" in it.why


async def test_a_client_that_takes_silence_for_failure_is_named(hub: World) -> None:
    results = await with_bad_client(hub, gives_up)
    (it,) = [it for it in results if it.name == "answer-lost" and it.family == "admit"]
    assert (it.verdict, it.why) == (Verdict.FAILED, "the message was left in doubt")


async def with_bad_client(
    hub: World, habit: Callable[[httpx.AsyncClient, Client, dict[str, object]], Awaitable[None]]
) -> list[Result]:
    watch = Watch()
    worker = await expected(hub)
    body: dict[str, object] = {"kind": "inpatient", "admission_no": worker.number}
    async with proxied(hub, watch) as url, httpx.AsyncClient(base_url=url) as http:
        await habit(http, hub.institution(JINAN), body)
    return watch.results()


async def presses_again(http: httpx.AsyncClient, me: Client, body: dict[str, object]) -> None:
    """What national software does: a time-out is a failure, and the cashier presses again."""
    for number in itertools.count(1):
        headers = me.headers(f"{JINAN}20250901090000{number:04d}")
        try:
            await http.post("/v1/visits", json=body, headers=headers)
        except httpx.TransportError:
            continue
        return


async def gives_up(http: httpx.AsyncClient, me: Client, body: dict[str, object]) -> None:
    """What other software does: it takes silence for a refusal and forgets the message."""
    try:
        await http.post("/v1/visits", json=body, headers=me.headers())
    except httpx.TransportError:
        return


def seen(act: str, message: str, business: str = "b", rows: int | None = None) -> Seen:
    return Seen(act=act, face="rest", message=message, about="", business=business, rows=rows)


def test_habits_are_watched_without_striking() -> None:
    watch = Watch()
    for each in (seen("", "1"), seen("", "1", "other"), seen("upload", "2", "c", rows=0)):
        watch.meet(each)
    assert {"habits/one-id-one-business", "habits/batches-of-1-to-100"} <= failed(watch.results())


def test_the_same_business_is_known_through_the_gateway_whatever_its_id_and_time() -> None:
    first = b'{"infno":"2304","msgid":"1","inf_time":"a","input":{"data":{"mdtrt_id":"S"}}}'
    again = b'{"infno":"2304","msgid":"2","inf_time":"b","input":{"data":{"mdtrt_id":"S"}}}'
    path = "/compat/fsi/api/callService"
    assert read("POST", path, "", first).business == read("POST", path, "", again).business
    undo = b'{"infno":"2601","msgid":"3","input":{"data":{"omsgid":"1","oinfno":"2304"}}}'
    assert read("POST", path, "", undo).about == "1"
    assert read("POST", path, "", b"{half").act == ""
