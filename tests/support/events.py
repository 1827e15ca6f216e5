"""Verbs for events: announce, read the feed, subscribe, and a receiver that does as it is told."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import json
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import sqlalchemy as sa

from app.events.ticking import Deliverer
from app.runtime.settings import Mode, Settings
from app.runtime.work import Work
from tests.support.parties import as_operator
from tests.support.world import Client, World, open_world

EVENTS, SUBSCRIPTIONS = "/v1/events", "/v1/subscriptions"
LOOPBACK = ("127.0.0.0/8",)
TOPIC = "review.closed"
Reply = int | str  # a status, or "hang", "drop", "redirect", "babble"
Act = Callable[[Work], Awaitable[None]]


@asynccontextmanager
async def open_events_world(database_url: str, **limits: Any) -> AsyncIterator[World]:
    """Start a hub that may send to this machine, without encryption."""
    settings: dict[str, Any] = {"mode": Mode.SANDBOX, "webhook_networks": LOOPBACK} | limits
    async with open_world(database_url, **settings) as world:
        yield world


def announcing(*subjects: str, party: str = "370000", topic: str = TOPIC) -> Act:
    """Return a use case that announces something about each subject."""

    async def announce(work: Work) -> None:
        for subject in subjects:
            work.record("test.announce", subject)
            body = {"place": "370000", "month": "2025-08", "due": "1.00"}
            work.announce(topic, subject, (party,), body)

    return announce


async def announced(world: World, *subjects: str, party: str = "370000", **other: str) -> None:
    """Announce something about each subject, in one transaction."""
    await as_operator(world, announcing(*subjects, party=party, **other))


async def read(client: Client, after: str | None = None, **asked: Any) -> dict[str, Any]:
    """Ask for one stretch of the feed."""
    params = asked if after is None else {"after": after, **asked}
    answer = await client.get(EVENTS, **params)
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def read_on(client: Client, after: str | None = None, **asked: Any) -> list[dict[str, Any]]:
    """Read until nothing more is there."""
    found: list[dict[str, Any]] = []
    more = True
    while more:
        page = await read(client, after, **asked)
        found += page["items"]
        after, more = page["next"], page["more"]
    return found


async def read_until(client: Client, last: str, after: str | None = None) -> list[dict[str, Any]]:
    """Read until a subject is there: other databases of the server may still hold the order up."""
    while True:
        found = await read_on(client, after)
        if last in [it["subject"] for it in found]:
            return found


async def all_told(world: World) -> None:
    """Wait until the feed tells everything announced so far: see `read_until`."""
    told = sa.text("SELECT coalesce(max(turn) < turns_settled(), true) FROM announcement")
    while True:
        async with world.tx() as tx:
            if await tx.scalar(told):
                return


@dataclass(frozen=True, slots=True)
class Post:
    """What a receiver got."""

    path: str
    headers: Mapping[str, str]
    body: bytes

    @property
    def id(self) -> str:
        """The event's id."""
        return self.headers["webhook-id"]

    @property
    def event(self) -> dict[str, Any]:
        """The event itself."""
        return dict(json.loads(self.body))

    def is_signed_by(self, secret: str) -> bool:
        """Verify as the published scheme says, by nothing of the hub's own."""
        key = base64.b64decode(secret.removeprefix("whsec_"))
        signed = f"{self.id}.{self.headers['webhook-timestamp']}.".encode() + self.body
        expected = base64.b64encode(hmac.digest(key, signed, hashlib.sha256)).decode()
        return f"v1,{expected}" in self.headers["webhook-signature"].split(" ")


@dataclass(slots=True)
class Receiver:
    """A server on this machine that answers as its script says, then always 204."""

    port: int = 0
    script: list[Reply] = field(default_factory=list)
    always: Reply = 204
    got: list[Post] = field(default_factory=list)
    arrived: Callable[[Post], Awaitable[None]] | None = None

    @property
    def url(self) -> str:
        """Where it listens."""
        return f"http://127.0.0.1:{self.port}/hook"

    @property
    def subjects(self) -> list[str]:
        """What arrived, by subject."""
        return [it.event["subject"] for it in self.got]

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Take one request."""
        try:
            post = await _read_post(reader)
            self.got.append(post)
            if self.arrived is not None:
                await self.arrived(post)
            reply = self.script.pop(0) if self.script else self.always
            if reply == "hang":
                await reader.read()  # until the other side gives up
            elif reply != "drop":
                writer.write(_reply(reply, self.url))
                await writer.drain()
        except (ConnectionError, asyncio.IncompleteReadError):
            pass  # the other side has gone
        finally:
            writer.close()
            with suppress(ConnectionError):
                await writer.wait_closed()


async def _read_post(reader: asyncio.StreamReader) -> Post:
    head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1").split("\r\n")
    headers = {
        name.strip().lower(): value.strip()
        for name, _, value in (line.partition(":") for line in head[1:] if line)
    }
    body = await reader.readexactly(int(headers.get("content-length", "0")))
    return Post(head[0].split(" ")[1], headers, body)


def _reply(reply: Reply, url: str) -> bytes:
    if reply == "babble":
        return b"\x00\x01 not a word of HTTP\r\n\r\n"
    if reply == "redirect":
        return f"HTTP/1.1 302 Found\r\nLocation: {url}/elsewhere\r\n\r\n".encode()
    return f"HTTP/1.1 {reply} Said\r\nContent-Length: 0\r\nConnection: close\r\n\r\n".encode()


@asynccontextmanager
async def receiving() -> AsyncIterator[Receiver]:
    """Start a receiver."""
    it = Receiver()
    server = await asyncio.start_server(it.serve, "127.0.0.1", 0)
    it.port = server.sockets[0].getsockname()[1]
    try:
        yield it
    finally:
        server.close()


@dataclass(slots=True)
class Wall:
    """The clock on the wall, which a test sets."""

    now: datetime = datetime(2026, 1, 1, tzinfo=UTC)

    def __call__(self) -> datetime:
        return self.now

    def advance(self, **span: float) -> None:
        """Move forward, say `hours=3`."""
        self.now += timedelta(**span)


def deliverer(world: World, wall: Wall, **other: Any) -> Deliverer:
    """Return a deliverer as a replica of its own would have it, say with less patience."""
    settings: Settings = world.app.state.settings
    return Deliverer.of(world.hub, settings.model_copy(update=other), wall)


async def subscribe(client: Client, url: str, **other: Any) -> httpx.Response:
    """Ask for a subscription."""
    return await client.post(SUBSCRIPTIONS, {"url": url, **other})


async def subscribed(client: Client, url: str, **other: Any) -> dict[str, Any]:
    """Subscribe and return the answer."""
    answer = await subscribe(client, url, **other)
    assert answer.status_code == 201, answer.text
    return dict(answer.json())


async def delivered(it: Deliverer, receiver: Receiver, posts: int) -> None:
    """Deliver until so much has arrived: other databases may still hold the order up."""
    while len(receiver.got) < posts:
        await it.deliver()


async def shown(client: Client, number: str) -> dict[str, Any]:
    """Look a subscription up."""
    answer = await client.get(f"{SUBSCRIPTIONS}/{number}")
    assert answer.status_code == 200, answer.text
    return dict(answer.json())


async def logged(client: Client, number: str, **asked: str) -> list[dict[str, Any]]:
    """Read the log of deliveries, the oldest first."""
    answer = await client.get(f"{SUBSCRIPTIONS}/{number}/deliveries", **asked)
    assert answer.status_code == 200, answer.text
    return list(reversed(answer.json()["items"]))
