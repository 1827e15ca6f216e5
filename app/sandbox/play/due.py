"""What falls due in a play: every morning the hub ticks, as a service does on its own clock."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass, field
from datetime import date

from app.deadlines.model import Act, Tick
from app.deadlines.ticking import Ticker
from app.sandbox.clock import in_china
from app.sandbox.moved_clock import ClockAct, ClockAsked
from app.sandbox.play.day import OPENS
from app.sandbox.play.deeds import Stage
from app.sandbox.sender import CLIENT


@dataclass(slots=True)
class DueActs:
    """The hub's own acts in a play: how many there were, and how much each met with."""

    stage: Stage
    ticker: Ticker
    done: int = 0
    found: Counter[Act] = field(default_factory=Counter)

    @classmethod
    def on(cls, stage: Stage) -> DueActs:
        """Tick the hub a play is played on."""
        return cls(stage, Ticker(stage.sender.hub, f"{CLIENT}:tick"))

    async def begin(self, day: date) -> None:
        """Let a morning come, and the hub do what is due; whatever fails breaks the play off."""
        clock = self.stage.clock
        clock.setting = clock.asked(ClockAsked(act=ClockAct.JUMP, to=in_china(day, OPENS)))
        tick = await self.ticker.tick()
        _require_done(tick)
        self.done += len(tick.done)
        for it in tick.done:
            self.found[it.due.act] += it.found


def _require_done(tick: Tick) -> None:
    if tick.failed or tick.elsewhere:
        message = f"due acts that failed: {tick.failed}"
        raise RuntimeError(message)
