"""A clock that can be set: the sandbox plays weeks of business in seconds.

It is handed to the hub in place of the wall clock and ticks on from where it was set, so that
tokens still expire and what happens later still bears a later time.
"""

from __future__ import annotations

import time
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from datetime import time as time_of_day

from app.kernel.calendar import CHINA

OPENS = time_of_day(9, 0)


def in_china(day: date, at: time_of_day = OPENS) -> datetime:
    """Return an instant by China's civil time."""
    return datetime.combine(day, at, CHINA).astimezone(UTC)


@dataclass(slots=True)
class SandboxClock:
    """Ticks from the instant it was last set to; calling it tells the time."""

    set_to: datetime
    ticks: bool = True
    _since: float = field(default_factory=time.monotonic)

    def __call__(self) -> datetime:
        """Tell the sandbox's present instant."""
        if not self.ticks:
            return self.set_to
        return self.set_to + timedelta(seconds=time.monotonic() - self._since)

    def set(self, moment: datetime) -> None:
        """Set it; from then on it ticks again."""
        assert moment.tzinfo is not None, "a moment without a zone is not a moment"
        self.set_to = moment
        self._since = time.monotonic()

    def go_to(self, day: date, at: time_of_day = OPENS) -> None:
        """Set it to an hour of a day in China, never back."""
        moment = in_china(day, at)
        if moment > self():
            self.set(moment)
