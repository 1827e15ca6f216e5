"""The HTTP server: one that asks the hub before it takes a request in.

A request sent away here has cost the reading of its head and the writing of an answer; where it
came whole and plain, a glance at it.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

import httptools

from app.cli.readers import ReaderProtocol
from app.runtime.shedding import Doorstep


class _Answered:
    """Stands where the server looks for a request that is over."""

    response_complete: ClassVar = True
    keep_alive: ClassVar = True

    def __init__(self) -> None:
        self.message_event = asyncio.Event()


class _Glance:
    """Reads no more of a request than who is sent away needs: that it is one, whole, and which.

    The parser is the server's own, so that both see a request end in the same place.
    """

    def __init__(self) -> None:
        self.parser = httptools.HttpRequestParser(self)
        self.begun = self.ended = 0
        self.url = b""
        self.goes_on = False  # the connection

    def on_message_begin(self) -> None:
        self.begun += 1

    def on_url(self, url: bytes) -> None:
        self.url += url

    def on_message_complete(self) -> None:
        self.ended += 1
        self.goes_on = self.parser.should_keep_alive()

    def asked(self, data: bytes) -> tuple[str, str] | None:
        """Return method and path of a request; None: it is not as it nearly always is."""
        self.begun = self.ended = 0
        self.url = b""
        try:
            self.parser.feed_data(data)
        except (httptools.HttpParserError, httptools.HttpParserUpgrade):
            return None
        if self.begun == self.ended == 1 and self.goes_on:
            return _line(self.parser, self.url)
        return None


def _line(parser: httptools.HttpRequestParser, url: bytes) -> tuple[str, str]:
    return parser.get_method().decode("ascii"), url.partition(b"?")[0].decode("latin-1")


class DoorstepProtocol(ReaderProtocol):
    """Answers at once whom the hub has no room for, before anything is made for the request."""

    doorstep: ClassVar[Doorstep | None] = None
    _glance: ClassVar = _Glance()
    seconds_max: ClassVar[float] = 30.0  # of what is left of a request that is answered already
    _is_between = False  # requests: the last is read to its end, and nothing came since
    _glanced_at = 0.0  # when the last request was sent away at a glance
    _passing: asyncio.TimerHandle | None = None

    def data_received(self, data: bytes) -> None:
        """Send a whole request away at a glance, or read it."""
        # Keep-alive waits only where the last answer is out and nothing else is under way.
        if (
            self.doorstep is not None
            and not self.doorstep.turns.is_free
            and self._is_between
            and self.timeout_keep_alive_task is not None
            and not self.flow.write_paused
            and (answer := self._at_a_glance(self.doorstep, data)) is not None
        ):
            self._glanced_at = self.loop.time()
            self.transport.write(answer)
            self._watch()
            return
        super().data_received(data)

    def _at_a_glance(self, doorstep: Doorstep, data: bytes) -> bytes | None:
        if not doorstep.turns.is_full:
            return None
        asked = self._glance.asked(data)
        if asked is None:  # and may have left off in the middle
            DoorstepProtocol._glance = _Glance()
            return None
        return doorstep.answer(*asked)

    def timeout_keep_alive_handler(self) -> None:
        """Close what was silent for so long, unless requests were sent away in the meantime."""
        rest = self._glanced_at + self.timeout_keep_alive - self.loop.time()
        if rest > 0:
            again = self.loop.call_later(rest, self.timeout_keep_alive_handler)
            self.timeout_keep_alive_task = again
        else:
            super().timeout_keep_alive_handler()

    def on_message_begin(self) -> None:
        """Note that a request is being read."""
        self._is_between = False
        super().on_message_begin()

    def on_message_complete(self) -> None:
        """Note that a request is read to its end; if it was answered before, silence begins."""
        super().on_message_complete()
        self._is_between = True
        self._stop_passing()
        if self.cycle.response_complete and self.timeout_keep_alive_task is None:
            self.timeout_keep_alive_task = self.loop.call_later(
                self.timeout_keep_alive, self.timeout_keep_alive_handler
            )

    def on_response_complete(self) -> None:
        """Pass over what is left of a request that is answered, as long as it comes in time."""
        super().on_response_complete()
        if not self._is_between and self._passing is None:
            self._passing = self.loop.call_later(self.seconds_max, self._pass_no_more)

    def connection_lost(self, exc: Exception | None) -> None:
        """Forget the timer with the connection."""
        self._stop_passing()
        super().connection_lost(exc)

    def _stop_passing(self) -> None:
        if self._passing is not None:
            self._passing.cancel()
            self._passing = None

    def _pass_no_more(self) -> None:
        self._passing = None
        if self.cycle.response_complete:  # or the next is already being served
            self.transport.close()

    def on_headers_complete(self) -> None:
        """Take a request in, or send it away; its body is passed over.

        Who does not read what it was told is taken in as well: there the next answer waits until
        the last is read, and nothing more is read of who asks for it.
        """
        answer = None
        is_alone = self.cycle is None or self.cycle.response_complete
        is_alone = is_alone and not self.flow.write_paused
        if self.doorstep is not None and is_alone and self.parser.should_keep_alive():
            answer = self.doorstep.answer(*_line(self.parser, self.url))
        if answer is None:
            super().on_headers_complete()
            return
        stand_in: Any = _Answered()  # Any: the server asks of it no more than this
        self.cycle = stand_in
        self.transport.write(answer)
        self.on_response_complete()
