"""The days on which the story happens: one quarter of business, cleared after its end."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta

from app.kernel.calendar import Quarter

# The first whole quarter under Beijing's notice (京人社工发〔2025〕5号).
FIRST_QUARTER = Quarter(2025, 4)
CLEARING_DAY = 21


@dataclass(frozen=True, slots=True)
class Dates:
    """The story's days within a quarter."""

    quarter: Quarter

    @property
    def injured(self) -> date:
        """The injuries (工伤认定) are from half a year before."""
        return self.quarter.first - timedelta(days=180)

    @property
    def filed(self) -> date:
        """The filing (备案) for the stay is submitted and approved."""
        return self._in_month(0, 9)

    @property
    def admitted(self) -> date:
        """The stay begins."""
        return self._in_month(0, 13)

    @property
    def filed_for_fitting(self) -> date:
        """The filing for the prosthesis is submitted and approved."""
        return self._in_month(1, 3)

    @property
    def fitted(self) -> date:
        """The prosthesis is fitted and settled."""
        return self._in_month(1, 10)

    @property
    def refused(self) -> date:
        """Somebody is turned away with every reason at once."""
        return self._in_month(1, 12)

    @property
    def undone(self) -> date:
        """A settlement is cancelled and made anew."""
        return self._in_month(1, 14)

    @property
    def cleared(self) -> date:
        """The quarter is over and the operator clears it."""
        return self.quarter.next().months[0].first.replace(day=CLEARING_DAY)

    def night(self, number: int) -> date:
        """Return the day of the stay on which its night of this number (from 0) begins."""
        return self.admitted + timedelta(days=number)

    def _in_month(self, month: int, day: int) -> date:
        return self.quarter.months[month].first.replace(day=day)
