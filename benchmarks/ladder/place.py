"""A durable Postgres of its own and a hub before it, for as long as a measurement takes."""

from __future__ import annotations

import asyncio
import os
import secrets
import shutil
import socket
import subprocess
import sys
import tempfile
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

import asyncpg
from sqlalchemy.engine import make_url

from app.kernel.parties import PartyKind
from app.runtime.auth import Caller, Signer
from app.runtime.embedded import EmbeddedPostgres, binaries

FOLDER = Path(__file__).parent
ROOT = FOLDER.parents[1]
TOKEN_KEY, DATA_KEY, INDEX_KEY = (secrets.token_hex(32) for _ in range(3))
READY_SECONDS_MAX = 60
SHOWN = ("server_version", "fsync", "synchronous_commit", "full_page_writes", "shared_buffers")
REGION = slice(1, 7)  # of an institution's code


@dataclass(frozen=True, slots=True, kw_only=True)
class Place:
    """Where everything is measured: the server's address and the programs that came with it."""

    url: str
    programs: Path

    async def connect(self) -> asyncpg.Connection:
        """Open a connection as the owner."""
        return await asyncpg.connect(**self.address())

    def address(self) -> dict[str, str | int]:
        """Return what the driver needs to get there."""
        url = make_url(self.url)
        return {
            "host": str(url.query["host"]),
            "port": int(str(url.query["port"])),
            "user": str(url.username),
            "database": str(url.database),
        }

    def environment(self) -> dict[str, str]:
        """Return what the Postgres programs need to get there."""
        to = self.address()
        return {
            **os.environ,
            "PGHOST": str(to["host"]),
            "PGPORT": str(to["port"]),
            "PGUSER": str(to["user"]),
            "PGDATABASE": str(to["database"]),
        }

    async def facts(self) -> Mapping[str, str]:
        """Return the settings of the server that durability and speed hang on."""
        connection = await self.connect()
        try:
            return {name: str(await connection.fetchval(f"SHOW {name}")) for name in SHOWN}
        finally:
            await connection.close()


@contextmanager
def open_place() -> Iterator[Place]:
    """Start a Postgres that keeps its promises, in a folder that goes with it."""
    folder = Path(tempfile.mkdtemp(prefix="hub-bench-"))
    folder.chmod(0o711)  # as root, Postgres runs as another user and must walk through
    try:
        with EmbeddedPostgres(folder) as server:
            found = binaries.find(None)
            yield Place(url=server.url(), programs=found.folder)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


def token(institution: str) -> str:
    """Sign a token as the hub would have."""
    caller = Caller(
        kind=PartyKind.INSTITUTION,
        party=institution,
        region=institution[REGION],
        client=f"{institution}-1",
    )
    return Signer.of(TOKEN_KEY, minutes=60).issue(caller, datetime.now(UTC))


def hub(place: Place, *words: str) -> None:
    """Run a command of the hub on the database."""
    command = [sys.executable, "-m", "app", *words]
    subprocess.run(command, cwd=ROOT, env=_for_hub(place), check=True)  # noqa: S603 -- our own


@asynccontextmanager
async def serving(place: Place, *, guarded: bool = True) -> AsyncIterator[tuple[str, int]]:
    """Serve the hub in a process of its own; unguarded, it believes whoever calls."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host, port = free.getsockname()
    words = [sys.executable, "-m", "benchmarks.ladder.served", str(port)]
    process = await asyncio.create_subprocess_exec(
        *words, *(() if guarded else ("--unguarded",)), cwd=ROOT, env=_for_hub(place)
    )
    try:
        await _answering(host, port)
        yield host, port
    finally:
        process.terminate()
        await process.wait()


async def _answering(host: str, port: int) -> None:
    loop = asyncio.get_running_loop()
    until = loop.time() + READY_SECONDS_MAX
    while True:
        try:
            _, writer = await asyncio.open_connection(host, port)
        except OSError:
            if loop.time() > until:
                raise
            await asyncio.sleep(0.05)
        else:
            writer.close()
            return


def _for_hub(place: Place) -> dict[str, str]:
    return {
        **os.environ,
        "DATABASE_URL": place.url,
        "HUB_TOKEN_KEY": TOKEN_KEY,
        "HUB_DATA_KEYS": DATA_KEY,
        "HUB_INDEX_KEY": INDEX_KEY,
        "HUB_MODE": "production",
        "HUB_LOG_LEVEL": "WARNING",
    }
