"""Does one thing at a time with the hub, and holds every answer to what the model said before."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, timedelta, timezone
from typing import Any, TypeVar

import httpx

from tests.books.model.days import month_of
from tests.books.model.money import Books
from tests.books.model.road import No
from tests.support.institutions import JINAN
from tests.support.world import Client, World

T = TypeVar("T")
CHINA = timezone(timedelta(hours=8))
BEIJING, LIAONING, SHANDONG = "110000", "210000", "370000"
LAST_YEAR = 2026
REMOVED = object()  # sent as a body: what is at the path is to go


def yuan(fen: int) -> str:
    """Write an amount as it goes over the wire."""
    sign = "-" if fen < 0 else ""
    return f"{sign}{abs(fen) // 100}.{abs(fen) % 100:02d}"


def fen(text: str) -> int:
    """Read an amount from the wire."""
    return int(text.replace(".", ""))


@dataclass(frozen=True, slots=True)
class Said:
    """A message that took effect, and what it did."""

    sender: Client
    path: str
    body: object
    answer: httpx.Response
    key: str
    made: Any = None  # whatever of the model it made


@dataclass(slots=True)
class Desk:
    """The hub, the model beside it, and what was said so far."""

    world: World
    books: Books
    said: list[Said] = field(default_factory=list)
    undone: set[str] = field(default_factory=set)
    count: int = 0

    @property
    def hospital(self) -> Client:
        """The one hospital."""
        return self.world.institution(JINAN)

    @property
    def shandong(self) -> Client:
        """The treatment place's agency."""
        return self.world.agency(SHANDONG)

    def now(self) -> str:
        """Let a minute pass, so that nothing happens at the same time as something else."""
        self.world.clock.advance(minutes=1)
        self.books.now = self.world.clock.now.astimezone(CHINA)
        return self.books.now.isoformat()

    def wait_until(self, month: int, day: int) -> None:
        """Go to a day, never back, and not where no holidays are announced yet."""
        if month // 12 > LAST_YEAR:
            return
        self.books.now = self.books.now.replace(
            year=month // 12, month=month % 12 + 1, day=day, hour=9, minute=0
        )
        self.world.clock.now = self.books.now.astimezone(UTC)

    def wait_days(self, days: int) -> None:
        """Let days pass."""
        self.world.clock.advance(days=days)
        self.books.now = self.world.clock.now.astimezone(CHINA)

    def key(self) -> str:
        """Make a message id."""
        self.count += 1
        return f"road-{self.count:06d}"

    async def ask(
        self,
        sender: Client,
        path: str,
        body: object,
        expected: Callable[[], T],
        *,
        status: int = 201,
    ) -> tuple[T | None, dict[str, Any]]:
        """Let the model say what is to happen; see that it does."""
        made, no = self.told(expected)
        key = self.key()
        answer = await self.send(sender, path, body, key)
        where = f"{path}: {answer.status_code} {answer.text[:300]}, the model says {no or status}"
        if no is not None:
            assert 400 <= answer.status_code < 500, where
            assert answer.json()["code"].startswith(no), where
        else:
            assert answer.status_code == status, where
            if body is not REMOVED:
                self.said.append(Said(sender, path, body, answer, key, made))
        return made, answer.json()

    def told(self, expected: Callable[[], T]) -> tuple[T | None, str | None]:
        """Ask the model: what it makes, or the code of its refusal."""
        try:
            return expected(), None
        except No as no:
            return None, no.code

    async def send(self, sender: Client, path: str, body: object, key: str) -> httpx.Response:
        """Send a message under an id."""
        if isinstance(body, bytes):
            return await sender.post(
                path, content=body, key=key, headers={"Content-Type": "text/csv"}
            )
        if body is REMOVED:
            return await sender.delete(path, key=key)
        return await sender.post(path, body, key=key)

    async def again(self, n: int) -> None:
        """Say something again: the same bytes, and another text under the same id is refused."""
        standing = [it for it in self.said if it.key not in self.undone]
        if not standing:
            return
        it = standing[n % len(standing)]
        first, second = await asyncio.gather(
            self.send(it.sender, it.path, it.body, it.key),
            self.send(it.sender, it.path, it.body, it.key),
        )
        for answer in (first, second):
            assert answer.status_code == it.answer.status_code, answer.text
            assert answer.content == it.answer.content
            assert answer.headers["Idempotency-Replayed"] == "true"
        changed = it.body + b"," if isinstance(it.body, bytes) else {"other": n}
        other = await self.send(it.sender, it.path, changed, it.key)
        assert other.json()["code"] in {"message-id-reused", "malformed"}, other.text

    async def reverse(self, key: str) -> dict[str, Any]:
        """Ask for a message of the hospital to be undone."""
        answer = await self.hospital.post("/v1/reversals", {"message": key}, key=self.key())
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    async def read(self, path: str, **asked: Any) -> dict[str, Any]:
        """Read as the operator."""
        answer = await self.world.operator.get(path, **asked)
        assert answer.status_code == 200, answer.text
        return dict(answer.json())

    def month(self) -> int:
        """Return the month it is."""
        return month_of(self.books.today)


def pick(things: Sequence[T], n: int) -> T | None:
    """Choose one; the latest for nought."""
    return things[-1 - n % len(things)] if things else None
