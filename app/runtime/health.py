"""Whether this hub can serve: database reached, at its schema, writable; room left for files."""

from __future__ import annotations

import asyncio
import shutil
from dataclasses import dataclass
from functools import cache

import sqlalchemy as sa

from app.kernel.refusal import Refusal
from app.runtime import migrate
from app.runtime.door import Hub, lend
from app.runtime.settings import Settings

DISK_FREE_BYTES_MIN = 256 * 1024 * 1024
DATABASE_SECONDS_MAX = 2.0
_DATABASE = sa.text("SELECT version_num, NOT pg_is_in_recovery() AS writable FROM alembic_version")


@dataclass(frozen=True, slots=True, kw_only=True)
class Check:
    """One thing that must hold, and how it was found."""

    name: str
    passed: bool
    found: str


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
        Check(name="migrated", passed=(row.version_num,) == _heads(), found=row.version_num),
    ]


def _disk(settings: Settings) -> Check:
    home = settings.home if settings.home.exists() else settings.home.absolute().parent
    free = shutil.disk_usage(home if home.exists() else "/").free
    enough = free >= DISK_FREE_BYTES_MIN
    return Check(name="disk", passed=enough, found=f"{free // 2**20} MiB free")


@cache
def _heads() -> tuple[str, ...]:
    return migrate.heads()
