"""The sandbox's HTTP server: one that can end a connection without an answer when told to."""

from __future__ import annotations

from typing import Any

from app.cli.heads import HeadProtocol
from app.sandbox.fault_layer import HANG_UP


class HangUpProtocol(HeadProtocol):
    """Hands the application the way to end its connection, as a lost network would."""

    def on_message_begin(self) -> None:
        """Begin a request; its scope is the application's."""
        super().on_message_begin()
        scope: dict[str, Any] = self.scope  # type: ignore[assignment]  # a typed dict of uvicorn's
        scope["extensions"] = {HANG_UP: self.transport.abort}
