"""Message ids (报文编号): sender's code, China's time, four digits; never repeated."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

CHINA = ZoneInfo("Asia/Shanghai")
STAMP = "%Y%m%d%H%M%S"
PER_SECOND = 1_000


@dataclass(frozen=True, slots=True)
class Mark:
    """The last id a journal gave: its second and its place within the second."""

    second: datetime  # civil time in China
    place: int

    def next(self, now: datetime) -> Mark:
        """Go on from here, never back: also when the clock was set back or a second is full."""
        second = now.astimezone(CHINA).replace(tzinfo=None, microsecond=0)
        if second > self.second:
            return Mark(second, 0)
        if self.place + 1 < PER_SECOND:
            return Mark(self.second, self.place + 1)
        return Mark(self.second + timedelta(seconds=1), 0)


def message_id(party: str, window: int, mark: Mark) -> str:
    """Write an id: for an institution the national 30 characters, its window as the first digit.

    Windows (窗口) of one institution keep journals of their own, and their ids never meet.
    """
    assert 0 <= window <= 9, "a window is one digit"  # noqa: PLR2004 -- a digit
    return f"{party}{mark.second.strftime(STAMP)}{window}{mark.place:03d}"
