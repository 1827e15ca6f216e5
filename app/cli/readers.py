"""The HTTP server: one that keeps an answer only so long for a reader who does not read it.

The server underneath would keep it, and the connection, for as long as the reader stays.
"""

from __future__ import annotations

import asyncio
from typing import ClassVar

from app.cli.answers import AnswerProtocol


class ReaderProtocol(AnswerProtocol):
    """Ends a connection whose reader takes too little of an answer in too long a time."""

    answer_seconds_max: ClassVar[float] = 30.0
    answer_bytes_min: ClassVar[int] = 32 * 1024  # to be taken in that time, or all there is
    _looking: asyncio.TimerHandle | None = None
    _unread = 0

    def on_response_complete(self) -> None:
        """Watch what could not be sent at once."""
        super().on_response_complete()
        self._watch()

    def pause_writing(self) -> None:
        """Watch a reader who is behind in the middle of an answer."""
        super().pause_writing()
        self._watch()

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        if self._looking is not None:
            self._looking.cancel()
            self._looking = None
        super().connection_lost(exc)

    def _watch(self) -> None:
        unread = self.transport.get_write_buffer_size()
        if unread and self._looking is None:
            self._unread = unread
            self._looking = self.loop.call_later(self.answer_seconds_max, self._look)

    def _look(self) -> None:
        """Go on watching a reader who reads, and hang up on one who does not."""
        self._looking = None
        unread = self.transport.get_write_buffer_size()
        # More than before: everything was taken, and the next answer waits.
        if unread > self._unread or unread <= self._unread - self.answer_bytes_min or not unread:
            self._watch()
        else:
            self.transport.abort()
