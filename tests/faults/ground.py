"""Where walks are made: a prepared database, cloned for each, and a hub whose wire can be cut."""

from __future__ import annotations

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterable, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field

import asyncpg
import httpx
from sqlalchemy.engine import make_url

from tests.faults import books
from tests.faults.knife import Boundary, Fault, Knife
from tests.faults.scenario import STEPS, Step, Walk
from tests.faults.sender import Message, ask, send_once, send_until_definite
from tests.faults.wire import lead, leave
from tests.support.entitlement import KnownWorker, registered
from tests.support.pg import address
from tests.support.visit import road
from tests.support.world import START, World, open_world

Cuts = Mapping[int, Fault]
TRAIL = "audit_trail"


@dataclass(slots=True)
class Ground:
    """The hub, its knife, and what an undisturbed walk looks like."""

    world: World
    knife: Knife
    maintenance: asyncpg.Connection
    prepared: str
    database: str
    worker: KnownWorker
    query: str = ""
    boundaries: dict[str, list[Boundary]] = field(default_factory=dict)
    undisturbed: dict[str, dict[str, str]] = field(default_factory=dict)

    @asynccontextmanager
    async def walking(self) -> AsyncIterator[Walk]:
        """Begin a walk on a database of its own."""
        self.database = f"{self.prepared}_{uuid.uuid4().hex[:6]}"
        await self.maintenance.execute(
            f'CREATE DATABASE "{self.database}" TEMPLATE "{self.prepared}"'
        )
        self.world.clock.now = START
        try:
            yield Walk(self.world, self.worker)
        finally:
            await self.forget()
            await self.maintenance.execute(f'DROP DATABASE "{self.database}" WITH (FORCE)')
            self.database = self.prepared

    async def forget(self) -> None:
        """Let every connection go, so that a request meets the same wire each time."""
        await self.world.hub.engine.dispose()
        await self.world.owner.dispose()

    async def learn(self, *, fine: bool = False) -> None:
        """Walk undisturbed: what crosses the wire, and what every table is afterwards."""
        self.knife.fine = fine
        async with self.walking() as walk:
            async with self.world.tx() as tx:
                self.query = await books.totals_query(tx)
            for step in STEPS:
                message = await step.message(walk)
                await self._chilled()
                with self.knife.cutting({}):
                    answer = await send_once(message)
                assert answer is not None
                assert answer.status_code == message.status, (step.name, answer.text)
                self.boundaries[step.name] = list(self.knife.crossed)
                walk.said[step.name] = answer.json()
                self.undisturbed[step.name] = await books.totals(self.world, self.query)
            await self.hold_to_everything()

    def taught_by(self, other: Ground) -> None:
        """Know what another learnt on the same database."""
        self.knife.fine, self.query = other.knife.fine, other.query
        self.boundaries, self.undisturbed = other.boundaries, other.undisturbed

    async def walk(self, cuts: Mapping[str, Cuts]) -> None:
        """Walk to the last step that is cut, and hold the hub to its promises on the way."""
        wanted = max((n for n, step in enumerate(STEPS) if cuts.get(step.name)), default=-1)
        async with self.walking() as walk:
            for step in STEPS[: wanted + 1]:
                try:
                    await self._step(walk, step, cuts.get(step.name, {}))
                except AssertionError as failure:
                    failure.add_note(f"{step.name}: {'; '.join(self.knife.made)}")
                    raise
            await self.hold_to_everything()

    async def hold_to_everything(self) -> None:
        """Hold what was kept to every promise and every law."""
        assert await books.broken(self.world) == []
        assert await books.laws_broken(self.world) == []

    async def _step(self, walk: Walk, step: Step, cuts: Cuts) -> None:
        message = await step.message(walk)
        if not cuts:
            answer = await send_once(message)
            assert answer is not None
        else:
            await self._chilled()
            with self.knife.cutting(cuts):
                answer = await send_until_definite(message)
            await self._settled_for_good(message, answer)
            kept, expected = await self._figures(step)
            if message.look:
                looked, once = int(kept.pop(TRAIL, 0)), int(expected.pop(TRAIL, 0))
                assert looked >= once, "told without a trace"
            assert kept == expected
        assert answer.status_code == message.status, answer.text
        walk.said[step.name] = answer.json()

    async def _settled_for_good(self, message: Message, answer: httpx.Response) -> None:
        """Hold nothing back, and say the same again."""
        again = await send_once(message)
        assert again is not None
        assert again.status_code == answer.status_code, again.text
        if answer.is_success:
            assert again.content == answer.content
            assert ("Idempotency-Replayed" in again.headers) is not message.look
        if not message.look:
            assert await ask(message) == ("applied" if answer.is_success else "refused")
        await books.still(self.world)

    async def _figures(self, step: Step) -> tuple[dict[str, str], dict[str, str]]:
        """Return where every table's figures differ from an undisturbed walk's: kept, expected."""
        kept, expected = await books.totals(self.world, self.query), self.undisturbed[step.name]
        differing = {it for it in kept | expected if kept.get(it) != expected.get(it)}
        return (
            {it: kept.get(it, "") for it in differing},
            {it: expected.get(it, "") for it in differing},
        )

    async def _chilled(self) -> None:
        """Where preparing counts, begin on a connection on which nothing is prepared."""
        if self.knife.fine:
            await self.world.hub.engine.dispose()


