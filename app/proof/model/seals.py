"""Journals that are sealed, the seals on them, and how far sealing has come."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from datetime import date, datetime


class Journal(enum.StrEnum):
    """What is sealed 封存对象."""

    LEDGER = "ledger"  # 账簿: the steps of the accounts a place or an institution takes part in
    TRAIL = "trail"  # 操作留痕: what the clients of one party did and looked at


FIRST_LINK = bytes(32)  # what the first seal of a chain follows


@dataclass(frozen=True, slots=True, kw_only=True)
class Block:
    """The lines of one participant that a day added, not sealed yet."""

    participant: str
    day: date
    lines: int
    through_id: int
    root: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class Head:
    """The end of a participant's chain."""

    number: int
    chain: bytes
    through_id: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Seal:
    """One block of a participant's journal, closed for ever 封存块.

    It covers the lines after `after_id` up to `through_id`; `chain` digests all of the seal and the
    seal before it, so that none can be changed, dropped or moved without the next one telling.
    """

    journal: Journal
    participant: str
    number: int
    day: date
    after_id: int
    through_id: int
    lines: int
    root: bytes
    previous: bytes
    chain: bytes
    sealed_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class Progress:
    """How far a journal is sealed, and the day of the first line that is not."""

    journal: Journal
    through_id: int
    oldest_open: date | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Backlog:
    """How many days a journal's sealing lags behind; `alarming` when it should have been done."""

    journal: Journal
    oldest_open: date | None
    days: int
    alarming: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class Sealed:
    """What one round of sealing did; `waiting` journals had writers that did not end in time."""

    blocks: int
    lines: int
    waiting: tuple[Journal, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Chapter:
    """A sealed block with its lines, byte for byte as the root digests them."""

    seal: Seal
    lines: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Extract:
    """Some consecutive blocks of a journal; `more` says that others follow."""

    journal: Journal
    participant: str
    after: int
    previous: bytes
    chapters: tuple[Chapter, ...]
    more: bool
