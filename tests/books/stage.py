"""Where the machine plays: a prepared database, cloned for each example, and one hub."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass

import asyncpg
from sqlalchemy.engine import make_url

from tests.books.desk import BEIJING, CHINA, LIAONING, Desk
from tests.books.model.ledger import TREASURY, advance
from tests.books.model.money import Books
from tests.books.model.road import Worker
from tests.faults import books as promises
from tests.faults.knife import Knife
from tests.faults.wire import lead, leave
from tests.support.advance import funded
from tests.support.entitlement import KnownWorker, registered
from tests.support.institutions import JINAN
from tests.support.pg import address
from tests.support.visit import road
from tests.support.world import START, World, open_world

FLOAT = 100_00
INSURED = (BEIJING, BEIJING, LIAONING)


@dataclass(slots=True)
class Stage:
    """The hub, the database that is cloned, and who lives in it."""

    world: World
    maintenance: asyncpg.Connection
    prepared: str
    people: list[KnownWorker]
    database: str = ""

    async def begin(self) -> tuple[Desk, dict[Worker, KnownWorker]]:
        """Open an example on a database of its own; return it with its people."""
        self.database = f"{self.prepared}_{uuid.uuid4().hex[:6]}"
        await self.maintenance.execute(
            f'CREATE DATABASE "{self.database}" TEMPLATE "{self.prepared}"'
        )
        self.world.clock.now = START
        workers = [Worker(insured) for insured in INSURED]
        books = Books(JINAN, START.astimezone(CHINA), workers)
        books.ledger.post((TREASURY, advance(BEIJING), FLOAT))
        return Desk(self.world, books), dict(zip(workers, self.people, strict=True))

    async def end(self) -> None:
        """Drop the example's database."""
        await self.world.hub.engine.dispose()
        await self.world.owner.dispose()
        await self.maintenance.execute(f'DROP DATABASE "{self.database}" WITH (FORCE)')

    async def balances(self) -> dict[str, tuple[int, int]]:
        """Read every account that was ever moved."""
        async with self.world.tx() as tx:
            rows = await tx.exec_driver_sql(
                "SELECT name, balance_fen, version FROM account WHERE version > 0"
            )
            return {row.name: (row.balance_fen, row.version) for row in rows}

    async def rows(self, statement: str) -> list[tuple[object, ...]]:
        """Look at what was kept."""
        async with self.world.tx() as tx:
            return [tuple(row) for row in await tx.exec_driver_sql(statement)]

    async def hold_to_promises(self) -> None:
        """Hold the hub to its promises and laws."""
        assert await promises.broken(self.world) == []
        assert await promises.laws_broken(self.world) == []


@asynccontextmanager
async def staged(server: str, database_url: str) -> AsyncIterator[Stage]:
    """Prepare a database with lists, people and an advance, and a hub that goes to its clones."""
    async with open_world(database_url) as world:
        await road(world)
        people = [await registered(world, insured) for insured in INSURED]
        await funded(world, BEIJING, "370000", f"{FLOAT // 100}.00")
    prepared = str(make_url(database_url).database)
    alias = f"{prepared}_stage"
    plain = make_url(address(server, "postgres")).set(drivername="postgresql")
    maintenance = await asyncpg.connect(plain.render_as_string(hide_password=False))

    async def nobody(_: int) -> None:
        """End no backend: nothing is cut here."""

    try:
        async with open_world(address(database_url, alias)) as world:
            stage = Stage(world, maintenance, prepared, people)
            lead(alias, Knife(nobody), lambda: stage.database)
            yield stage
    finally:
        leave(alias)
        await maintenance.close()
