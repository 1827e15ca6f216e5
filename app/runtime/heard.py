"""A body read whole before its turn: looked at or waited for, and given on as it came."""

from __future__ import annotations

from collections import deque
from dataclasses import dataclass, field

from starlette.exceptions import HTTPException

from app.runtime.telemetry import Message, Receive


@dataclass(slots=True)
class Heard:
    """What was received of a request; called, it gives the same once more, then what follows."""

    receive: Receive
    messages: deque[Message | HTTPException] = field(default_factory=deque)

    @property
    def body(self) -> bytes | None:
        """Return the body, before any of it is given on; None: it did not come whole."""
        pieces = []
        for message in self.messages:
            if isinstance(message, HTTPException) or message["type"] != "http.request":
                return None
            pieces.append(message.get("body", b""))
        return b"".join(pieces)

    async def __call__(self) -> Message:
        """Give the next message; a fault is met by whoever reads that far."""
        if not self.messages:
            return await self.receive()
        message = self.messages.popleft()
        if isinstance(message, HTTPException):
            try:
                raise message
            finally:
                del message  # or it and what was heard would keep each other
        return message


async def hear(receive: Receive) -> Heard:
    """Wait until a body is there, or until it is clear that it will not come."""
    heard = Heard(receive)
    more = True
    while more:
        try:
            message = await receive()
        except HTTPException as fault:  # too large, too slow
            heard.messages.append(fault)
            break
        heard.messages.append(message)
        more = message.get("more_body", False)
    return heard
