"""What is too much, too deep, too slow or too strange is turned away before it costs anything."""

from __future__ import annotations

import asyncio
import gzip
import json
from collections.abc import AsyncIterator

import httpx
import pytest
import pytest_asyncio
import structlog

from app.parties import service
from app.parties.model import ClientTerms
from app.runtime.limits import Limits
from tests.support.parties import as_operator, ask, made_client, seeded, token_of
from tests.support.world import World, open_world

REGIONS = "/v1/regions"
KEYS = "/v1/clients/x/keys"


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def regions_and_parties(world: World) -> AsyncIterator[None]:
    await seeded(world)
    yield


async def test_every_answer_tells_what_is_left_and_the_last_is_told_to_wait(world: World) -> None:
    it = await made_client(world, "510000")
    terms = ClientTerms(requests_per_minute=3)
    await as_operator(world, lambda work: service.hold_to(work, it.id, terms))
    world.clock.advance(seconds=1)
    bearer = {"Authorization": f"Bearer {await token_of(world, it)}"}
    left = []
    for _ in range(3):
        answer = await world.http.get(REGIONS, headers=bearer)
        assert answer.status_code == 200
        assert answer.headers["RateLimit-Policy"] == '"client";q=3;w=60'
        left.append(answer.headers["RateLimit"].split(";")[1])
    assert left == ["r=2", "r=1", "r=0"]
    refused = await world.http.get(REGIONS, headers=bearer)
    assert (refused.status_code, refused.json()["code"]) == (429, "rate-limited")
    assert 1 <= int(refused.headers["Retry-After"]) <= 60
    assert refused.headers["RateLimit-Policy"] == '"client";q=3;w=60'
    assert refused.headers["RateLimit"].startswith('"client";r=0;t=')
    assert (await world.agency("510000").get(REGIONS)).status_code == 200


async def test_a_party_has_a_limit_of_its_own_over_all_its_clients(world: World) -> None:
    limits = world.app.state.limits
    world.app.state.limits = Limits(1_000, 2, 600)
    try:
        agency = world.agency("520000")
        assert [(await agency.get(REGIONS)).status_code for _ in range(3)] == [200, 200, 429]
        assert (await world.agency("530000").get(REGIONS)).status_code == 200
    finally:
        world.app.state.limits = limits


async def test_who_tries_to_sign_in_all_the_time_is_told_to_wait_before_a_hash_is_spent(
    world: World,
) -> None:
    limits = world.app.state.limits
    world.app.state.limits = Limits(1_000, 1_000, 1)
    try:
        assert (await ask(world, client_id="a", client_secret="b")).status_code == 401
        answer = await ask(world, client_id="c", client_secret="d")
    finally:
        world.app.state.limits = limits
    assert (answer.status_code, answer.json()["code"]) == (429, "rate-limited")
    assert int(answer.headers["Retry-After"]) >= 1


async def test_old_hospital_software_is_told_of_limits_in_its_own_envelope(world: World) -> None:
    limits = world.app.state.limits
    world.app.state.limits = Limits(1, 1_000, 600)
    hospital = world.institution("H37010000001")
    try:
        for status in (200, 429):
            answer = await world.http.post(
                "/compat/fsi/api/callService", json={}, headers=hospital.headers()
            )
            assert (answer.status_code, answer.json()["infcode"]) == (status, -1)
    finally:
        world.app.state.limits = limits
    assert "RATE_LIMITED" in answer.json()["err_msg"]


async def test_a_browser_is_told_what_it_must_not_do_with_any_answer(world: World) -> None:
    for path in (REGIONS, "/v1/nowhere", "/v1/health/live"):
        answer = await world.operator.get(path)
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert answer.headers["X-Frame-Options"] == "DENY"
        assert answer.headers["Referrer-Policy"] == "no-referrer"
        assert "default-src 'none'" in answer.headers["Content-Security-Policy"]
        assert answer.headers["Cache-Control"] == "no-store"
        assert "max-age=" in answer.headers["Strict-Transport-Security"]
    page = await world.http.get("/docs")
    assert "script-src 'self'" in page.headers["Content-Security-Policy"]
    assert "server" not in page.headers


async def test_pages_of_other_origins_may_read_nothing(world: World) -> None:
    """CORS is closed: no answer allows an origin, and a preflight is no method of ours."""
    origin = {"Origin": "https://elsewhere.example"}
    asked = origin | {
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization",
    }
    preflight = await world.http.options("/oauth/token", headers=asked)
    plain = await world.http.get(REGIONS, headers=origin | world.operator.headers())
    assert preflight.status_code == 405
    for answer in (preflight, plain):
        assert not [name for name in answer.headers if name.startswith("access-control")]


