"""The layer that signs answers to signed requests, by the scheme agreed with their sender."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from app.kernel.parties import SignatureScheme
from app.runtime.signatures import AnswerText, Signing
from app.runtime.telemetry import App, Message, Receive, Send

Signed = tuple[SignatureScheme, str, str]  # the scheme, the key, the signature of the request


class SignedAnswers:
    """Holds an answer to a signed request back until it is whole, and signs it."""

    def __init__(self, app: App, signing: Signing, clock: Callable[[], datetime]) -> None:
        self.app = app
        self.signing = signing
        self.clock = clock

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        start: Message = {}
        pieces: list[bytes] = []

        async def hold(message: Message) -> None:
            if "hub.signed" not in scope:
                await send(message)
            elif message["type"] == "http.response.start":
                start.update(message)
            else:
                pieces.append(message.get("body", b""))
                if not message.get("more_body", False):
                    await self._send(send, start, b"".join(pieces), scope["hub.signed"])

        await self.app(scope, receive, send if scope["type"] != "http" else hold)

    async def _send(self, send: Send, start: Message, body: bytes, signed: Signed) -> None:
        scheme, key, request_signature = signed
        date = self.clock().astimezone(UTC).isoformat(timespec="milliseconds")
        answer = AnswerText(status=start["status"], of=request_signature, date=date, body=body)
        made = await self.signing.sign(answer, scheme, key)
        extra = [(name.lower().encode(), value.encode()) for name, value in made.items()]
        await send({**start, "headers": [*start.get("headers", []), *extra]})
        await send({"type": "http.response.body", "body": body})
