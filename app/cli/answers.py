"""The HTTP server: one that writes the head of an answer with the first of its body, at once.

Written by itself, a head costs a call of the kernel and a packet, and wakes the reader for nothing.
"""

from __future__ import annotations

import asyncio
from typing import Any

import httptools
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

from app.runtime.telemetry import IS_WHOLE

JOINED_MAX = 16 * 1024  # what is longer is not copied only to stand beside its head


class Gathering(asyncio.Transport):
    """What an answer is written to: holds its head until something follows, or it is over."""

    __slots__ = ("_begun", "_head", "_to")

    def __init__(self, to: asyncio.Transport) -> None:
        self._to = to
        self._begun = False
        self._head: bytes | None = None

    def write(self, data: bytes | bytearray | memoryview) -> None:
        """Write; the head of an answer is the first that is written of it."""
        if not self._begun:
            self._begun, self._head = True, bytes(data)
            return
        head, self._head = self._head, None
        if head is None:
            self._to.write(data)
        elif len(data) <= JOINED_MAX:
            self._to.write(head + data)
        else:
            self._to.writelines((head, data))

    def flush(self) -> None:
        """Write what is held: nothing follows it."""
        head, self._head = self._head, None
        if head is not None:
            self._to.write(head)

    def is_closing(self) -> bool:
        """Say whether nothing can be written any more."""
        return self._to.is_closing()

    def close(self) -> None:
        """Close the connection once all is written."""
        self.flush()
        self._to.close()


class AnswerProtocol(HttpToolsProtocol):
    """Lets an answer leave in as few pieces as it can."""

    def data_received(self, data: bytes) -> None:
        """Read requests; nobody is upgraded, so what follows who asked for it is the next one.

        Were it thrown away, as the server underneath does, the rest of it would be read as a
        request of its own.
        """
        self._unset_keepalive_if_required()
        while data and self.parser is not None:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as asked:
                data = data[asked.args[0] :]
            except httptools.HttpParserError:
                self.send_400_response("Invalid HTTP request received.")
                return
            else:
                return

    def send_400_response(self, msg: str) -> None:
        """Say that this is no request; only hang up where it would stand for another's answer."""
        last = self.cycle
        is_owed = last is not None and not last.response_complete
        if is_owed and (last.response_started or not last.more_body or self.pipeline):
            self.transport.close()
        else:
            super().send_400_response(msg)

    def on_headers_complete(self) -> None:
        """Take a request in, and gather what it is answered with.

        Not where nothing follows a head, nor where a sender waits to be told to go on.
        """
        before = self.cycle
        super().on_headers_complete()
        is_new = self.cycle is not before
        if is_new and self.scope["method"] != "HEAD" and not self.expect_100_continue:
            self.cycle.transport = Gathering(self.transport)

    def on_message_complete(self) -> None:
        """Say of a request that all of it is there."""
        super().on_message_complete()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]  # a typed dict of uvicorn's
        scope[IS_WHOLE] = True
