"""Cuts the wire between the hub and Postgres: by number, before or after what crosses it.

Nothing of the hub is replaced: the knife lies beneath SQLAlchemy, so that what speaks to the driver
itself meets it as well. Every round trip of the driver passes here, is counted, and may be
made to fail as Postgres, the network or the sender would make it fail.
"""

from __future__ import annotations

import asyncio
import enum
import os
import re
import signal
from collections.abc import Awaitable, Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

import asyncpg

# All of the driver's protocol that waits for Postgres: fetch, execute and cursors end up here.
CROSSING = frozenset(
    {"prepare", "bind_execute", "bind_execute_many", "bind", "execute", "query"}
    | {"copy_in", "copy_out"}
)
VERBS = {"prepare": "prepare", "query": "run"}


class Fault(enum.StrEnum):
    """What can happen to one round trip."""

    DROPPED = "connection dropped before"
    ANSWER_LOST = "connection dropped after, answer lost"
    BACKEND_KILLED = "backend ended by the administrator before"
    TIMEOUT = "statement timeout (57014)"
    SERIALIZATION = "serialization failure (40001)"
    DEADLOCK = "deadlock (40P01)"
    HUNG_UP = "sender gone before"
    HUNG_UP_IN_FLIGHT = "sender gone while it runs"
    HUNG_UP_AFTER = "sender gone after"


REPORTED = {Fault.TIMEOUT: "57014", Fault.SERIALIZATION: "40001", Fault.DEADLOCK: "40P01"}


@dataclass(frozen=True, slots=True)
class Boundary:
    """One round trip, as a list of what was cut names it."""

    verb: str
    words: str

    @property
    def preparing(self) -> bool:
        """Whether the driver only gets ready: it prepares a statement or learns of a type."""
        return self.verb == "prepare" or "pg_catalog" in self.words

    def __str__(self) -> str:
        """Write it on one line."""
        return f"{self.verb} {self.words}".rstrip()


@dataclass(slots=True)
class Knife:
    """Counts what crosses the wire while it is drawn, and cuts where it is told."""

    end_backend: Callable[[int], Awaitable[None]]
    drawn: bool = False
    fine: bool = False  # whether preparing a statement counts as a round trip of its own
    cuts: Mapping[int, Fault] = field(default_factory=dict)
    crossed: list[Boundary] = field(default_factory=list)
    made: list[str] = field(default_factory=list)  # what was really cut, for who reads a failure
    kill_at: tuple[int, bool] | None = None  # number and whether after: the process ends itself
    sender: asyncio.Task[Any] | None = None  # whose request is under way

    async def sent(self, _: object) -> None:
        """Note whose request is under way: who carries it out may be a task that serves many."""
        self.sender = asyncio.current_task()

    async def hang_up(self) -> None:
        """Let the sender go away, here and now where the sender's own task is what runs."""
        task = self.sender or asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(0)

    @property
    def dying(self) -> tuple[int, bool] | None:
        """Say at which round trip this process ends itself, if at all."""
        return self.kill_at if self.drawn else None

    @contextmanager
    def cutting(self, cuts: Mapping[int, Fault]) -> Iterator[None]:
        """Count from nought, and cut at these numbers."""
        self.drawn, self.cuts = True, cuts
        self.crossed, self.made = [], []
        try:
            yield
        finally:
            self.drawn = False

    def next_cut(self, boundary: Boundary) -> Fault | None:
        """Count a round trip; tell what is to happen to it."""
        if not self.drawn or (boundary.preparing and not self.fine):
            return None
        number = len(self.crossed)
        self.crossed.append(boundary)
        fault = self.cuts.get(number)
        if fault in REPORTED and boundary.words.startswith("ROLLBACK"):
            fault = Fault.DROPPED  # Postgres has nothing to report there
        if fault is not None:
            self.made.append(f"{number} {boundary}: {fault.value}")
        return fault


class CutProtocol:
    """Stands before the driver's protocol and lets through what is not cut."""

    def __init__(self, inner: Any, transport: Any, knife: Knife) -> None:  # asyncpg is untyped
        self._inner = inner
        self._transport = transport
        self._knife = knife

    def __getattr__(self, name: str) -> Any:
        """Hand on everything; what crosses the wire is met on the way."""
        found = getattr(self._inner, name)
        if name not in CROSSING:
            return found

        async def crossing(*args: Any, **named: Any) -> Any:
            boundary = Boundary(VERBS.get(name, "run"), words_of(name, args, named))
            return await self._meet(boundary, lambda: found(*args, **named))

        return crossing

    async def _meet(self, boundary: Boundary, cross: Callable[[], Awaitable[Any]]) -> Any:
        number = len(self._knife.crossed)
        fault = self._knife.next_cut(boundary)
        counted = not boundary.preparing or self._knife.fine
        dying = self._knife.dying if counted else None
        if dying == (number, False):
            die()
        await self._before(fault, boundary.words)
        result = await cross()
        if dying == (number, True):
            die()
        if fault is Fault.ANSWER_LOST:
            await self._hang_up_on()
        if fault is Fault.HUNG_UP_AFTER:
            await self._knife.hang_up()
        return result

    async def _before(self, fault: Fault | None, words: str) -> None:
        if fault is Fault.DROPPED:
            await self._hang_up_on()
        elif fault is Fault.BACKEND_KILLED:
            await self._knife.end_backend(self._inner.get_server_pid())
        elif fault in REPORTED:
            await self._report(REPORTED[fault], ends=words.startswith("COMMIT"))
        elif fault is Fault.HUNG_UP:
            await self._knife.hang_up()
        elif fault is Fault.HUNG_UP_IN_FLIGHT:
            task = self._knife.sender or asyncio.current_task()
            assert task is not None
            task.cancel()

    async def _report(self, state: str, *, ends: bool) -> None:
        """Let Postgres itself report it, so that the transaction is as broken as in life.

        A commit that fails ends its transaction.
        """
        try:
            raising = f"RAISE EXCEPTION 'cut' USING ERRCODE = '{state}'"
            await self._inner.query(f"DO $$ BEGIN {raising}; END $$", 10)
        finally:
            if ends:
                await self._inner.query("ROLLBACK", 10)

    async def _hang_up_on(self) -> None:
        self._transport.abort()
        await asyncio.sleep(0)
        raise asyncpg.ConnectionDoesNotExistError(
            "connection was closed in the middle of operation"
        )


def die() -> None:
    """End this process as `kill -9` does."""
    os.kill(os.getpid(), signal.SIGKILL)


def words_of(name: str, args: tuple[Any, ...], named: Mapping[str, Any]) -> str:
    """Name a statement by its beginning and the tables it is about."""
    if name == "prepare":
        text = args[1]
    else:
        text = args[0] if args else named.get("state", named.get("query", name))
        text = getattr(text, "query", text)
    flat = re.sub(r"\s+", " ", str(text)).strip()
    if "pg_catalog" in flat or "set_config('jit'" in flat:
        return "the driver's look at a type in pg_catalog"
    functions = r"\b((?:hub|ledger|settle|preview|desk|identify|lines)_\w+)\("
    about = re.findall(rf"(?:FROM|INTO|UPDATE|JOIN) ([a-z_]+)|{functions}", flat)
    subjects = dict.fromkeys(a or b for a, b in about)
    return f"{flat.split(' ', 1)[0].rstrip(';')} {' '.join(subjects)}".strip()[:80]
