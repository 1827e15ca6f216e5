"""What is still to be done on which day of a play."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import date

Deed = Callable[[], Awaitable[None]]


@dataclass(slots=True)
class Agenda:
    """Deeds by day, in the order they were put down."""

    deeds: defaultdict[date, list[Deed]] = field(default_factory=lambda: defaultdict(list))

    def on(self, day: date, deed: Deed) -> None:
        """Put a deed down for a day."""
        self.deeds[day].append(deed)

    async def do(self, day: date) -> None:
        """Do what is down for a day."""
        for deed in self.deeds.pop(day, []):
            await deed()
