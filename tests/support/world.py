"""The hub as its users meet it: an application on a real database, and a client per party."""

from __future__ import annotations

import itertools
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
from fastapi import FastAPI
from pydantic import SecretStr
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine, create_async_engine

from app.main import create_app
from app.runtime.auth import Caller, PartyKind, Signer
from app.runtime.db import Rx, Tx
from app.runtime.door import Hub, reading
from app.runtime.settings import Settings

TOKEN_KEY = "a key that only signs the tokens of tests"
DATA_KEY = "a key that only encrypts people who do not exist"
INDEX_KEY = "a key that only indexes people who do not exist"
# A loaded machine is no reason to send anybody away: a test that is about waiting says how long.
PATIENT: dict[str, Any] = {
    "connect_seconds": 60.0,
    "pool_wait_seconds": 60.0,
    "turn_wait_seconds": 60.0,
    "turn_target_ms": 60_000,
}
START = datetime(2025, 9, 1, 1, 0, tzinfo=UTC)  # 09:00 on a Monday in China


@dataclass(slots=True)
class Clock:
    """The one clock every rule reads; a test sets it."""

    now: datetime = START
    told_by: Callable[[], datetime] | None = None  # a clock that does not stand still

    def __call__(self) -> datetime:
        return self.now if self.told_by is None else self.told_by()

    def advance(self, **span: float) -> None:
        """Move forward, say `days=3`."""
        self.now += timedelta(**span)

    def set_day(self, text: str) -> None:
        """Go to nine o'clock in China on a day."""
        self.now = datetime.fromisoformat(f"{text}T09:00:00+08:00")


@dataclass(slots=True)
class Client:
    """One party's HTTP client: brings its token and a message id for every write."""

    http: httpx.AsyncClient
    signer: Signer
    caller: Caller
    clock: Callable[[], datetime]
    keys: itertools.count[int]

    def headers(self, key: str | None = None) -> dict[str, str]:
        """Return the headers of one request."""
        made = key or f"{self.caller.party}-{next(self.keys):06d}"
        token = self.signer.issue(self.caller, self.clock())
        return {"Authorization": f"Bearer {token}", "Idempotency-Key": made}

    async def get(self, path: str, **params: Any) -> httpx.Response:
        """Read."""
        headers = self.headers()
        del headers["Idempotency-Key"]
        return await self.http.get(path, params=params, headers=headers)

    async def post(
        self, path: str, json: object = None, *, key: str | None = None, **more: Any
    ) -> httpx.Response:
        """Write."""
        headers = self.headers(key) | more.pop("headers", {})
        return await self.http.post(path, json=json, headers=headers, **more)

    async def put(self, path: str, json: object, *, key: str | None = None) -> httpx.Response:
        """Replace."""
        return await self.http.put(path, json=json, headers=self.headers(key))

    async def patch(self, path: str, json: object, *, key: str | None = None) -> httpx.Response:
        """Change."""
        return await self.http.patch(path, json=json, headers=self.headers(key))

    async def delete(self, path: str, *, key: str | None = None) -> httpx.Response:
        """Remove."""
        return await self.http.delete(path, headers=self.headers(key))


@dataclass(slots=True)
class World:
    """A running hub, its clock and its callers."""

    app: FastAPI
    http: httpx.AsyncClient
    owner: AsyncEngine
    clock: Clock
    keys: itertools.count[int] = field(default_factory=lambda: itertools.count(1))

    @property
    def hub(self) -> Hub:
        """What every request shares, for use cases called without HTTP."""
        hub: Hub = self.app.state.hub
        return hub

    def client(self, kind: PartyKind, party: str, region: str) -> Client:
        """Return a client of any party."""
        caller = Caller(kind=kind, party=party, region=region, client=f"{party}-test")
        return Client(self.http, self.app.state.signer, caller, self.clock, self.keys)

    @property
    def operator(self) -> Client:
        """The ministry's agency."""
        return self.client(PartyKind.OPERATOR, "operator", "000000")

    def agency(self, region: str) -> Client:
        """The agency of a region."""
        return self.client(PartyKind.AGENCY, region, region)

    def institution(self, code: str) -> Client:
        """An agreement institution."""
        return self.client(PartyKind.INSTITUTION, code, code[1:7])

    def channel(self, code: str = "national-platform") -> Client:
        """A national online entry."""
        return self.client(PartyKind.CHANNEL, code, "000000")

    @asynccontextmanager
    async def rx(self) -> AsyncIterator[Rx]:
        """Read as the service does when the operator asks, for stores called without HTTP."""
        async with reading(self.hub, self.operator.caller, "test") as it:
            yield it.rx

    @asynccontextmanager
    async def service_tx(self) -> AsyncIterator[Tx]:
        """Write as the service does when the operator asks, for stores called without a door."""
        async with self.hub.engine.begin() as connection:
            await connection.exec_driver_sql("SELECT hub_as('operator', 'operator', '', true)")
            yield Tx(connection)

    @asynccontextmanager
    async def tx(self) -> AsyncIterator[AsyncConnection]:
        """Arrange or inspect rows as the owner of the database."""
        async with self.owner.begin() as connection:
            yield connection


@asynccontextmanager
async def open_world(database_url: str, **limits: Any) -> AsyncIterator[World]:
    """Start a hub on a migrated database, with other limits than usual if need be."""
    clock = Clock()
    keys = {"token_key": TOKEN_KEY, "data_keys": DATA_KEY, "index_key": INDEX_KEY}
    given: dict[str, Any] = {name: SecretStr(key) for name, key in keys.items()}
    settings = Settings(**{**given, **PATIENT, "log_level": "ERROR", **limits})
    app = create_app(settings, url=database_url, clock=clock)
    for last in (app.state.last_observed, app.state.last_readiness):
        last.seconds = 0  # what a test arranges is looked at anew
    owner = create_async_engine(database_url, pool_size=2)
    transport = httpx.ASGITransport(app, raise_app_exceptions=False)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as http:
        yield World(app, http, owner, clock)
    await app.state.hub.engine.dispose()
    await owner.dispose()
