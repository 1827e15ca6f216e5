"""A sender as the interface asks it to be: one message id, until there is a definite answer."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

import httpx

from tests.support.world import Client

TRIES_MAX = 60
SECONDS_MAX = 120  # nothing is timed: whoever hangs, hangs here


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """One request that changes something, and what is expected of it in the end.

    Or a look at a person's data, which changes the trail alone: asked again, it is another look.
    """

    sender: Client
    path: str
    body: object = None
    headers: Mapping[str, str] = field(default_factory=dict)
    method: str = "POST"
    status: int = 201
    key: str = ""
    look: bool = False

    def request(self) -> dict[str, Any]:
        """Return the arguments of the request."""
        sheet = isinstance(self.body, bytes)
        return {
            "method": self.method,
            "url": self.path,
            "headers": self.sender.headers(self.key) | dict(self.headers),
            **({"content": self.body} if sheet else {"json": self.body}),
        }


def is_definite(answer: httpx.Response) -> bool:
    """Say whether a sender may stop: done, or refused for a reason of the business."""
    return answer.status_code not in (409, 429) and answer.status_code < 500


async def send_once(message: Message) -> httpx.Response | None:
    """Send; nothing comes back when the connection to the hub broke."""
    sending = asyncio.create_task(message.sender.http.request(**message.request()))
    done, _ = await asyncio.wait({sending}, timeout=SECONDS_MAX)
    assert done, "the hub hangs"
    if sending.cancelled():
        return None
    return sending.result()


async def send_until_definite(message: Message) -> httpx.Response:
    """Send, ask what became of it where no answer came, and send again under the same id."""
    told: list[int | None] = []
    known = False  # whether the hub said that it is done
    for _ in range(TRIES_MAX):
        answer = await send_once(message)
        told.append(None if answer is None else answer.status_code)
        if answer is None:
            known = known or (not message.look and await ask(message) == "applied")
        elif is_definite(answer):
            assert not known or answer.headers.get("Idempotency-Replayed") == "true"
            return answer
        else:
            check(answer)
        await asyncio.sleep(0.01)
    raise AssertionError(f"no definite answer: {told}")


def check(answer: httpx.Response) -> None:
    """Hold what is not definite to its form: busy or running, and when to come again."""
    if is_definite(answer):
        return
    assert (answer.status_code, answer.json()["code"]) in {
        (503, "busy"),
        (409, "message-running"),
    }, answer.text
    assert int(answer.headers["Retry-After"]) >= 1


async def ask(message: Message) -> str:
    """Ask for the outcome by id; the question may be cut as well."""
    path = f"/v1/messages/{message.key}"
    headers = message.sender.headers()
    del headers["Idempotency-Key"]
    asking = asyncio.create_task(message.sender.http.get(path, headers=headers))
    done, _ = await asyncio.wait({asking}, timeout=SECONDS_MAX)
    assert done, "the hub hangs"
    if asking.cancelled():
        return "unknown"
    answer = asking.result()
    check(answer)
    return str(answer.json()["outcome"]) if answer.is_success else "unknown"
