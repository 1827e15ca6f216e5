"""How long a clearing takes over 10^4, 10^5 and 10^6 settlements, and how that time grows."""

from __future__ import annotations

import asyncio
import itertools
import json
import math
import secrets
import shutil
import statistics
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from datetime import datetime
from pathlib import Path
from typing import TypeVar

from pydantic import BaseModel, SecretStr
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from app.clearing import service as clearings
from app.clearing.model import Clearing, Run
from app.clearing.service import confirming, issuing
from app.kernel.parties import PartyKind
from app.kernel.regions import Scheme
from app.main import create_app
from app.parties import service as parties
from app.parties.files import seeded_regions
from app.runtime import migrate
from app.runtime.auth import Caller
from app.runtime.door import Door, Hub
from app.runtime.embedded import EmbeddedPostgres
from app.runtime.settings import Settings
from app.runtime.work import Work

T = TypeVar("T")
SIZES = (10_000, 100_000, 1_000_000)
# Seconds a clearing of so many settlements may take, a figure of our own.
BUDGETS = {10_000: 1.0, 100_000: 2.0, 1_000_000: 10.0}
ROUNDS = 3
SETTLEMENTS = Path(__file__).with_suffix(".sql").read_text("utf-8")
GENERATED = datetime.fromisoformat("2025-10-21T09:00:00+08:00")
NOTICED = datetime.fromisoformat("2025-10-31T09:00:00+08:00")
PERIOD = Run(Scheme.CROSS_PROVINCE, "2025Q3")
OPERATOR = Caller(kind=PartyKind.OPERATOR, party="operator", region="000000", client="hub:bench")
_KEYS = itertools.count(1)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cleared:
    """Clearings of one size, generated again and again, and once confirmed and noticed."""

    settlements: int
    claims: int
    load_seconds: float
    median_seconds: float
    slowest_seconds: float
    settlements_per_second: int
    notices_seconds: float
    budget_seconds: float

    @property
    def kept(self) -> bool:
        """Say whether the median is within the budget."""
        return self.median_seconds <= self.budget_seconds


@dataclass(frozen=True, slots=True)
class Growth:
    """Between two sizes: how many times more settlements, how many times the time.

    The exponent is 1 where the time grows as the settlements do.
    """

    settlements: float
    seconds: float

    @property
    def exponent(self) -> float:
        """Return the power of the number of settlements with which the time grew."""
        return round(math.log(self.seconds) / math.log(self.settlements), 2)


class Done(BaseModel):
    """The answer of a use case whose answer nobody reads."""


class _Bench:
    """A hub on a database of its own, and the moment it believes it is."""

    def __init__(self, url: str) -> None:
        self.now = GENERATED
        settings = Settings(
            token_key=SecretStr(secrets.token_hex(32)),
            data_keys=SecretStr(secrets.token_hex(32)),
            index_key=SecretStr(secrets.token_hex(32)),
            log_level="ERROR",
        )
        self.hub: Hub = create_app(settings, url=url, clock=lambda: self.now).state.hub
        self.owner: AsyncEngine = create_async_engine(url, isolation_level="AUTOCOMMIT")

    async def close(self) -> None:
        """Let go of every connection."""
        await self.hub.engine.dispose()
        await self.owner.dispose()

    async def load(self, settlements: int) -> float:
        """Write a quarter's settlements; tell how many seconds that took."""
        await self.write(lambda work: parties.load_regions(work, seeded_regions()))
        begun = time.perf_counter()
        async with self.owner.connect() as connection:
            # Its visits do not exist, and nobody asks for them.
            await connection.exec_driver_sql("SET session_replication_role = replica")
            await connection.exec_driver_sql(SETTLEMENTS, (settlements,))
            await connection.exec_driver_sql("RESET session_replication_role")
            # What the server does by itself in the course of a quarter.
            await connection.exec_driver_sql("VACUUM ANALYZE settlement")
        return time.perf_counter() - begun

    async def clear(self) -> tuple[Clearing, float]:
        """Generate the quarter's clearing; tell how many seconds that took."""
        self.now = GENERATED
        return await self.write(lambda work: clearings.run(work, PERIOD))

    async def forget(self) -> None:
        """Undo a clearing, so that the same quarter can be cleared again."""
        async with self.owner.connect() as connection:
            await connection.exec_driver_sql(
                "TRUNCATE clearing, claim, cleared_month, settlement_month CASCADE"
            )

    async def notice(self, clearing: str) -> float:
        """Let silence confirm every claim, issue all notices; tell how many seconds that took."""
        self.now = NOTICED
        _, silence = await self.write(confirming.confirm_silent)
        _, notices = await self.write(lambda work: issuing.issue_notices(work, clearing))
        return silence + notices

    async def write(self, use_case: Callable[[Work], Awaitable[T]]) -> tuple[T, float]:
        """Do it through the door, as any message does, with its trail and its commit."""
        key = f"benchmark-{next(_KEYS)}"
        answers: list[T] = []

        async def heard(work: Work) -> None:
            answers.append(await use_case(work))

        door = Door(
            hub=self.hub,
            caller=OPERATOR,
            key=key,
            fingerprint=key.encode(),
            action="benchmark",
            request="benchmark",
        )
        begun = time.perf_counter()
        await door.write(heard, show=lambda _: Done())
        return answers[-1], time.perf_counter() - begun


