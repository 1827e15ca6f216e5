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
    _is_mixed = False  # whether what just came ended a head or held some of a body
    _seen = 0  # bytes that did neither

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]  # as uvicorn has it
        """Wait for the first head from the moment somebody is there."""
        super().connection_made(transport)
        self._wait()

    def on_message_begin(self) -> None:
        """Await a further head from its first byte on; silence between is keep-alive's."""
        super().on_message_begin()
        self._is_open = True

    def on_headers_complete(self) -> None:
        """Wait no more: the body has a time of its own.

        Fields that follow a body are nobody's (RFC 9110, 6.5.1): what a proxy did not see, such as
        where a request comes from, must not come in behind its back.
        """
        self._is_open = False
        self._is_mixed = True
        if self._waiting is not None:
            self._stop()
        super().on_headers_complete()
        self.headers = []

    def on_body(self, body: bytes) -> None:
        """Take some of a body in, which is counted where it is read."""
        self._is_mixed = True
        super().on_body(body)

    def data_received(self, data: bytes) -> None:
        """Read on, unless this head, or what is between pieces of a body, is longer than any.

        Most heads come whole, and no time has to be set for them.
        """
        self._is_mixed = False
        super().data_received(data)
        if self._is_mixed:
            self._seen = 0
        elif self._is_between:  # what came was nothing at all
            no_time_runs = self.timeout_keep_alive_task is None and self._waiting is None
            if no_time_runs and not self._is_busy:
                self._wait()
        else:
            self._seen += len(data)
            if self._seen > self.bytes_max:
                self.transport.abort()
        if self._is_open and self._waiting is None:
            self._wait()

    @property
    def _is_busy(self) -> bool:
        """Whether the request before is still being answered."""
        return self.cycle is not None and not self.cycle.response_complete

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        self._stop()
        super().connection_lost(exc)

    def _wait(self) -> None:
        self._waiting = self.loop.call_later(self.seconds_max, self._give_up)

    def _stop(self) -> None:
        if self._waiting is not None:
            self._waiting.cancel()
            self._waiting = None

    def _give_up(self) -> None:
        if self._is_busy:
            self._wait()
        else:
            self.transport.close()
