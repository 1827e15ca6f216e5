"""Every answer of the hub, the framework's own included, has one shape."""

from __future__ import annotations

from collections.abc import AsyncIterator
from typing import Annotated

import httpx
import pytest
import structlog
from fastapi import APIRouter, Response
from pydantic import BaseModel, ConfigDict, Field

from app.main import create_app
from app.runtime.auth import Caller, PartyKind, Signer
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.settings import Settings
from tests.support.world import TOKEN_KEY, World

PATH = "/v1/test/things"
SECRET = "110101199003074514"  # reads like a person's number; must come back nowhere
REQUIRED = {"type", "title", "title_zh", "status", "code", "detail", "detail_zh", "instance"}


class Part(BaseModel):
    """A part of a thing."""

    model_config = ConfigDict(extra="forbid")
    count: int


class Thing(BaseModel):
    """What these tests send."""

    model_config = ConfigDict(extra="forbid")
    name: Annotated[str, Field(max_length=20)]
    parts: list[Part] = []


router = APIRouter()


@router.post(PATH, dependencies=[only(PartyKind.AGENCY)])
async def take(asked: Thing, door: OpenDoor) -> Response:
    """Never get here in these tests."""
    raise AssertionError(asked, door)


@router.get(f"{PATH}/broken")
async def break_down(reading: OpenReading) -> Response:
    """Fail with a message that quotes a person's number."""
    raise ValueError(f"cannot handle {SECRET} at {reading.now}")


@pytest.fixture(scope="module", autouse=True)
def routes(world: World) -> None:
    """Give the hub the routes of these tests."""
    world.app.include_router(router)


def is_problem(answer: httpx.Response, status: int, code: str) -> None:
    """Hold an answer to the one shape."""
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert answer.headers["content-type"] == "application/problem+json"
    assert set(answer.json()) >= REQUIRED
    assert answer.json()["status"] == status
    assert answer.json()["instance"] == answer.headers["X-Request-ID"]
    assert answer.json()["type"] == f"/v1/problems/{code}"
    assert answer.headers["Cache-Control"] == "no-store"
    assert SECRET not in answer.text


async def send(
    world: World, content: bytes, media_type: str | None = "application/json"
) -> httpx.Response:
    headers = world.agency("370000").headers()
    if media_type is not None:
        headers["Content-Type"] = media_type
    return await world.http.post(PATH, content=content, headers=headers)


def pointers(answer: httpx.Response) -> set[tuple[str, str]]:
    return {(fault["pointer"], fault["code"]) for fault in answer.json()["errors"]}


async def test_an_unknown_path_is_answered_as_a_problem(world: World) -> None:
    is_problem(await world.operator.get("/v1/nowhere"), 404, "no-such-path")


async def test_a_wrong_method_is_told_which_are_right(world: World) -> None:
    answer = await world.operator.delete(PATH)
    is_problem(answer, 405, "method-not-allowed")
    assert answer.headers["Allow"] == "POST"


async def test_every_fault_of_a_body_is_named_at_once_and_no_value_is_repeated(
    world: World,
) -> None:
    body = {"name": [SECRET], "parts": [{"count": SECRET + "x"}, {"cuont": 1}], SECRET[:3]: 1}
    answer = await world.agency("370000").post(PATH, body)
    is_problem(answer, 400, "malformed")
    assert pointers(answer) == {
        ("/name", "string_type"),
        ("/parts/0/count", "int_parsing"),
        ("/parts/1/count", "missing"),
        ("/parts/1/cuont", "extra_forbidden"),
        ("/110", "extra_forbidden"),
    }


@pytest.mark.parametrize(
    "content",
    [
        b"{",
        b"",
        b"nonsense",
        b'{"name": "\xff\xfe"}',
        b'{"name": "\\ud800"}',
        b'{"name": NaN}',
        b"[" * 100_000,
        b'{"name": ' + b"9" * 5_000 + b"}",
        b"null",
        b"[]",
        b'"text"',
    ],
    ids=[
        "cut off", "empty", "no JSON", "bad UTF-8", "half a character", "NaN", "bottomless",
        "endless number", "null", "a list", "a text",
    ],
)  # fmt: skip
async def test_a_body_that_is_no_such_object_is_malformed(world: World, content: bytes) -> None:
    is_problem(await send(world, content), 400, "malformed")


