"""The layer that keeps what a party sent and what it got, masked, so that it can look it up.

It stands outside the faults: what is kept is what really left the hub. Never in production.
"""

from __future__ import annotations

from dataclasses import dataclass, field

from app.kernel.refusal import Refusal
from app.runtime.auth import Caller, Signer, Unauthenticated
from app.runtime.door import Hub, lend
from app.runtime.telemetry import App, Message, Receive, Send
from app.sandbox import store
from app.sandbox.fault_layer import GATEWAY, OWN_PATHS, AnswerLostError
from app.sandbox.masking import READ_BYTES_MAX, masked, masked_text
from app.sandbox.model import NewExchange

LOGGED = ("/v1/", GATEWAY)


@dataclass(slots=True)
class _Heard:
    """What goes by in one direction, as far as it may be kept at all."""

    body: bytearray = field(default_factory=bytearray)
    content_type: str = ""

    def take(self, part: bytes) -> None:
        """Listen; beyond what could be read later only the length matters."""
        if len(self.body) <= READ_BYTES_MAX:
            self.body += part

    def masked(self) -> str | None:
        """Return what may be kept."""
        return masked(bytes(self.body), self.content_type)


class RequestLog:
    """Stands inside the telemetry and outside the faults."""

    def __init__(self, app: App, *, hub: Hub, signer: Signer) -> None:
        self.app = app
        self.hub = hub
        self.signer = signer

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request, and keep it."""
        path = scope.get("path", "")
        if scope["type"] != "http" or path.startswith(OWN_PATHS) or not path.startswith(LOGGED):
            await self.app(scope, receive, send)
            return
        bearer = self._bearer(scope)  # a fault may take the token away from what the hub sees
        asked, told = _Heard(content_type=_header(scope, b"content-type")), _Heard()
        status: int | None = None

        async def listen() -> Message:
            message = await receive()
            asked.take(message.get("body", b""))
            return message

        async def speak(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                told.content_type = _header(message, b"content-type")
            told.take(message.get("body", b""))
            await send(message)

        try:
            await self.app(scope, listen, speak)
        except AnswerLostError:
            status = None
            raise
        finally:
            caller: Caller | None = scope.get("hub.caller")
            party = bearer if caller is None else caller.party
            if party:
                await self._keep(scope, party, (asked, told), status)

    async def _keep(
        self, scope: Message, party: str, heard: tuple[_Heard, _Heard], status: int | None
    ) -> None:
        asked, told = heard
        kept = NewExchange(
            at=self.hub.clock(),
            party=party,
            method=scope["method"],
            path=masked_text(scope["path"])[:200],
            message=_message_id(scope),
            faults=scope.get("hub.faults"),
            status=status,
            request=asked.masked(),
            answer=told.masked(),
        )
        try:
            async with lend(self.hub) as rx:
                await store.keep_exchange(rx, kept)
        except Refusal:  # busy: a log that cannot be written must not break what was answered
            return

    def _bearer(self, scope: Message) -> str:
        """Return the party a token speaks for, or nothing."""
        scheme, _, token = _header(scope, b"authorization").partition(" ")
        if scheme.lower() != "bearer":
            return ""
        try:
            return self.signer.read(token, self.hub.clock()).party
        except Unauthenticated:
            return ""


def _message_id(scope: Message) -> str | None:
    return masked_text(_header(scope, b"idempotency-key"))[:64] or None


def _header(message: Message, name: bytes) -> str:
    """Return a header's text, or nothing."""
    found: bytes = next((v for k, v in message.get("headers", []) if k.lower() == name), b"")
    return found.decode("latin-1")
