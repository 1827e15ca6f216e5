"""The test clock: follows a clock of its own until it is frozen, advanced or made to jump.

It only goes forward. How it was last set is kept in the database, so a restart does not lose it.
"""

from __future__ import annotations

import asyncio
import enum
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta

from app.runtime.hub import Clock, wall_clock
from app.sandbox.errors import ClockOutOfRange

EARLIEST = datetime(2025, 7, 1, tzinfo=UTC)  # the texts the personas rest on are in force
LATEST = datetime(2099, 12, 31, tzinfo=UTC)


class ClockAct(enum.StrEnum):
    """What can be done with the test clock 测试时钟操作."""

    FREEZE = "freeze"  # 冻结
    RUN = "run"  # 继续走时
    ADVANCE = "advance"  # 前进
    JUMP = "jump"  # 跳转


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockAsked:
    """What somebody wants of the clock: a span for an advance, an instant for a jump."""

    act: ClockAct
    span: timedelta = timedelta(0)
    to: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class ClockSetting:
    """How the clock was last set: to which instant, when that was, and whether it ticks since."""

    at: datetime
    since: datetime
    ticks: bool

    def tells(self, source: datetime) -> datetime:
        """Tell the instant when the clock it follows tells `source`."""
        return self.at + (source - self.since) if self.ticks else self.at


@dataclass(slots=True)
class MovedClock:
    """The one clock of a sandbox; calling it tells the time."""

    source: Clock
    setting: ClockSetting | None = None
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def __call__(self) -> datetime:
        """Tell the sandbox's present instant."""
        now = self.source()
        return now if self.setting is None else self.setting.tells(now)

    @property
    def ticks(self) -> bool:
        """Say whether it goes on by itself."""
        return self.setting is None or self.setting.ticks

    @property
    def follows_the_wall(self) -> bool:
        """Say whether how it is set means anything after a restart."""
        return self.source is wall_clock

    def asked(self, asked: ClockAsked) -> ClockSetting:
        """Work out what is asked, or refuse to go back."""
        now, ticks = self(), self.ticks
        moves = {
            ClockAct.FREEZE: (now, False),
            ClockAct.RUN: (now, True),
            ClockAct.ADVANCE: (now + asked.span, ticks),
            ClockAct.JUMP: (asked.to or now, ticks),
        }
        at, ticking = moves[asked.act]
        if not now <= at <= LATEST:
            raise ClockOutOfRange(asked=at, earliest=now, latest=LATEST)
        return ClockSetting(at=at, since=self.source(), ticks=ticking)

    def starting(self, at: datetime | None) -> ClockSetting:
        """Work out a new beginning: at an instant, or the clock it follows."""
        now = self.source()
        if at is not None and not EARLIEST <= at <= LATEST:
            raise ClockOutOfRange(asked=at, earliest=EARLIEST, latest=LATEST)
        return ClockSetting(at=at or now, since=now, ticks=True)
