"""A party's line to the hub: brings a token, keeps every exchange, and can be cut on purpose."""

from __future__ import annotations

import base64
import json
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import httpx

from app.conformance.evidence import Exchanged, shown

KEY = "Idempotency-Key"
CARRIED = ("Authorization", "Content-Type", KEY)
UNAUTHORISED = 401
NEVER = datetime.fromtimestamp(0, UTC)


class NoTokenError(Exception):
    """The hub gave no token for these credentials."""


@dataclass(frozen=True, slots=True)
class Credential:
    """A client of a party."""

    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """An answer as it came."""

    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def json(self) -> dict[str, Any]:  # whatever the hub says; cases look at what they need
        """Return the body when it is a JSON object, and nothing otherwise."""
        try:
            read = json.loads(self.body)
        except ValueError:
            return {}
        return read if isinstance(read, dict) else {}

    @property
    def is_replay(self) -> bool:
        """Say whether it is a stored answer."""
        return self.headers.get("idempotency-replayed") == "true"


@dataclass(slots=True, kw_only=True)
class Line:
    """One client of one party."""

    http: httpx.AsyncClient
    credential: Credential
    party: str = ""
    kind: str = ""
    region: str = ""
    token: str = field(default="", repr=False)
    issued_at: datetime = NEVER
    signed_in_at: float = 0.0
    exchanges: list[Exchanged] = field(default_factory=list)

    async def sign_in(self) -> None:
        """Get a token, and learn from it whose it is."""
        answer = await self.http.post(
            "/oauth/token",
            data={"grant_type": "client_credentials"},
            auth=(self.credential.client_id, self.credential.secret),
        )
        told = Reply(status=answer.status_code, headers={}, body=answer.content).json
        if answer.status_code != httpx.codes.OK or "access_token" not in told:
            raise NoTokenError(f"{self.credential.client_id}: HTTP {answer.status_code}")
        self.token = str(told["access_token"])
        claims = _claims(self.token)
        self.party, self.kind = str(claims.get("party", "")), str(claims.get("kind", ""))
        self.region = str(claims.get("region", ""))
        self.issued_at = datetime.fromtimestamp(int(claims.get("iat", 0)), UTC)
        self.signed_in_at = time.monotonic()

    async def send(
        self,
        method: str,
        path: str,
        body: object = None,
        *,
        key: str | None = None,
        raw: bytes | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> Reply:
        """Exchange a request; a token that expired is renewed once."""
        content = raw
        if content is None and body is not None:
            content = json.dumps(body, ensure_ascii=False).encode()
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        if content is None:
            del given["Content-Type"]
        given |= {KEY: key} if key is not None else {}
        given |= headers or {}
        reply = await self._exchange(method, path, content, given)
        expired = reply.status == UNAUTHORISED and not (headers and "Authorization" in headers)
        if not expired:
            return reply
        await self.sign_in()
        given["Authorization"] = f"Bearer {self.token}"
        return await self._exchange(method, path, content, given)

    async def carry(self, request: httpx.Request) -> Reply:
        """Exchange a request of a client's own making, and keep it as evidence."""
        headers = {name: request.headers[name] for name in CARRIED if name in request.headers}
        path = request.url.raw_path.decode()
        return await self._exchange(request.method, path, await request.aread() or None, headers)

    async def cut_off(self, method: str, path: str, body: object, key: str, after: float) -> None:
        """Send and hang up before the answer, as a cashier's impatient program does."""
        content = json.dumps(body, ensure_ascii=False).encode()
        given = {"Authorization": f"Bearer {self.token}", "Content-Type": "application/json"}
        limit = httpx.Timeout(5.0, read=after)
        try:
            await self.http.request(
                method, path, content=content, headers={**given, KEY: key}, timeout=limit
            )
            received = "the answer came before the line was cut"
        except httpx.TransportError as error:
            received = f"cut off: {type(error).__name__}"
        self._keep(method, path, given | {KEY: key}, content, (None, received, after))

    async def _exchange(
        self, method: str, path: str, content: bytes | None, headers: dict[str, str]
    ) -> Reply:
        began = time.perf_counter()
        try:
            answer = await self.http.request(method, path, content=content, headers=headers)
        except httpx.TransportError as error:
            took = time.perf_counter() - began
            self._keep(method, path, headers, content, (None, repr(error), took))
            raise
        took = time.perf_counter() - began
        came = (answer.status_code, shown(answer.content), took)
        self._keep(method, path, headers, content, came)
        return Reply(status=answer.status_code, headers=dict(answer.headers), body=answer.content)

    def _keep(
        self,
        method: str,
        path: str,
        headers: Mapping[str, str],
        content: bytes | None,
        came: tuple[int | None, str, float],
    ) -> None:
        status, received, seconds = came
        self.exchanges.append(
            Exchanged(
                party=self.party,
                request=f"{method} {path}",
                message=headers.get(KEY, ""),
                sent=shown(content or b""),
                status=status,
                received=received,
                seconds=seconds,
            )
        )


def _claims(token: str) -> dict[str, Any]:
    """Read a token's claims without checking them: the hub does that."""
    try:
        middle = token.split(".")[1]
        read = json.loads(base64.urlsafe_b64decode(middle + "=" * (-len(middle) % 4)))
    except (IndexError, ValueError):
        return {}
    return read if isinstance(read, dict) else {}
