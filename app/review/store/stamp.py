"""What every row of a review says of its making: who, when, and under which edition of the law."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime

from app.runtime.work import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Stamp:
    """Who writes, when, on which day, by which edition of the policy book."""

    client: str
    at: datetime
    today: date
    policy_version: str

    @classmethod
    def of(cls, work: Work) -> Stamp:
        """Return the stamp of a unit of work."""
        return cls(
            client=work.caller.client,
            at=work.now,
            today=work.today,
            policy_version=work.book.version,
        )
