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
from app.conformance.his.trials import ACTS, Strike, Trial, Watch
from hub_client import AsyncHubClient
from tests.client.stays import LEFT_AT, admission, expected, lines, ready
from tests.client.support import opened
from tests.support.institutions import JINAN
from tests.support.world import Client, World

STAYS = len(Strike) + 1
CALL = "/compat/fsi/api/callService"
Habit = Callable[[httpx.AsyncClient, Client, dict[str, object]], Awaitable[None]]


@pytest_asyncio.fixture(loop_scope="session", scope="module")
async def hub(world: World) -> World:
    await ready(world)
    return world


@asynccontextmanager
async def proxied(world: World, watch: Watch, delay_seconds: float = 0.1) -> AsyncIterator[str]:
    """Serve the proxy on a port of its own before the world's hub."""
    transport = httpx.ASGITransport(world.app, raise_app_exceptions=False)
    async with httpx.AsyncClient(base_url="http://hub", transport=transport) as upstream:
        proxy = Proxy(
            upstream, watch, late_seconds=0, drip_seconds=0.4, delay_seconds=delay_seconds
        )
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
        desk, _, pause = await opened(hub, JINAN, signs_in=True)
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
    settles = {it.name: len(it.exchanges) for it in results if it.family == "settle"}
    assert settles.pop("slow-drip") == 1, "it waits, and sends nothing twice"
    assert settles.pop("delay") == 1
    assert settles.pop("duplicate") == 2, "both deliveries are kept"
    assert min(settles.values()) >= 2


async def test_a_clerk_who_presses_again_under_a_new_id_is_named(hub: World) -> None:
    results = await with_bad_client(hub, presses_again)
    assert "admit/answer-lost" in failed(results)
    (it,) = [it for it in results if it.name == "answer-lost" and it.family == "admit"]
    assert "new id" in it.why


async def test_a_client_that_takes_silence_for_failure_is_named(hub: World) -> None:
    results = await with_bad_client(hub, gives_up)
    (it,) = [it for it in results if it.name == "answer-lost" and it.family == "admit"]
    assert (it.verdict, it.why) == (Verdict.FAILED, "the message was left in doubt")


async def test_one_who_signs_in_again_and_never_sends_the_message_again_is_named(
    hub: World,
) -> None:
    it = await struck(hub, Strike.SESSION, signs_in_and_stops)
    assert it.verdict is Verdict.FAILED
    assert it.why.endswith("the message was not sent again")


async def test_one_who_sends_again_without_signing_in_gets_nowhere(hub: World) -> None:
    it = await struck(hub, Strike.SESSION, insists)
    assert (it.verdict, it.why) == (
        Verdict.FAILED,
        "sign in again and send the same message: nobody did",
    )
    assert [each.status for each in it.exchanges] == [401, 401, 401]


async def test_one_who_signs_in_again_and_presses_under_a_new_id_is_named(hub: World) -> None:
    it = await struck(hub, Strike.SESSION, signs_in_and_presses)
    assert it.verdict is Verdict.FAILED
    assert "new id" in it.why


async def test_the_session_of_a_numbered_message_is_told_in_its_envelope(hub: World) -> None:
    watch = Watch(trials=[Trial(act="settle", strike=Strike.SESSION)])
    body = {"infno": "2304", "msgid": "m-1", "input": {"data": {"mdtrt_id": "S"}}}
    signing = {"infno": "9001", "msgid": "m-2", "input": {"signIn": {}}}
    async with proxied(hub, watch) as url, httpx.AsyncClient(base_url=url, timeout=60) as http:
        headers = hub.institution(JINAN).headers()
        told = [(await http.post(CALL, json=it, headers=headers)) for it in (body, body, signing)]
        await http.post(CALL, json=body, headers=headers)
    assert [it.json().get("err_msg", "")[:17] for it in told[:2]] == ["[SESSION_EXPIRED]"] * 2
    (it,) = [it for it in watch.results() if it.family == "settle"]
    assert (it.verdict, it.face) == (Verdict.PASSED, "gateway")


async def test_one_who_takes_half_an_answer_for_a_failure_is_named(hub: World) -> None:
    it = await struck(hub, Strike.MALFORMED, reads_json_or_presses_again)
    assert it.verdict is Verdict.FAILED
    assert "new id" in it.why
    it = await struck(hub, Strike.MALFORMED, gives_up)
    assert (it.verdict, it.why) == (Verdict.FAILED, "the message was left in doubt")


async def test_one_who_waits_for_the_last_drop_survives(hub: World) -> None:
    it = await struck(hub, Strike.DRIP, gives_up)
    assert it.verdict is Verdict.PASSED


async def test_one_who_hangs_up_on_a_slow_answer_and_presses_again_is_named(hub: World) -> None:
    it = await struck(hub, Strike.DRIP, hangs_up_and_presses)
    assert it.verdict is Verdict.FAILED
    assert "new id" in it.why
    it = await struck(hub, Strike.DRIP, hangs_up)
    assert (it.verdict, it.why) == (Verdict.FAILED, "the message was left in doubt")


async def struck(hub: World, strike: Strike, habit: Habit) -> Result:
    """Let a client with a habit admit somebody, struck by one fault."""
    watch = Watch(trials=[Trial(act="admit", strike=strike)])
    return (await with_bad_client(hub, habit, watch))[0]


async def with_bad_client(hub: World, habit: Habit, watch: Watch | None = None) -> list[Result]:
    watch = watch or Watch()
    worker = await expected(hub)
    body: dict[str, object] = {"kind": "inpatient", "admission_no": worker.number}
    async with proxied(hub, watch) as url, httpx.AsyncClient(base_url=url, timeout=60) as http:
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


async def signs_in_and_stops(http: httpx.AsyncClient, me: Client, body: dict[str, object]) -> None:
    """What Guangdong's software does: it signs in again and forgets what it was sending."""
    await http.post("/v1/visits", json=body, headers=me.headers())
    await http.post("/oauth/token", data={"grant_type": "client_credentials"})


async def signs_in_and_presses(
    http: httpx.AsyncClient, me: Client, body: dict[str, object]
) -> None:
    """Then the cashier sees a failure, and presses the button."""
    await signs_in_and_stops(http, me, body)
    await http.post("/v1/visits", json=body, headers=me.headers())


async def insists(http: httpx.AsyncClient, me: Client, body: dict[str, object]) -> None:
    """The same message again and again, with the session that is over."""
    headers = me.headers()
    for _ in range(3):
        await http.post("/v1/visits", json=body, headers=headers)


async def reads_json_or_presses_again(
    http: httpx.AsyncClient, me: Client, body: dict[str, object]
) -> None:
    """An answer that cannot be read counts as none, and none counts as failure."""
    try:
        (await http.post("/v1/visits", json=body, headers=me.headers())).json()
    except ValueError:
        await http.post("/v1/visits", json=body, headers=me.headers())


async def hangs_up(http: httpx.AsyncClient, me: Client, body: dict[str, object]) -> None:
    """It waits for the first drop and no longer."""
    async with http.stream("POST", "/v1/visits", json=body, headers=me.headers()):
        return


async def hangs_up_and_presses(
    http: httpx.AsyncClient, me: Client, body: dict[str, object]
) -> None:
    await hangs_up(http, me, body)
    await http.post("/v1/visits", json=body, headers=me.headers())


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