@pytest.mark.parametrize("media_type", ["text/plain", "application/xml", "text/html", None])
async def test_a_body_not_declared_as_json_is_unsupported(
    world: World, media_type: str | None
) -> None:
    answer = await send(world, b'{"name": "x"}', media_type)
    is_problem(answer, 415, "content-type-unsupported")
    assert answer.json()["allowed"] == ["application/json"]


async def test_a_body_whose_declared_length_is_too_long_is_not_read(world: World) -> None:
    answer = await send(world, b" " * (2 * 1024 * 1024 + 1))
    is_problem(answer, 413, "body-too-large")
    assert answer.json()["bytes_max"] == 2 * 1024 * 1024


async def test_a_body_of_undeclared_length_is_read_up_to_the_limit(world: World) -> None:
    sent = 0

    async def endless() -> AsyncIterator[bytes]:
        nonlocal sent
        for _ in range(1_000):
            sent += 65_536
            yield b" " * 65_536

    headers = {**world.agency("370000").headers(), "Content-Type": "application/json"}
    answer = await world.http.post(PATH, content=endless(), headers=headers)
    is_problem(answer, 413, "body-too-large")
    assert "content-length" not in answer.request.headers


async def test_without_a_token_there_is_a_challenge(world: World) -> None:
    answer = await world.http.post(PATH, json={"name": "x"}, headers={"Idempotency-Key": "k"})
    is_problem(answer, 401, "unauthenticated")
    assert answer.headers["WWW-Authenticate"] == "Bearer"


@pytest.mark.parametrize(
    "authorization", ["Bearer", "Bearer ", "Bearer nonsense", "Bearer a.b.c", "Basic YTpi", "x"]
)
async def test_a_token_that_cannot_be_read_is_refused(world: World, authorization: str) -> None:
    answer = await world.http.get("/v1/regions", headers={"Authorization": authorization})
    is_problem(answer, 401, "unauthenticated")


def agency() -> Caller:
    return Caller(kind=PartyKind.AGENCY, party="370000", region="370000", client="c")


async def test_a_token_lives_its_minutes_and_no_longer(world: World) -> None:
    token = world.app.state.signer.issue(agency(), world.clock())
    bearer = {"Authorization": f"Bearer {token}"}
    world.clock.advance(minutes=14, seconds=59)
    assert (await world.http.get("/v1/regions", headers=bearer)).status_code == 200
    world.clock.advance(seconds=1)
    answer = await world.http.get("/v1/regions", headers=bearer)
    is_problem(answer, 401, "unauthenticated")
    assert answer.json()["reason"] == "expired"


async def test_a_token_signed_with_another_key_is_refused(world: World) -> None:
    forged = Signer.of("another key, and long enough for any hub", 15).issue(
        agency(), world.clock()
    )
    answer = await world.http.get("/v1/regions", headers={"Authorization": f"Bearer {forged}"})
    is_problem(answer, 401, "unauthenticated")


async def test_an_unsigned_token_is_refused(world: World) -> None:
    head = "eyJhbGciOiJub25lIiwidHlwIjoiSldUIn0"  # {"alg": "none", "typ": "JWT"}
    body = world.app.state.signer.issue(agency(), world.clock()).split(".")[1]
    for signature in ("", "x"):
        bearer = {"Authorization": f"Bearer {head}.{body}.{signature}"}
        answer = await world.http.get("/v1/regions", headers=bearer)
        is_problem(answer, 401, "unauthenticated")


async def test_the_wrong_kind_of_party_is_told_whose_right_it_is(world: World) -> None:
    answer = await world.channel().post(PATH, {"name": "x"})
    is_problem(answer, 403, "forbidden")
    assert (answer.json()["allowed"], answer.json()["caller"]) == (["agency"], "channel")


