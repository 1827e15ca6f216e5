"""What the sandbox keeps and tells of itself."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class MadePersona:
    """A persona as it was made: numbers only."""

    set_number: int
    key: str
    made_on: date
    worker: str
    determinations: tuple[str, ...]
    filing: str
    last_day: date


@dataclass(frozen=True, slots=True, kw_only=True)
class FaultOrder:
    """Faults that befall every message of a party until they are taken back (empty text).

    Where the caller's party acts by persons, what one of them asked for waits for another.
    """

    party: str
    faults: str
    asked: str | None = None
    asked_by: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NewExchange:
    """A request and its answer as they may be kept; `status` None = no answer left the hub."""

    at: datetime
    party: str
    method: str
    path: str
    message: str | None
    faults: str | None
    status: int | None
    request: str | None
    answer: str | None


@dataclass(frozen=True, slots=True)
class Exchanged:
    """An exchange in the log."""

    id: int
    exchange: NewExchange
