"""Who gets a turn, who waits for one, and what whoever gets none, or no answer in time, is told."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, MutableMapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest_asyncio
import sqlalchemy as sa

from app.runtime.turns import Turns
from tests.faults import books
from tests.support.gateway import BY_NUMBER, SINGLE
from tests.support.institutions import JINAN
from tests.support.settlement import ready
from tests.support.visit import VISITS, road
from tests.support.world import World, open_world

REGIONS, CLEARINGS = "/v1/regions", "/v1/clearings"
SECONDS_MAX = 60  # nothing is timed: whoever hangs, hangs here


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def small(database_url: str) -> AsyncIterator[World]:
    """A hub that works on one request at a time and lets one wait."""
    async with open_world(database_url, working_max=1, waiting_max=1) as it:
        await road(it)
        yield it


@asynccontextmanager
async def taken(world: World) -> AsyncIterator[Turns]:
    """Hold the only turn."""
    turns: Turns = world.app.state.turns
    await turns.take()
    try:
        yield turns
    finally:
        turns.give_back()
        assert (turns.working, turns.waiting) == (0, 0)


async def until_waiting(turns: Turns) -> None:
    """Wait until somebody waits."""
    async with asyncio.timeout(SECONDS_MAX):
        while not turns.waiting:  # noqa: ASYNC110 -- a figure, not an event
            await asyncio.sleep(0.01)


@asynccontextmanager
async def crowded(world: World) -> AsyncIterator[Turns]:
    """Hold the only turn, with somebody waiting for it."""
    async with taken(world) as turns:
        waiting = asyncio.create_task(turns.take())
        await until_waiting(turns)
        try:
            yield turns
        finally:
            turns.give_back()
            await waiting


def counted(world: World, reason: str) -> float:
    """Return how many were sent away for a reason."""
    registry = world.app.state.metrics.registry
    return registry.get_sample_value("hub_requests_sent_away_total", {"reason": reason}) or 0.0


async def test_without_room_to_wait_a_request_is_sent_away_before_it_costs_anything(
    small: World,
) -> None:
    before = counted(small, "full")
    nobody = {"Idempotency-Key": "k", "Content-Type": "application/json"}
    async with crowded(small):
        answers = [
            await small.agency("110000").get(REGIONS),
            await small.http.get("/v1/nowhere"),
            await small.http.post("/v1/filings", content=b"{not even json", headers=nobody),
        ]
    for answer in answers:
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert answer.headers["Content-Type"] == "application/problem+json"
        assert int(answer.headers["Retry-After"]) >= 1
        assert answer.json()["instance"] == answer.headers["X-Request-ID"]
        assert "未受理" in answer.json()["title_zh"]
    assert counted(small, "full") == before + 3
    assert (await small.agency("110000").get(REGIONS)).status_code == 200


async def test_the_gateway_says_it_in_its_envelope(small: World) -> None:
    async with crowded(small):
        for path in (SINGLE, f"{BY_NUMBER}/1201"):
            answer = await small.http.post(path, content=b"{}")
            assert answer.status_code == 503
            assert answer.headers["Content-Type"] == "application/json"
            assert int(answer.headers["Retry-After"]) >= 1
            told = answer.json()
            assert told["infcode"] == -1
            assert told["err_msg"].startswith("[BUSY_RETRY] ")
            assert told["inf_refmsgid"]


async def test_a_request_waits_for_its_turn(small: World) -> None:
    async with taken(small) as turns:
        asking = asyncio.create_task(small.agency("110000").get(REGIONS))
        await until_waiting(turns)
        assert "hub_requests_waiting 1.0" in (await small.http.get("/v1/metrics")).text
        assert "hub_requests_working 1.0" in (await small.http.get("/v1/metrics")).text
        turns.give_back()
        assert (await asking).status_code == 200
        await turns.take()


async def test_who_waits_too_long_is_sent_away(database_url: str) -> None:
    async with open_world(database_url, working_max=1, turn_wait_seconds=0.05) as hasty:
        async with taken(hasty):
            answer = await hasty.agency("110000").get(REGIONS)
        assert (answer.status_code, answer.json()["code"]) == (503, "overloaded")
        assert counted(hasty, "late") == 1


async def test_health_figures_and_what_the_operator_alone_may_ask_are_never_sent_away(
    small: World,
) -> None:
    before = counted(small, "full")
    async with crowded(small) as turns:
        assert (await small.http.get("/v1/health/live")).status_code == 200
        assert (await small.http.get("/v1/health/ready")).status_code == 200
        assert (await small.operator.get("/v1/clearing-years/2025")).status_code == 200
        assert (await small.operator.get("/v1/ledger/proof")).status_code == 200
        wrong = await small.operator.post(CLEARINGS, {"scheme": "cross_province"})
        assert wrong.status_code == 400
        listed = await small.operator.get(CLEARINGS)  # others read this as well
        assert listed.status_code == 503
        assert (turns.working, turns.waiting) == (1, 1)
    assert counted(small, "full") == before + 1


async def test_a_body_that_has_not_come_yet_holds_no_turn(small: World) -> None:
    turns: Turns = small.app.state.turns
    first, second = asyncio.Event(), asyncio.Event()

    async def trickling() -> AsyncIterator[bytes]:
        yield b"{"
        first.set()
        await second.wait()
        yield b"}"

    headers = small.agency("110000").headers() | {"Content-Type": "application/json"}
    posting = asyncio.create_task(
        small.http.post("/v1/filings", content=trickling(), headers=headers)
    )
    await first.wait()
    assert turns.working == 0
    assert (await small.agency("110000").get(REGIONS)).status_code == 200
    second.set()
    assert (await posting).status_code == 400


async def test_an_answer_that_is_being_read_holds_no_turn(small: World) -> None:
    turns: Turns = small.app.state.turns
    said: list[MutableMapping[str, Any]] = []
    reading = asyncio.Event()

    async def receive() -> MutableMapping[str, Any]:
        return {"type": "http.request", "body": b"", "more_body": False}

    async def send(message: MutableMapping[str, Any]) -> None:
        said.append(message)
        await reading.wait()

    request = httpx.Request("GET", "http://hub/v1/problems")
    scope = {
        "type": "http",
        "method": "GET",
        "path": request.url.path,
        "raw_path": request.url.raw_path,
        "query_string": b"",
        "headers": [],
        "app": small.app,
    }
    asking = asyncio.create_task(small.app(scope, receive, send))
    async with asyncio.timeout(SECONDS_MAX):
        while not said:  # noqa: ASYNC110 -- a list, not an event
            await asyncio.sleep(0.01)
    assert turns.working == 0
    reading.set()
    await asking
    assert said[0]["status"] == 200


async def test_what_is_not_done_in_time_is_called_off_and_told_to_come_again(
    small: World, database_url: str
) -> None:
    visit = await ready(small)
    settle, body = f"{VISITS}/{visit}/settle", {"total": "10.00"}
    patient = {"lock_wait_ms": 60_000, "statement_ms": 60_000}
    async with open_world(database_url, request_seconds=0.3, **patient) as hasty:
        hospital = hasty.institution(JINAN)
        async with small.tx() as tx:
            await tx.execute(sa.text("LOCK TABLE visit IN ACCESS EXCLUSIVE MODE"))
            for answer in (
                await hospital.post(settle, body, key="in-time"),
                await hospital.get(f"{VISITS}/{visit}"),
            ):
                assert (answer.status_code, answer.json()["code"]) == (503, "busy")
                assert int(answer.headers["Retry-After"]) >= 1
            assert counted(hasty, "deadline") == 2
            assert hasty.app.state.turns.working == 0
        await books.still(hasty)
        async with open_world(database_url) as usual:
            again = await usual.institution(JINAN).post(settle, body, key="in-time")
            assert again.status_code == 201, again.text
            assert await books.broken(usual) == []


async def test_what_the_operator_alone_may_ask_has_more_time(
    small: World, database_url: str
) -> None:
    patient = {"lock_wait_ms": 60_000, "statement_ms": 60_000}
    async with open_world(database_url, request_seconds=0.3, **patient) as hasty:
        async with small.tx() as tx:
            await tx.execute(sa.text("LOCK TABLE account IN ACCESS EXCLUSIVE MODE"))
            proving = asyncio.create_task(hasty.operator.get("/v1/ledger/proof"))
            listed = await hasty.operator.get("/v1/ledger/accounts")
            assert listed.status_code == 503
            again = await hasty.operator.get("/v1/ledger/accounts")
            assert again.status_code == 503
            assert not proving.done()
        assert (await proving).status_code == 200
    async with open_world(
        database_url, request_seconds=0.1, operator_request_seconds=0.2, **patient
    ) as hastier:
        async with small.tx() as tx:
            await tx.execute(sa.text("LOCK TABLE account IN ACCESS EXCLUSIVE MODE"))
            given_up = await hastier.operator.get("/v1/ledger/proof")
        assert (given_up.status_code, given_up.json()["code"]) == (503, "busy")


async def test_a_sender_who_goes_away_leaves_its_place(small: World) -> None:
    async with taken(small) as turns:
        asking = asyncio.create_task(small.agency("110000").get(REGIONS))
        await until_waiting(turns)
        asking.cancel()
        await asyncio.gather(asking, return_exceptions=True)
        assert turns.waiting == 0
