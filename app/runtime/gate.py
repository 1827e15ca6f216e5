"""The gate of a lane: says of a request, at the edge, whether all about it is plain.

What a route's dependencies check one by one is checked here for what institutions send most.
Nobody is refused: whatever is not as it is nearly always goes on to the application as it came.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import TypeVar

from app.kernel.parties import PartyKind
from app.runtime.auth import Caller, Signer
from app.runtime.heard import Heard, hear
from app.runtime.limits import Limits
from app.runtime.telemetry import DIGITS_MAX, App, Message, Receive, Send

JSON = (b"application/json", b"application/json; charset=utf-8")
BEARER = b"Bearer "
Headers = Mapping[bytes, bytes]
Asked = TypeVar("Asked")


@dataclass(frozen=True, slots=True)
class Route:
    """What the telemetry calls a route by; the application's own says the same."""

    path: str


@dataclass(frozen=True, slots=True)
class Request:
    """One request at the edge, and where it goes when no lane answers it."""

    app: App
    scope: Message
    receive: Receive
    send: Send

    async def pass_on(self) -> None:
        """Leave the request to the application, as it came."""
        await self.app(self.scope, self.receive, self.send)

    async def answer(self, route: Route, status: int, body: bytes) -> None:
        """Answer with a body that is written already."""
        self.scope["route"] = route
        headers = [
            (b"content-length", str(len(body)).encode()),
            (b"content-type", b"application/json"),
        ]
        await self.send({"type": "http.response.start", "status": status, "headers": headers})
        await self.send({"type": "http.response.body", "body": body})


async def hear_plain(
    it: Request, bytes_max: int, read: Callable[[Headers, bytes], Asked | None]
) -> tuple[Request, Asked | None]:
    """Hear a short JSON post out and read what is asked, if it is plain.

    The request that comes back gives its body once more to whoever takes it on.
    """
    headers = dict(it.scope["headers"])
    if not is_short_post(it.scope, headers, bytes_max):
        return it, None
    if isinstance(it.receive, Heard):  # heard out before its turn
        body = it.receive.body
    else:
        heard = await hear(it.receive)
        it, body = Request(it.app, it.scope, heard, it.send), heard.body
    return it, None if body is None else read(headers, body)


@dataclass(frozen=True, slots=True)
class Gate:
    """Knows callers by their tokens, and holds them to their rates."""

    signer: Signer
    limits: Limits
    clock: Callable[[], datetime]

    def caller_of(self, headers: Headers) -> Caller | None:
        """Read who calls, or refuse; None for whoever is no institution or bound to terms."""
        sent = headers.get(b"authorization", b"")
        if not sent.startswith(BEARER):
            return None
        caller = self.signer.read(sent[len(BEARER) :].decode("latin-1"), self.clock())
        if caller.kind is not PartyKind.INSTITUTION:
            return None
        if caller.terms.addresses or caller.terms.signature is not None:
            return None
        return caller

    def admit(self, scope: Message, caller: Caller) -> None:
        """Count a request against the caller's rates, once for the whole of its way, or refuse."""
        scope["hub.limit"] = self.limits.admit(caller)
        scope["hub.caller"], scope["hub.admitted"] = caller, True


def is_short_post(scope: Message, headers: Headers, bytes_max: int) -> bool:
    """Say whether a request posts a short JSON body, sent as it is, and asks nothing beside."""
    length = headers.get(b"content-length", b"")
    return (
        scope["method"] == "POST"
        and not scope["query_string"]
        and headers.get(b"content-type", b"").lower() in JSON
        and b"content-encoding" not in headers
        and len(length) <= DIGITS_MAX
        and length.isdigit()
        and int(length) <= bytes_max
    )