@pytest.mark.parametrize("cursor", ["x", "!!", "W10", "WzFd", "bnVsbA", "é", "WyJcdWQ4MDAiXQ"])
async def test_a_cursor_of_someone_elses_making_is_refused(world: World, cursor: str) -> None:
    answer = await world.operator.get("/v1/regions", cursor=cursor)
    is_problem(answer, 400, "cursor-unreadable")


@pytest.mark.parametrize(
    "asked", [{"limit": 0}, {"limit": 201}, {"limit": "x"}, {"level": "x"}, {"parent": "\0"}]
)
async def test_a_query_that_cannot_be_read_is_malformed(
    world: World, asked: dict[str, object]
) -> None:
    is_problem(await world.operator.get("/v1/regions", **asked), 400, "malformed")


async def test_a_nul_character_is_a_fault_of_the_message_wherever_it_stands(world: World) -> None:
    is_problem(await world.operator.get("/v1/regions/a%00b"), 400, "malformed")
    is_problem(await world.operator.get("/v1/messages/a%00b"), 400, "malformed")


async def test_a_bug_is_answered_briefly_and_logged_without_what_it_said(world: World) -> None:
    with structlog.testing.capture_logs() as lines:
        answer = await world.operator.get(f"{PATH}/broken")
    is_problem(answer, 500, "bug")
    bug = next(line for line in lines if line["event"] == "bug")
    assert bug["error"] == "ValueError"
    assert any("test_edge.py" in frame for frame in bug["frames"])
    assert SECRET not in str(lines)


async def test_the_senders_request_id_comes_back_unless_it_could_be_a_person(
    world: World,
) -> None:
    for sent, kept in (("his-20250901-0001", True), (SECRET, False), ("a b", False)):
        answer = await world.http.get("/v1/health/live", headers={"X-Request-ID": sent})
        assert (answer.headers["X-Request-ID"] == sent) is kept


async def test_a_log_line_holds_the_path_as_a_template_and_no_query(world: World) -> None:
    with structlog.testing.capture_logs() as lines:
        await world.operator.get(f"/v1/regions/{SECRET}", q=SECRET)
        await world.operator.get(f"/v1/{SECRET}")
    assert [line["path"] for line in lines] == ["/v1/regions/{code}", "unmatched"]
    assert SECRET not in str(lines)


async def test_a_fault_of_the_database_never_puts_values_into_the_log(world: World) -> None:
    assert world.hub.engine.sync_engine.hide_parameters


def test_every_operation_documents_what_can_always_happen() -> None:
    app = create_app(
        Settings.model_validate({"token_key": TOKEN_KEY}), url="postgresql+asyncpg://nowhere"
    )
    document = app.openapi()
    assert "Problem" in document["components"]["schemas"]
    for path, methods in document["paths"].items():
        for method, operation in methods.items():
            where, answers = f"{method} {path}", operation["responses"]
            assert operation["summary"], where
            assert operation["description"], where
            assert "HTTPValidationError" not in str(answers), where
            if "security" in operation:
                assert {"401", "403", "503"} <= set(answers), where
            if "requestBody" in operation:
                assert {"400", "413", "415"} <= set(answers), where
            keys = [p for p in operation.get("parameters", []) if p["name"] == "Idempotency-Key"]
            assert bool(keys) is ("428" in answers), where
            assert all(key["required"] and key["example"] for key in keys), where


def test_every_tag_is_described_in_both_languages_in_the_order_of_the_road() -> None:
    app = create_app(
        Settings.model_validate({"token_key": TOKEN_KEY}), url="postgresql+asyncpg://nowhere"
    )
    tags = app.openapi()["tags"]
    assert [tag["name"] for tag in tags if not tag["description"]] == []
    assert tags[0]["name"].startswith("parties")
    assert tags[-1]["name"].startswith("reference")
