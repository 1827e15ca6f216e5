"""What a sandbox holds in memory: its clock, and the faults its parties ordered."""

from __future__ import annotations

from dataclasses import dataclass, field

from fastapi import Request

from app.runtime.door import Hub, lend
from app.sandbox import store
from app.sandbox.moved_clock import MovedClock


@dataclass(slots=True)
class Playground:
    """One sandbox; everybody who plays in it shares its clock."""

    clock: MovedClock
    faults: dict[str, str] = field(default_factory=dict)

    async def recall(self, hub: Hub) -> None:
        """Take up what was kept: how the clock was set, and which faults were ordered."""
        async with lend(hub) as rx:
            if self.clock.follows_the_wall:
                self.clock.setting = await store.kept_clock(rx)
            self.faults = {it.party: it.faults for it in await store.kept_faults(rx) if it.faults}


def playground_of(request: Request) -> Playground:
    """Return the sandbox a request came to."""
    playground: Playground = request.app.state.playground
    return playground
