"""The HTTP server: one that waits for the head of a request only so long, and for so much of it.

The server underneath bounds neither; what it has begun to read it keeps.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from app.cli.doorsteps import DoorstepProtocol


class HeadProtocol(DoorstepProtocol):
    """Ends a connection whose next head takes too long, however it trickles in, or never ends."""

    bytes_max: ClassVar[int] = 32 * 1024
    _waiting: asyncio.TimerHandle | None = None
    _is_open = False  # whether a head has begun and is not there yet
    _seen = 0

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first head from the moment somebody is there."""
        super().connection_made(transport)
        self._wait()

    def on_message_begin(self) -> None:
        """Await a further head from its first byte on; silence between is keep-alive's."""
        super().on_message_begin()
        self._is_open = True

    def on_headers_complete(self) -> None:
        """Wait no more: the body has a time of its own."""
        self._is_open = False
        if self._waiting is not None:
            self._stop()
        super().on_headers_complete()

    def data_received(self, data: bytes) -> None:
        """Read on, unless this head has become longer than any.

        Most heads come whole, and no time has to be set for them.
        """
        super().data_received(data)
        if self._is_open and self._waiting is None:
            self._wait()
        if self._waiting is not None:
            self._seen += len(data)
            if self._seen > self.bytes_max:
                self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._seen = 0
        self._waiting = self.loop.call_later(self.seconds_max, self._give_up)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        busy = self.cycle is not None and not self.cycle.response_complete
        if busy:  # the request before this head is still being answered
            self._wait()
        else:
            self.transport.close()
