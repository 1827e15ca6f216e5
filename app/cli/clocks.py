"""The clock a sandbox was set to, for commands that are to go by it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace

from app.runtime.door import Hub
from app.runtime.mode import mode_of
from app.runtime.settings import Mode, Settings
from app.sandbox.moved_clock import MovedClock
from app.sandbox.playground import Playground


@asynccontextmanager
async def on_its_clock(hub: Hub, settings: Settings) -> AsyncIterator[Hub]:
    """Lend a hub on the clock its sandbox was set to; production knows only one."""
    if mode_of(settings) is not Mode.SANDBOX:
        yield hub
        return
    playground = Playground(MovedClock(hub.clock))
    await playground.recall(hub)
    yield replace(hub, clock=playground.clock)