async def measure(url: str, settlements: int, rounds: int) -> Cleared:
    """Load a quarter into an empty database and clear it so many times."""
    bench = _Bench(url)
    try:
        loading = await bench.load(settlements)
        taken: list[float] = []
        for _ in range(rounds):
            await bench.forget()
            clearing, seconds = await bench.clear()
            taken.append(seconds)
        noticing = await bench.notice(clearing.number)
    finally:
        await bench.close()
    assert clearing.totals.settlements == settlements, "every settlement is in the clearing"
    median = statistics.median(taken)
    return Cleared(
        settlements=settlements,
        claims=clearing.claims,
        load_seconds=round(loading, 3),
        median_seconds=round(median, 3),
        slowest_seconds=round(max(taken), 3),
        settlements_per_second=round(settlements / median),
        notices_seconds=round(noticing, 3),
        budget_seconds=BUDGETS.get(settlements, max(BUDGETS.values())),
    )


def growth(found: Sequence[Cleared]) -> list[Growth]:
    """Compare each size with the next."""
    return [
        Growth(after.settlements / before.settlements, after.median_seconds / before.median_seconds)
        for before, after in itertools.pairwise(found)
    ]


def measure_all(sizes: Sequence[int], rounds: int) -> list[Cleared]:
    """Measure every size, each on a migrated database of its own on one durable server."""
    with _server() as server:
        found = []
        for settlements in sizes:
            name = f"clearing_{settlements}"
            server.ensure_database(name)
            migrate.upgrade(server.url(name))
            found.append(asyncio.run(measure(server.url(name), settlements, rounds)))
        return found


@contextmanager
def _server() -> Iterator[EmbeddedPostgres]:
    folder = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    folder.chmod(0o711)  # as root, Postgres runs as another user and must walk through
    try:
        with EmbeddedPostgres(folder) as server:
            yield server
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def tell(sizes: Sequence[int], rounds: int, *, as_json: bool) -> None:
    """Measure every size and say how it stands."""
    found = measure_all(sizes, rounds)
    grown = growth(found)
    if as_json:
        told = {
            "sizes": [asdict(it) for it in found],
            "growth": [asdict(it) | {"exponent": it.exponent} for it in grown],
        }
        sys.stdout.write(json.dumps(told, indent=2) + "\n")
        return
    for it in found:
        sys.stdout.write(
            f"{it.settlements:>9,} settlements, {it.claims} claims: {it.median_seconds:7.3f} s "
            f"(slowest {it.slowest_seconds:.3f}), {it.settlements_per_second:,} a second, budget "
            f"{it.budget_seconds:.0f} s: {'kept' if it.kept else 'MISSED'}; silence and notices "
            f"{it.notices_seconds:.3f} s; loaded in {it.load_seconds:.1f} s\n"
        )
    for step in grown:
        sys.stdout.write(
            f"{step.settlements:.0f} times the settlements take {step.seconds:.2f} times as long: "
            f"exponent {step.exponent}\n"
        )