async def end_backend(maintenance: asyncpg.Connection, pid: int) -> None:
    """End a backend and see it gone; Postgres itself would look only ten times a second."""
    await maintenance.execute("SELECT pg_terminate_backend($1)", pid)
    for _ in range(books.PATIENCE):
        if not await maintenance.fetchval("SELECT 1 FROM pg_stat_activity WHERE pid = $1", pid):
            return
        await asyncio.sleep(0.002)
    raise AssertionError("a backend would not end")


@asynccontextmanager
async def laid_out(server: str, database_url: str) -> AsyncIterator[Ground]:
    """Prepare a database to be cloned, and a hub that goes where it is told."""
    async with open_world(database_url) as world:
        await road(world)
        worker = await registered(world)
    async with ground_on(server, database_url, worker) as ground:
        yield ground


@asynccontextmanager
async def several_laid_out(
    server: str, database_url: str, count: int
) -> AsyncIterator[Sequence[Ground]]:
    """Prepare one database, and several hubs that walk on clones of it at the same time."""
    async with AsyncExitStack() as stack:
        first = await stack.enter_async_context(laid_out(server, database_url))
        others = [
            await stack.enter_async_context(ground_on(server, database_url, first.worker, n))
            for n in range(1, count)
        ]
        yield [first, *others]


@asynccontextmanager
async def ground_on(
    server: str, database_url: str, worker: KnownWorker, number: int = 0
) -> AsyncIterator[Ground]:
    """Open a hub on a prepared database, under a name of its own that leads where it is told."""
    prepared = str(make_url(database_url).database)
    alias = f"{prepared}_{number}" if number else prepared
    plain = make_url(address(server, "postgres")).set(drivername="postgresql")
    maintenance = await asyncpg.connect(plain.render_as_string(hide_password=False))
    knife = Knife(lambda pid: end_backend(maintenance, pid))
    limits = {"lock_wait_ms": 2_000, "running_wait_ms": 200}
    try:
        async with open_world(address(database_url, alias), **limits) as world:
            world.http.event_hooks["request"].append(knife.sent)
            ground = Ground(world, knife, maintenance, prepared, prepared, worker)
            lead(alias, knife, lambda: ground.database)
            yield ground
    finally:
        leave(alias)
        await maintenance.close()


async def walk_all(
    grounds: Sequence[Ground], walks: Iterable[tuple[str, Mapping[str, Cuts]]]
) -> None:
    """Make walks, as many at a time as there are grounds; the first that fails ends them all."""
    waiting = iter(walks)

    async def make(ground: Ground) -> None:
        for name, cuts in waiting:
            try:
                await ground.walk(cuts)
            except AssertionError as failure:
                failure.add_note(name)
                raise

    making = [asyncio.create_task(make(ground)) for ground in grounds]
    try:
        await asyncio.gather(*making)
    finally:
        for task in making:
            task.cancel()
        await asyncio.gather(*making, return_exceptions=True)
