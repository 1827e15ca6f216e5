"""The OpenAPI document is written once, beside the event loop, with what was laid for it."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import httpx
import pytest
import structlog
from fastapi import FastAPI

from app.runtime import docs_pages
from app.runtime.openapi import Example
from app.runtime.settings import Settings
from app.runtime.telemetry import Metrics, Telemetry, configure_logging, line_log, unlogged

PATH = "/v1/regions"


def described(client: str) -> Mapping[str, Example]:
    """Give the one operation an example that a client can send."""
    return {f"GET {PATH}": Example(client=client)}


@pytest.fixture
def app() -> FastAPI:
    """An application of one path."""
    made = FastAPI(openapi_url=None)
    made.state.webhooks = {}

    @made.get(PATH, tags=["regions"])
    async def regions() -> list[str]:
        """List the regions."""
        return []

    docs_pages.install(made, "key")
    return made


async def asked(app: FastAPI) -> str:
    """Ask for the document; return what it says of the one operation."""
    async with httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://hub") as http:
        answer = await http.get("/openapi.json")
    assert answer.headers["content-type"] == "application/json"
    operation: dict[str, Any] = answer.json()["paths"][PATH]["get"]
    return str(operation["description"])


async def test_many_who_ask_at_once_have_the_examples_laid_once(app: FastAPI) -> None:
    laid: list[str] = []

    def lay() -> Mapping[str, Example]:
        laid.append("once")
        return described("110000")

    docs_pages.show(app, lay)
    told = await asyncio.gather(asked(app), asked(app), asked(app))
    assert laid == ["once"]
    assert all("`110000`" in it for it in told)


async def test_a_document_without_examples_is_shown_as_it_is(app: FastAPI) -> None:
    assert "Example" not in await asked(app)


async def test_whoever_asks_after_a_failure_has_it_tried_again(app: FastAPI) -> None:
    attempts: list[int] = []

    def lay() -> Mapping[str, Example]:
        attempts.append(1)
        if len(attempts) == 1:
            raise ConnectionError
        return described("370000")

    docs_pages.show(app, lay)
    with pytest.raises(ConnectionError):
        await asked(app)
    assert "`370000`" in await asked(app)


async def test_what_is_to_be_shown_since_the_writing_began_is_shown_too(app: FastAPI) -> None:
    def first() -> Mapping[str, Example]:
        docs_pages.show(app, lambda: described("operator"))
        return {}

    docs_pages.show(app, first)
    assert "`operator`" in await asked(app)


async def test_a_hub_has_its_examples_laid_before_anybody_asks(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop, begun = asyncio.get_running_loop(), asyncio.Event()

    def lay() -> Mapping[str, Example]:
        loop.call_soon_threadsafe(begun.set)
        return described("110000")

    monkeypatch.setattr(docs_pages, "PAUSE_SECONDS", 0.0)
    docs_pages.show(app, lay)
    async with docs_pages.foreseen(app):
        await begun.wait()
    assert "`110000`" in await asked(app)


async def test_examples_that_cannot_be_laid_before_anybody_asks_are_told_to_the_log(
    app: FastAPI, monkeypatch: pytest.MonkeyPatch
) -> None:
    def lay() -> Mapping[str, Example]:
        raise ConnectionError("440101190001011234")

    monkeypatch.setattr(docs_pages, "PAUSE_SECONDS", 0.0)
    docs_pages.show(app, lay)
    with structlog.testing.capture_logs() as lines:
        await app.state.document.foresee()
    assert [(it["event"], it["error"]) for it in lines] == [("document", "ConnectionError")]
    assert "440101190001011234" not in str(lines)


async def test_a_hub_that_has_nothing_to_lay_writes_nothing_by_itself(app: FastAPI) -> None:
    async with docs_pages.foreseen(app):
        assert app.state.document.writing is None


async def test_a_hub_that_stops_before_that_does_not_wait_for_it(app: FastAPI) -> None:
    docs_pages.show(app, lambda: described("110000"))
    async with docs_pages.foreseen(app):
        pass
    assert app.state.document.writing is None


@pytest.fixture
def told() -> Iterator[list[Any]]:
    """What is written to a log that keeps every request."""
    before = structlog.get_config()
    configure_logging(Settings(log_level="INFO"))
    with structlog.testing.capture_logs() as lines:
        yield lines
    structlog.configure(**before)
    line_log.cache_clear()


async def test_what_the_hub_asks_of_itself_leaves_no_line_in_its_log(
    app: FastAPI, told: list[Any]
) -> None:
    app.add_middleware(Telemetry, settings=Settings(), metrics=Metrics())
    with unlogged():
        await asked(app)
    assert not told
    await asked(app)
    assert len(told) == 1
