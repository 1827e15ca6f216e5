"""Lay what the documentation page's examples need, on a hub that is made for trying out."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from datetime import datetime

from app.main import create_app
from app.runtime.hub import Clock
from app.runtime.openapi import Example
from app.runtime.settings import Settings
from app.runtime.telemetry import unlogged
from app.sandbox.clock import SandboxClock


def laid(settings: Settings, url: str, clock: Clock) -> Callable[[], Mapping[str, Example]]:
    """Put off laying the examples until the documentation is asked for."""
    return lambda: asyncio.run(lay_examples(settings, url, clock()))


async def lay_examples(settings: Settings, url: str, now: datetime) -> Mapping[str, Example]:
    """Call the hub's own interface beside the served application, on a clock of its own."""
    from app.sandbox import examples

    clock = SandboxClock(now)
    app = create_app(settings, url=url, clock=clock)
    try:
        with unlogged():
            return await examples.prepared(app, clock)
    finally:
        await app.state.hub.engine.dispose()
