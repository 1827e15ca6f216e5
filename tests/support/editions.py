"""Editions of the policy book for tests: the hub's own, and others that never were."""

from __future__ import annotations

from typing import Any

import httpx

from app.parties import service
from app.policy.book import PolicyBook
from tests.support.parties import as_operator
from tests.support.persons import Staff
from tests.support.world import World

PROPOSALS, EDITIONS = "/v1/proposals", "/v1/policy/editions"
LAST_LOCK_IN = """
[[filing.lock_in_months.province.{place}]]
from = 2030-01-01
clause = "hub-default/lock-in"
value = {{ residence = 3 }}
"""


def own() -> PolicyBook:
    """Return the book the hub brings."""
    return PolicyBook.load()


def another(place: str) -> str:
    """Write an edition with a value more, of a place."""
    return own().source + LAST_LOCK_IN.format(place=place)


async def adopted(world: World) -> bool:
    """Adopt the hub's own book, as whoever sets it up does."""
    return await as_operator(world, service.adopt_own)


async def proposing(world: World, by: Staff, book: str) -> httpx.Response:
    """Propose an edition."""
    body = {"asked": {"act": "policy.adopt", "book": book}, "reason": "新版程序"}
    return await world.http.post(PROPOSALS, json=body, headers=await by.headers())


async def proposed(world: World, by: Staff, book: str) -> dict[str, Any]:
    """Propose an edition that can be."""
    answer = await proposing(world, by, book)
    assert answer.status_code == 201, answer.text
    found: dict[str, Any] = answer.json()
    return found


async def deciding(
    world: World, by: Staff, number: str, verdict: str = "approval"
) -> httpx.Response:
    """Approve or reject a proposal."""
    path = f"{PROPOSALS}/{number}/{verdict}"
    return await world.http.post(path, json={"reason": "已核对"}, headers=await by.headers())


async def editions(world: World) -> list[dict[str, Any]]:
    """List what is adopted, as anybody sees it."""
    answer = await world.institution("H37010000001").get(EDITIONS)
    assert answer.status_code == 200, answer.text
    items: list[dict[str, Any]] = answer.json()["items"]
    return items
