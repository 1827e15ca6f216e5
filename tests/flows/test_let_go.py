"""What was refused does not stay in memory until somebody tidies up."""

from __future__ import annotations

import gc
from collections.abc import AsyncIterator
from json import JSONDecodeError

import pytest
from fastapi.exceptions import RequestValidationError

from app.runtime.telemetry import TooLargeError
from tests.support.world import World

FAULTS = (RequestValidationError, JSONDecodeError, UnicodeDecodeError, TooLargeError)


async def unannounced() -> AsyncIterator[bytes]:
    """Send more than a body may have, without saying how much it will be."""
    for _ in range(5):
        yield b"x" * 1_000_000


def faults() -> list[object]:
    """Find what stays of requests that could not be read."""
    return [it for it in gc.get_objects() if issubclass(type(it), FAULTS)]


@pytest.mark.parametrize("path", ["/v1/filings", "/oauth/token", "/compat/hsa/hgs/1201"])
@pytest.mark.parametrize("body", [b'{"a": "', b'{"a": 1}', b"\xff", b"long"])
async def test_a_body_that_cannot_be_read_is_let_go_with_its_answer(
    world: World, path: str, body: bytes
) -> None:
    headers = {"Content-Type": "application/json", "Idempotency-Key": "let-go-0001"}
    gc.collect()
    before = {id(it) for it in faults()}
    gc.disable()
    try:
        content = body if body != b"long" else unannounced()
        answer = await world.agency("370000").post(path, content=content, headers=headers)
        assert answer.status_code < 500
        kept = [it for it in faults() if id(it) not in before]
    finally:
        gc.enable()
    assert kept == []
