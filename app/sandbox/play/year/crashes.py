"""Two crashes: a hub process killed among settlements, a database backend killed in a clearing.

Each is killed while its transaction is open, which a lock held from outside makes sure of. After
that every message is sent again by its id.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections import defaultdict
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import asyncpg
from sqlalchemy.engine import make_url

from app.kernel.calendar import business_day
from app.sandbox.casting import OPERATOR
from app.sandbox.play.deeds import Stage
from app.sandbox.play.expected import Pair
from app.sandbox.play.timetable import Stay
from app.sandbox.play.year.desk import Errand, Errands, Told
from app.sandbox.play.year.report import Crash
from app.sandbox.sender import Kept

T = TypeVar("T")
ROOT = Path(__file__).parents[4]
DESK = "from app.sandbox.play.year.desk import main; main()"
LOOK_SECONDS, LOOKS_MAX = 0.05, 200
# Whoever waits for what this connection holds. What activity shows is fixed for a transaction;
# what locks show is not.
_WAITING = """
    SELECT pid FROM pg_locks WHERE NOT granted AND pg_backend_pid() = ANY (pg_blocking_pids(pid))
"""
_HOLD_PAIR = """
    SELECT 1 FROM account WHERE kind = 'uncleared' AND insured_place = $1
                            AND treatment_place = $2 FOR UPDATE
"""
_HOLD_CLAIMS = "LOCK TABLE claim IN EXCLUSIVE MODE"


class CrashError(RuntimeError):
    """Nothing came to wait where it should be killed."""


@dataclass(frozen=True, slots=True)
class Crashes:
    """Who kills in a play."""

    stage: Stage

    @property
    def url(self) -> str:
        """Return the address of the database the hub works on."""
        return self.stage.sender.hub.engine.url.render_as_string(hide_password=False)

    async def among_settlements(self, stays: Sequence[Stay]) -> Crash:
        """Kill the process that settles them in the midst, start another, send all again."""
        queues: defaultdict[Pair, list[Stay]] = defaultdict(list)
        for it in stays:
            queues[it.pair].append(it)
        held = next(pair for pair in queues if self.stage.books.used(pair).fen)
        free = sum(len(its) for pair, its in queues.items() if pair != held)
        errands = self._errands(queues.values())
        async with self._holding(_HOLD_PAIR, *held) as owner:
            killed = await _start(errands)
            assert killed.stdout is not None, "asked for"
            for _ in range(free):
                await killed.stdout.readline()
            await _waiting(owner)
            killed.kill()
            await killed.wait()
        again = await _start(errands)
        said, _ = await again.communicate()
        told = [Told.model_validate_json(line) for line in said.splitlines()]
        by_number = {it.number: it for it in stays}
        for each in told:
            self.stage.note_settled(by_number[each.number], each.kept)
        self.stage.messages += len(stays)
        return Crash(
            what="hub process killed among settlements",
            day=str(business_day(self.stage.clock())),
            sent_again=len(told),
            found_done=sum(it.replayed for it in told),
            done_now=sum(not it.replayed for it in told),
        )

    async def in_a_clearing(self, run: Callable[[], Awaitable[T]]) -> tuple[T, Crash]:
        """Kill the backend that makes the claims, and let the same message be sent again."""
        async with self._holding(_HOLD_CLAIMS) as owner:
            running = asyncio.ensure_future(run())
            backend = await _waiting(owner)
            ended = await owner.fetchval("SELECT pg_terminate_backend($1)", backend)
            assert ended, "it waits, so it is there"
        made = await running
        return made, Crash(
            what="database backend killed in a clearing run",
            day=str(business_day(self.stage.clock())),
            done_now=1,
        )

    async def ask_again(self, step: str, crash: Crash) -> str:
        """Send a message of the operator's again by its id: it is found done, and not done anew."""
        sent = await self.stage.sender.send(
            step, OPERATOR, self.stage.clock(), _never, lambda _: Kept(number=step)
        )
        crash.sent_again += 1
        crash.found_done += sent.replayed
        return sent.kept.number

    def _errands(self, queues: Iterable[list[Stay]]) -> Errands:
        stage = self.stage
        return Errands(
            url=self.url,
            plan=stage.sender.plan,
            moment=stage.clock(),
            queues=[
                [
                    Errand(
                        number=it.number,
                        step=f"{it.number}-settle",
                        institution=it.visit.institution,
                        visit=stage.visits[it.number],
                        total_fen=it.total.fen,
                        lines=len(it.visit.lines),
                    )
                    for it in its
                ]
                for its in queues
            ],
        )

    @asynccontextmanager
    async def _holding(self, lock: str, *values: str) -> AsyncIterator[asyncpg.Connection]:
        """Hold rows as somebody outside the hub until what waits for them has been killed."""
        connection = await asyncpg.connect(
            make_url(self.url).set(drivername="postgresql").render_as_string(hide_password=False)
        )
        try:
            # It writes nothing and is no part of the hub: closing it lets everything go.
            await connection.execute("BEGIN; SET LOCAL lock_timeout = '10s'")
            await connection.execute(lock, *values)
            yield connection
        finally:
            await connection.close()


async def _never(_: object) -> None:
    message = "a message that was done is never done again"
    raise AssertionError(message)


async def _start(errands: Errands) -> asyncio.subprocess.Process:
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        DESK,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
        env=os.environ | {"PYTHONPATH": str(ROOT)},
    )
    assert process.stdin is not None, "asked for"
    process.stdin.write(errands.model_dump_json().encode())
    process.stdin.write_eof()
    return process


async def _waiting(owner: asyncpg.Connection) -> int:
    """Wait until somebody waits for what is held, and say which backend."""
    for _ in range(LOOKS_MAX):
        pid = await owner.fetchval(_WAITING)
        if pid is not None:
            return int(pid)
        await asyncio.sleep(LOOK_SECONDS)
    raise CrashError
