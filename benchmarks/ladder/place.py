"""A durable Postgres of its own for as long as a measurement takes, and who may write there."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import signal
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from app.kernel.parties import PartyKind
from app.runtime.auth import Caller, Signer
from app.runtime.embedded import EmbeddedPostgres, binaries

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
TOKEN_KEY, DATA_KEY, INDEX_KEY = (secrets.token_hex(32) for _ in range(3))
TOKEN_MINUTES = 24 * 60  # a whole ladder's
SHOWN = (
    "server_version",
    "fsync",
    "synchronous_commit",
    "full_page_writes",
    "wal_sync_method",
    "shared_buffers",
    "max_wal_size",
)
REGION = slice(1, 7)  # of an institution's code


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where something is measured: a database, its server and the programs that came with it."""

    server: EmbeddedPostgres
    programs: Path
    keeper: ThreadPoolExecutor
    database: str = "hub"

    @property
    def url(self) -> str:
        """The address for a hub."""
        return self.server.url(self.database)

    @asynccontextmanager
    async def owner(self) -> AsyncIterator[asyncpg.Connection]:
        """Lend a connection as the owner."""
        connection = await self.connect()
        try:
            yield connection
        finally:
            await connection.close()

    async def connect(self) -> asyncpg.Connection:
        """Open a connection as the owner."""
        return await asyncpg.connect(**self._address())

    def _address(self) -> dict[str, str | int]:
        url = make_url(self.url)
        return {
            "host": str(url.query["host"]),
            "port": int(str(url.query["port"])),
            "user": str(url.username),
            "database": str(url.database),
        }

    def environment(self) -> dict[str, str]:
        """Return what the Postgres programs need to get there."""
        to = self._address()
        given = {
            "PGHOST": to["host"],
            "PGPORT": to["port"],
            "PGUSER": to["user"],
            "PGDATABASE": to["database"],
        }
        return {**os.environ, **{name: str(each) for name, each in given.items()}}

    async def learn(self) -> None:
        """Have Postgres know its tables and its log, as it does by itself within minutes of work.

        Until then its plans are those of empty tables, and grow dearer with every row; and each
        segment of its log is a new file, which all who commit wait for. From its first checkpoint
        on it takes old ones again.
        """
        async with self.owner() as connection:
            await connection.execute("ANALYZE")
            await connection.execute("CHECKPOINT")

    async def facts(self) -> Mapping[str, str]:
        """Return the settings of the server that durability and speed hang on."""
        async with self.owner() as connection:
            return {name: str(await connection.fetchval(f"SHOW {name}")) for name in SHOWN}

    async def copied(self, database: str) -> Place:
        """Copy this database as it stands; nobody may be connected to it."""
        other = replace(self, database="postgres")
        async with other.owner() as connection:
            # A copy of files: what is written through the log would have to be replayed.
            said = f"CREATE DATABASE {database} TEMPLATE {self.database} STRATEGY file_copy"
            await connection.execute(said)
        return replace(self, database=database)

    @property
    def postmaster(self) -> int:
        """The process all others of this Postgres come from."""
        note = self.server.home / "postgres" / "data" / "postmaster.pid"
        return int(note.read_text().splitlines()[0])

    async def kill(self) -> None:
        """Kill Postgres (kill -9), and start it again: it recovers from its log alone."""

        def again() -> None:
            self.server.stop()  # its process is gone: this frees the home
            self.server.start()

        os.kill(self.postmaster, signal.SIGKILL)
        await asyncio.get_running_loop().run_in_executor(self.keeper, again)


@contextmanager
def open_place() -> Iterator[Place]:
    """Start a Postgres that keeps its promises, in a folder that goes with it.

    One thread starts and stops it, since it ends with the thread that started it.
    """
    with temporary_home() as home, ThreadPoolExecutor(1) as keeper:
        server = EmbeddedPostgres(home)
        try:
            keeper.submit(server.start).result()
            yield Place(server=server, programs=binaries.find(None).folder, keeper=keeper)
        finally:
            keeper.submit(server.stop).result()


@contextmanager
def temporary_home() -> Iterator[Path]:
    """Make a folder that goes with what is measured in it."""
    folder = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    folder.chmod(0o711)  # as root, Postgres runs as another user and must walk through
    try:
        yield folder
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@cache
def gate(party: str, kind: PartyKind = PartyKind.INSTITUTION) -> bytes:
    """Write the header that lets a party in, with a token as the hub would have signed it."""
    region = {PartyKind.INSTITUTION: party[REGION], PartyKind.AGENCY: party}.get(kind, "000000")
    caller = Caller(kind=kind, party=party, region=region, client=f"{party}-1")
    token = Signer.of(TOKEN_KEY, minutes=TOKEN_MINUTES).issue(caller, datetime.now(UTC))
    return f"Authorization: Bearer {token}\r\n".encode()


def hub(place: Place, *words: str) -> None:
    """Run a command of the hub on the database."""
    command = [sys.executable, "-m", "app", *words]
    subprocess.run(  # noqa: S603 -- our own
        command, cwd=ROOT, env=hub_environment(place.url), check=True, stdout=sys.stderr
    )


def hub_environment(url: str) -> dict[str, str]:
    """Return what a hub on a given database is started with."""
    return {
        **os.environ,
        "DATABASE_URL": url,
        "HUB_TOKEN_KEY": TOKEN_KEY,
        "HUB_DATA_KEYS": DATA_KEY,
        "HUB_INDEX_KEY": INDEX_KEY,
        "HUB_MODE": "production",
        "HUB_LOG_LEVEL": "ERROR",
    }