@pytest.mark.parametrize("path", ["/v1/regions/", "/v1/visits/?q=1", "/oauth/token/"])
async def test_nobody_is_sent_elsewhere_whatever_host_a_request_names(
    world: World, path: str
) -> None:
    elsewhere = world.operator.headers() | {"Host": "elsewhere.example"}
    for method in ("GET", "POST"):
        answer = await world.http.request(method, path, headers=elsewhere)
        assert (answer.status_code, answer.json()["code"]) == (404, "no-such-path")
        assert "location" not in answer.headers


async def test_headers_longer_than_the_hub_reads_are_refused(world: World) -> None:
    long = {"X-Anything": "x" * (32 * 1024 + 1)}
    answer = await world.http.get(REGIONS, headers=long | world.operator.headers())
    assert (answer.status_code, answer.json()["code"]) == (431, "headers-too-large")
    assert answer.headers["X-Content-Type-Options"] == "nosniff"


@pytest.mark.parametrize("depth", [33, 900, 990, 5_000])
async def test_a_body_nested_deeper_than_any_message_is_malformed(world: World, depth: int) -> None:
    body = '{"kind": ' + "[" * depth + "]" * depth + "}"
    headers = {**world.agency("370000").headers(), "Content-Type": "application/json"}
    answer = await world.http.post(KEYS, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert answer.json()["errors"][0]["code"] == "too_deep"


@pytest.mark.parametrize("content_type", ["application/json", "application/merge-patch+json"])
@pytest.mark.parametrize(
    "path",
    [
        *("/v1/workers/identify", "/oauth/sessions", "/oauth/invitations/acceptance"),
        *("/oauth/token", "/oauth/revoke", "/oauth/sessions/end"),
    ],
)
async def test_what_writes_nothing_is_held_to_the_same_depth(
    world: World, path: str, content_type: str
) -> None:
    body = '{"kind": ' + "[" * 33 + "]" * 33 + "}"
    headers = {**world.institution("H37010000001").headers(), "Content-Type": content_type}
    answer = await world.http.post(path, content=body, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")
    assert answer.json()["errors"][0]["code"] == "too_deep"


async def test_a_compressed_body_is_not_unpacked(world: World) -> None:
    """No bomb goes off in what is never decompressed: the bytes are read as they are."""
    bomb = gzip.compress(b'{"kind": "' + b" " * 10_000_000 + b'"}')
    assert len(bomb) < 20_000
    headers = {
        **world.agency("370000").headers(),
        "Content-Type": "application/json",
        "Content-Encoding": "gzip",
    }
    answer = await world.http.post(KEYS, content=bomb, headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (400, "malformed")


async def test_a_body_that_trickles_in_is_given_up(database_url: str) -> None:
    async def trickle() -> AsyncIterator[bytes]:
        yield b'{"kind":'
        await asyncio.sleep(30)
        yield b'"sm2"}'

    async with open_world(database_url, body_wait_seconds=0.05) as slow:
        headers = {**slow.agency("370000").headers(), "Content-Type": "application/json"}
        answer = await slow.http.post(KEYS, content=trickle(), headers=headers)
    assert (answer.status_code, answer.json()["code"]) == (408, "body-too-slow")


@pytest.mark.parametrize(
    "typed", ['x\n{"event": "request", "status": 200}', "x\r\nSet-Cookie: a=b", "\x1b[2J"]
)
async def test_what_a_sender_writes_starts_no_line_of_its_own_in_the_log(
    world: World, typed: str
) -> None:
    with structlog.testing.capture_logs() as lines:
        await world.http.get("/v1/regions", params={"level": typed})
        await world.http.get(f"/v1/regions/{httpx.QueryParams({'a': typed})}")
        await ask(world, client_id=typed, client_secret=typed)
    written = [json.dumps(line, ensure_ascii=False) for line in lines]
    assert written
    assert not [line for line in written if "\n" in line or "\x1b" in line or "Cookie" in line]


async def test_a_filename_is_never_a_path(world: World) -> None:
    """Of a file's name only its ending is looked at; nothing is written anywhere by it."""
    agency = world.agency("370000")
    for name in ("../../etc/passwd", "/etc/passwd\x00.csv", "..\\..\\windows\\x.exe"):
        answer = await world.http.post(
            "/v1/filings/batch",
            files={"file": (name, b"not,a,template\r\n", "text/csv")},
            headers=agency.headers(),
        )
        assert answer.status_code in (400, 415), answer.text
        assert "passwd" not in answer.text
    for path in ("/docs/assets/..%2f..%2fsettings.py", "/docs/assets/%2e%2e/settings.py"):
        assert (await world.http.get(path)).status_code == 404
