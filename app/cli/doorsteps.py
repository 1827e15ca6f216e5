"""The HTTP server: one that asks the hub before it takes a request in.

A request sent away here has cost the reading of its head and the writing of an answer.
"""

from __future__ import annotations

import asyncio
from typing import Any, ClassVar

from app.cli.readers import ReaderProtocol
from app.runtime.shedding import Doorstep


class _Answered:
    """Stands where the server looks for a request that is over."""

    response_complete: ClassVar = True
    keep_alive: ClassVar = True

    def __init__(self) -> None:
        self.message_event = asyncio.Event()


class DoorstepProtocol(ReaderProtocol):
    """Answers at once whom the hub has no room for, before anything is made for the request."""

    doorstep: ClassVar[Doorstep | None] = None

    def on_headers_complete(self) -> None:
        """Take a request in, or send it away; its body is passed over."""
        answer = None
        is_alone = self.cycle is None or self.cycle.response_complete
        if self.doorstep is not None and is_alone and self.parser.should_keep_alive():
            path = self.url.partition(b"?")[0].decode("latin-1")
            answer = self.doorstep.answer(self.parser.get_method().decode("ascii"), path)
        if answer is None:
            super().on_headers_complete()
            return
        stand_in: Any = _Answered()  # Any: the server asks of it no more than this
        self.cycle = stand_in
        self.transport.write(answer)
        self.on_response_complete()
