"""Lay what the documentation page's examples need, on a hub that is made for trying out."""

from __future__ import annotations

from collections.abc import Mapping
from datetime import datetime

from app.main import create_app
from app.runtime.openapi import Example
from app.runtime.settings import Settings
from app.sandbox import examples
from app.sandbox.clock import SandboxClock


async def lay_examples(settings: Settings, url: str, now: datetime) -> Mapping[str, Example]:
    """Call the hub's own interface beside the served application, on a clock of its own."""
    clock = SandboxClock(now)
    app = create_app(settings, url=url, clock=clock)
    try:
        return await examples.prepared(app, clock)
    finally:
        await app.state.hub.engine.dispose()
