"""The layer that plays faults: it stands where the network stands, between a sender and the hub.

What was ordered with `X-Sandbox-Fault`, or for the party, happens to the message; the hub behind
it is the same as ever, and knows nothing of it. The sandbox's own paths are spared.
"""

from __future__ import annotations

import asyncio
import json
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

from app.runtime.auth import Signer, Unauthenticated
from app.runtime.door import Hub
from app.runtime.problems import problem_of
from app.runtime.telemetry import App, Message, Receive, Send
from app.sandbox.errors import FaultUnreadable
from app.sandbox.faults import Faults, Lost, faults_of
from app.sandbox.playground import Playground

HEADER = b"x-sandbox-fault"
OWN_PATHS = "/v1/sandbox"
GATEWAY = "/compat/"
HANG_UP = "hub.hang_up"  # the server's way to end a connection, among the scope's extensions
DRIP_BYTES = 16
DRIPS_MAX = 600
PROXY_PAGE = "<html><head><title>{0}</title></head><body><h1>{0}</h1><hr>sandbox</body></html>"
# What the gateway says of an expired session; the application is composed with it.
SaySessionExpired = Callable[[str, datetime], bytes]


class AnswerLostError(BaseException):
    """The connection is to end without an answer, and the server offers no way to end it."""


@dataclass(slots=True)
class _Kept:
    """An answer held back until its fate is decided."""

    messages: list[Message] = field(default_factory=list)

    async def __call__(self, message: Message) -> None:
        self.messages.append(message)

    @property
    def body(self) -> bytes:
        return b"".join(it.get("body", b"") for it in self.messages)

    def start(self, length: int) -> Message:
        """Return the beginning of the answer, for a body of another length."""
        first = self.messages[0]
        headers = [(k, v) for k, v in first.get("headers", []) if k.lower() != b"content-length"]
        return {**first, "headers": [*headers, (b"content-length", str(length).encode())]}


@dataclass(slots=True)
class _Sent:
    """A request read whole, that can be delivered more than once."""

    body: bytes
    receive: Receive

    def again(self) -> Receive:
        """Return it as if it had just come in."""
        parts: list[Message] = [{"type": "http.request", "body": self.body, "more_body": False}]

        async def receive() -> Message:
            return parts.pop() if parts else await self.receive()

        return receive


class FaultLayer:
    """Stands inside the telemetry, before everything else."""

    def __init__(
        self,
        app: App,
        *,
        playground: Playground,
        hub: Hub,
        signer: Signer,
        say_session_expired: SaySessionExpired,
    ) -> None:
        self.app = app
        self.playground = playground
        self.hub = hub
        self.signer = signer
        self.say_session_expired = say_session_expired

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, with whatever is to befall it."""
        if scope["type"] != "http" or scope["path"].startswith(OWN_PATHS):
            await self.app(scope, receive, send)
            return
        text = dict(scope["headers"]).get(HEADER, b"").decode("latin-1")
        sent = None
        if not text and self.playground.faults:
            sent = await _read(receive)
            text = self.playground.faults.get(self._party(scope, sent.body), "")
        if not text:
            await self.app(scope, receive if sent is None else sent.again(), send)
            return
        try:
            faults = faults_of(text)
        except FaultUnreadable as refusal:
            answer = problem_of(refusal, scope.get("hub.request_id", "-"))
            await _answer(send, answer.status, answer.body, answer.media_type)
            return
        scope["hub.faults"] = text
        await self._play(faults, scope, sent or await _read(receive), send)

    async def _play(self, faults: Faults, scope: Message, sent: _Sent, send: Send) -> None:
        await asyncio.sleep(faults.delay_ms / 1000)
        if faults.lost is Lost.BEFORE_COMMIT:
            await _hang_up(scope, sent)
            return
        if faults.status is not None:
            page = PROXY_PAGE.format(f"{faults.status} (sandbox)")
            await _answer(send, faults.status, page.encode(), "text/html")
            return
        if faults.session_expired and scope["path"].startswith(GATEWAY):
            said = self.say_session_expired(scope.get("hub.request_id", "-"), self.hub.clock())
            await _answer(send, 200, said, "application/json")
            return
        if faults.session_expired:
            scope["headers"] = self._with_expired_token(scope)
        kept = _Kept()
        if faults.duplicate:
            twin = dict(scope)
            await asyncio.gather(
                self.app(twin, sent.again(), _Kept()), self.app(scope, sent.again(), kept)
            )
        else:
            await self.app(scope, sent.again(), kept)
        if faults.lost is Lost.AFTER_COMMIT:
            await _hang_up(scope, sent)
        else:
            await _pass_on(faults, kept, send)

    def _party(self, scope: Message, body: bytes) -> str:
        """Return who sends: the token says it, and behind other credentials the envelope."""
        scheme, _, token = _authorization(scope).partition(" ")
        if scheme.lower() == "bearer":
            try:
                return self.signer.read(token, self.hub.clock()).party
            except Unauthenticated:
                return ""
        if scope["path"].startswith(GATEWAY):
            return sender_of(body)
        return ""

    def _with_expired_token(self, scope: Message) -> list[tuple[bytes, bytes]]:
        """Return the headers with a token of the same caller that has expired: the hub refuses."""
        headers = [(k, v) for k, v in scope["headers"] if k != b"authorization"]
        now = self.hub.clock()
        try:
            caller = self.signer.read(_authorization(scope).partition(" ")[2], now)
        except Unauthenticated:
            return headers
        expired = self.signer.issue(caller, now - timedelta(days=1))
        return [*headers, (b"authorization", f"Bearer {expired}".encode())]


def sender_of(body: bytes) -> str:
    """Return the sender's code in a gateway envelope."""
    try:
        found: Any = json.loads(body)
        return str(found["fixmedins_code"])
    except (ValueError, KeyError, TypeError):
        return ""


def _authorization(scope: Message) -> str:
    found: bytes = dict(scope["headers"]).get(b"authorization", b"")
    return found.decode("latin-1")


async def _read(receive: Receive) -> _Sent:
    """Read a request to its end; one that breaks off is as long as it got."""
    parts: list[bytes] = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body", False):
            return _Sent(b"".join(parts), receive)


async def _hang_up(scope: Message, sent: _Sent) -> None:
    """End the connection; nothing is sent."""
    scope["hub.answer_lost"] = True
    end = scope.get("extensions", {}).get(HANG_UP)
    if end is None:
        raise AnswerLostError
    end()
    while (await sent.receive())["type"] != "http.disconnect":
        continue


async def _pass_on(faults: Faults, kept: _Kept, send: Send) -> None:
    body = kept.body
    if faults.malformed_json:
        body = body[: len(body) // 2]
    await send(kept.start(len(body)))
    if not faults.drip_ms:
        await send({"type": "http.response.body", "body": body})
        return
    step = max(DRIP_BYTES, -(-len(body) // DRIPS_MAX))
    for at in range(0, len(body), step):
        await send({"type": "http.response.body", "body": body[at : at + step], "more_body": True})
        await asyncio.sleep(faults.drip_ms / 1000)
    await send({"type": "http.response.body", "body": b""})


async def _answer(send: Send, status: int, body: bytes, media_type: str) -> None:
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
