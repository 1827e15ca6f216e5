"""The swift ways through the hub end where the framework's and the library's own ways end."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import timedelta
from typing import Any

import pytest
import pytest_asyncio
import sqlalchemy as sa
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy.exc import DBAPIError
from starlette.routing import Match

from app.kernel.parties import PartyKind
from app.runtime.auth import VERIFIED_MAX, Caller, Signer, Unauthenticated
from app.runtime.db import Tx
from app.runtime.door import Busy, reading
from app.runtime.fetching import fetch
from app.runtime.switchboard import Switchboard
from tests.support.institutions import JINAN
from tests.support.settlement import at_the_door
from tests.support.visit import VISITS, line, ready_worker, road
from tests.support.world import START, TOKEN_KEY, World

ASKED = sa.text("SELECT CAST(:asked AS text) AS said").bindparams(
    sa.bindparam("asked", type_=sa.Text)
)
PID = sa.text("SELECT pg_backend_pid() AS it")
SLOW = sa.text("SELECT pg_sleep(60)")
SEARCHES = (
    "?q=医院&limit=2",
    "?place=370000&on=2025-09-01&scheme=cross_province",
    "?limit=0",
    "?limit=2&limit=3",
    "?place=37",
    "?q=",
    "?cursor=!!",
    "?nothing=1",
    "?since=0&limit=1",
)
BODIES: tuple[dict[str, Any], ...] = (
    {"content": b"{"},
    {"content": b""},
    {"content": b"{}", "headers": {"Content-Type": "application/json"}},
    {"content": b"{}", "headers": {"Content-Type": "text/plain"}},
    {"json": []},
    {"json": {"lines": []}},
    {"json": {"lines": [line("L1")]}},
    {"json": {"lines": [line("L1", quantity="x")]}},
)


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


def _board(world: World) -> Switchboard:
    board = world.app.router.middleware_stack
    assert isinstance(board, Switchboard)
    return board


@asynccontextmanager
async def _the_frameworks_own(world: World) -> AsyncIterator[None]:
    board = _board(world)
    shapes, board.shapes = board.shapes, {}
    try:
        yield
    finally:
        board.shapes = shapes


def test_every_path_leads_to_the_route_that_was_declared_first(world: World) -> None:
    routes = [it.original_route for it in iter_route_contexts(world.app.routes)]
    declared = [route for route in routes if isinstance(route, APIRoute)]
    board = _board(world)
    taken = 0
    for route in declared:
        path = route.path.replace("{", "").replace("}", "")
        for method in route.methods or ():
            asked = {"type": "http", "method": method, "path": path, "headers": []}
            first = next(it for it in routes if it.matches(dict(asked))[0] is Match.FULL)
            scope: dict[str, Any] = dict(asked)
            if board.way_of(scope) is not board.search:
                assert scope["route"] is first, path
                taken += 1
    assert taken > 0.9 * len(declared), "nearly all are found without a search"


@pytest.mark.parametrize("query", SEARCHES)
async def test_a_search_is_answered_alike_either_way(world: World, query: str) -> None:
    client = world.institution(JINAN)
    swift = await client.get(f"/v1/institutions{query}")
    async with _the_frameworks_own(world):
        usual = await client.get(f"/v1/institutions{query}")
    assert _told(swift) == _told(usual)


@pytest.mark.parametrize("sent", BODIES, ids=str)
@pytest.mark.parametrize("who", ["institution", "agency", "nobody"])
async def test_a_write_is_answered_alike_either_way(
    world: World, sent: dict[str, Any], who: str
) -> None:
    client = world.agency("370000") if who == "agency" else world.institution(JINAN)
    path = f"{VISITS}/S3701002509010000999/lines"
    headers = {} if who == "nobody" else client.headers("twice-sent")
    headers |= sent.get("headers", {})
    asked = {name: value for name, value in sent.items() if name != "headers"}
    swift = await world.http.post(path, headers=headers, **asked)
    async with _the_frameworks_own(world):
        usual = await world.http.post(path, headers=headers, **asked)
    assert _told(swift) == _told(usual)
    assert swift.status_code >= 400, swift.text


async def test_a_worker_is_identified_alike_either_way(world: World, database_url: str) -> None:
    worker, answers = await ready_worker(world), []
    async with at_the_door(world, database_url) as door:
        client = door.institution(JINAN)
        for claim in (worker.claim(), worker.claim() | {"name": "示例他人"}, {"name": 1}):
            swift = await client.post("/v1/workers/identify", claim)
            async with _the_frameworks_own(door):
                usual = await client.post("/v1/workers/identify", claim)
            assert _told(swift) == _told(usual)
            answers.append(swift.status_code)
    assert answers == [200, 422, 400]


def _told(answer: Any) -> tuple[int, str | None, dict[str, Any]]:
    body = answer.json()
    body.pop("instance", None)
    return answer.status_code, answer.headers.get("etag"), body


def _caller(number: int = 0) -> Caller:
    party = f"H3701{number:08d}"[:12]
    return Caller(kind=PartyKind.INSTITUTION, party=party, region="370100", client=f"c{number}")


def test_a_token_that_is_remembered_ends_when_it_ends() -> None:
    signer = Signer.of(TOKEN_KEY, 10)
    token = signer.issue(_caller(), START)
    assert signer.read(token, START) == signer.read(token, START) == _caller()
    with pytest.raises(Unauthenticated):
        signer.read(token, START + timedelta(minutes=10))


def test_what_is_no_token_is_not_remembered_and_what_is_only_so_many() -> None:
    signer = Signer.of(TOKEN_KEY, 10)
    other = Signer.of(TOKEN_KEY + " of somebody else", 10).issue(_caller(), START)
    for _ in range(2):
        with pytest.raises(Unauthenticated):
            signer.read(other, START)
    assert not signer.verified
    for number in range(VERIFIED_MAX + 1):
        signer.read(signer.issue(_caller(number), START), START)
    assert len(signer.verified) == VERIFIED_MAX


async def test_a_fetch_in_a_transaction_is_part_of_it(world: World) -> None:
    async with world.hub.engine.begin() as connection:
        tx = Tx(connection)
        assert (await fetch(tx, ASKED, {"asked": "first"}))[0].said == "first"
        await connection.exec_driver_sql("SELECT set_config('hub.test', 'here', true)")
        (row,) = await fetch(tx, sa.text("SELECT current_setting('hub.test') AS it"), {})
        assert row.it == "here"


async def test_a_fault_is_told_as_the_library_tells_it_and_the_connection_kept(
    world: World,
) -> None:
    caller = world.operator.caller
    async with reading(world.hub, caller, "test") as it:
        (row,) = await fetch(it.rx, PID, {})
        asking = asyncio.create_task(fetch(it.rx, SLOW, {}))
        while not asking.done():
            async with world.tx() as tx:
                await tx.execute(sa.text("SELECT pg_cancel_backend(:pid)"), {"pid": row.it})
        with pytest.raises(DBAPIError) as raised:
            await asking
        assert raised.value.orig.sqlstate == "57014"  # type: ignore[union-attr]  # the driver's
        assert not raised.value.connection_invalidated
        assert (await fetch(it.rx, ASKED, {"asked": "again"}))[0].said == "again"


async def test_a_connection_that_breaks_is_given_up_and_the_next_reading_has_another(
    world: World,
) -> None:
    caller = world.operator.caller
    async with reading(world.hub, caller, "test") as it:
        (row,) = await fetch(it.rx, PID, {})
    async with world.tx() as tx:
        await tx.execute(sa.text("SELECT pg_terminate_backend(:pid)"), {"pid": row.it})
    with pytest.raises(Busy):
        async with reading(world.hub, caller, "test") as it:
            await fetch(it.rx, ASKED, {"asked": "anybody there"})
    async with reading(world.hub, caller, "test") as it:
        assert (await fetch(it.rx, PID, {}))[0].it != row.it
