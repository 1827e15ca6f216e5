"""One request's unit of work: the connection, who asks, when, and which law applies."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from app.kernel.calendar import business_day
from app.policy.book import PolicyBook
from app.policy.provisions import Provisions
from app.runtime import walls
from app.runtime.auth import Caller
from app.runtime.db import Rx, Tx
from app.runtime.walls import Purpose


@dataclass(frozen=True, slots=True)
class Law:
    """The policy book and the provisions its values and rules rest on."""

    book: PolicyBook
    provisions: Provisions


@dataclass(frozen=True, slots=True, kw_only=True)
class Record:
    """One line of the audit trail (操作留痕). `facts` never hold a personal number."""

    action: str
    subject: str
    facts: Mapping[str, object]


@dataclass(frozen=True, slots=True, kw_only=True)
class Announcement:
    """Something other parties will want to know, written in the same transaction."""

    topic: str
    subject: str
    parties: tuple[str, ...]
    body: Mapping[str, object]


LastAct = Callable[[], Awaitable[None]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Work:
    """Handed to every use case that writes; the only way to a writing connection."""

    tx: Tx
    caller: Caller
    now: datetime
    law: Law
    message: str  # the id under which this is asked
    journal: list[Record] = field(default_factory=list)
    announcements: list[Announcement] = field(default_factory=list)
    last_acts: list[LastAct] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The hub's business day."""
        return business_day(self.now)

    @property
    def book(self) -> PolicyBook:
        """The law as data."""
        return self.law.book

    def record(self, action: str, subject: object, **facts: object) -> None:
        """Note what was done; the door writes it before it commits."""
        self.note(Record(action=action, subject=str(subject), facts=facts))

    def note(self, record: Record) -> None:
        """Note what was done, put together already."""
        self.journal.append(record)

    def announce(
        self, topic: str, subject: object, parties: tuple[str, ...], body: Mapping[str, object]
    ) -> None:
        """Tell `parties` (region or institution codes) of an event, if this commits."""
        self.tell(Announcement(topic=topic, subject=str(subject), parties=parties, body=body))

    def tell(self, announcement: Announcement) -> None:
        """Tell its parties, put together already."""
        self.announcements.append(announcement)

    async def beyond(
        self, purpose: Purpose, *, certificate: str | None = None, number: str | None = None
    ) -> None:
        """Open one worker's file to the caller until the transaction ends.

        What it is opened for goes on record as the deed it serves, with the worker's number.
        """
        await walls.step(self.tx, purpose, certificate=certificate, number=number, within=True)

    def at_the_end(self, act: LastAct) -> None:
        """Do `act` as the last statements before the commit.

        For rows that many transactions share (pair balances): they stay locked until the
        commit is on disk, so they are locked last.
        """
        self.last_acts.append(act)


@dataclass(frozen=True, slots=True, kw_only=True)
class Reading:
    """Handed to every use case that only reads."""

    rx: Rx
    caller: Caller
    now: datetime
    law: Law
    looks: list[Record] = field(default_factory=list)

    @property
    def today(self) -> date:
        """The hub's business day."""
        return business_day(self.now)

    @property
    def book(self) -> PolicyBook:
        """The law as data."""
        return self.law.book

    def trace(self, action: str, subject: object, **facts: object) -> None:
        """Note a look at a person's data; it is on record before the answer leaves."""
        self.looks.append(Record(action=action, subject=str(subject), facts=facts))

    async def beyond(
        self, purpose: Purpose, *, certificate: str | None = None, number: str | None = None
    ) -> None:
        """Open one worker's file to the caller for this reading, which leaves its own trace."""
        await walls.step(self.rx, purpose, certificate=certificate, number=number, within=False)
