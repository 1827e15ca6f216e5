"""Whether this hub can serve: database reached, at its schema, writable; room left for files."""

from __future__ import annotations

import asyncio
import shutil
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field
from functools import cache
from typing import Generic, TypeVar

import sqlalchemy as sa

from app.kernel.refusal import Refusal
from app.runtime import migrate
from app.runtime.door import Hub, lend
from app.runtime.settings import Settings

T = TypeVar("T")
DISK_FREE_BYTES_MIN = 256 * 1024 * 1024
DATABASE_SECONDS_MAX = 2.0
_DATABASE = sa.text("SELECT version_num, NOT pg_is_in_recovery() AS writable FROM alembic_version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must hold, and how it was found."""

    name: str
    passed: bool
    found: str


@dataclass(slots=True)
class LastLook(Generic[T]):
    """What was found a moment ago: who may ask without a token must not cost a connection a call.

    Of many who ask at once one looks, and the others are told what it found.
    """

    seconds: float = 1.0
    clock: Callable[[], float] = time.monotonic
    _found: tuple[float, T] | None = None
    _looking: asyncio.Lock = field(default_factory=asyncio.Lock)

    async def of(self, look: Callable[[], Awaitable[T]]) -> T:
        """Look, unless somebody just did."""
        async with self._looking:
            if self._found is None or self.clock() - self._found[0] >= self.seconds:
                self._found = self.clock(), await look()
            return self._found[1]


@dataclass(frozen=True, slots=True)
class Readiness:
    """What the hub cannot serve without, and what is told beside it where that is there."""

    needed: Sequence[Check]
    watched: Sequence[Check] = ()


async def checks(hub: Hub, settings: Settings) -> list[Check]:
    """Look at everything the hub cannot serve without."""
    return [*await _database(hub), _disk(settings)]


async def _database(hub: Hub) -> list[Check]:
    try:
        async with asyncio.timeout(DATABASE_SECONDS_MAX), lend(hub) as rx:
            row = (await rx.execute(_DATABASE)).one()
    except (Refusal, TimeoutError):
        return [Check(name="database", passed=False, found="unreachable")]
    except sa.exc.DBAPIError:
        return [Check(name="migrated", passed=False, found="no schema")]
    return [
        Check(name="database", passed=True, found="reachable"),
        Check(name="writable", passed=row.writable, found="yes" if row.writable else "standby"),
        Check(name="migrated", passed=row.version_num == _newest(), found=row.version_num),
    ]


def _disk(settings: Settings) -> Check:
    home = settings.home if settings.home.exists() else settings.home.absolute().parent
    free = shutil.disk_usage(home if home.exists() else "/").free
    enough = free >= DISK_FREE_BYTES_MIN
    return Check(name="disk", passed=enough, found=f"{free // 2**20} MiB free")


@cache
def _newest() -> str:
    return migrate.newest()
