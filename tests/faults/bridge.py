"""A bridge between a hub and its Postgres that can fall silent for good, or break off."""

from __future__ import annotations

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path

from sqlalchemy.engine import make_url

SOCKET = ".s.PGSQL.5432"
PIECE_BYTES = 65_536


@dataclass(slots=True, eq=False)
class Crossing:
    """One connection over the bridge."""

    writers: tuple[asyncio.StreamWriter, ...]
    silent: bool = False

    async def carry(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Carry one direction; once silent, nothing more crosses, and nobody is told."""
        while piece := await reader.read(PIECE_BYTES):
            if not self.silent:
                writer.write(piece)
                await writer.drain()

    def break_off(self) -> None:
        """End both halves as a network does that was cut."""
        for writer in self.writers:
            writer.transport.abort()


@dataclass(slots=True)
class Bridge:
    """Every connection of a hub to its Postgres."""

    server: Path  # the socket of the Postgres
    folder: Path
    is_up: bool = True
    crossings: set[Crossing] = field(default_factory=set)
    broken: int = 0

    def fall_silent(self) -> None:
        """Carry nothing any more: as when the other machine has lost its power."""
        self.is_up = False
        for it in self.crossings:
            it.silent = True

    def come_back(self) -> None:
        """Carry new connections; those from before stay silent for good."""
        self.is_up = True

    def break_off(self) -> None:
        """Break every connection off."""
        for it in list(self.crossings):
            it.break_off()
            self.broken += 1

    async def meet(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """Lead one connection over."""
        if not self.is_up:
            with suppress(OSError):
                await reader.read()  # until whoever waits here gives up
            writer.transport.abort()
            return
        there, onward = await asyncio.open_unix_connection(str(self.server))
        it = Crossing((writer, onward))
        self.crossings.add(it)
        try:
            with suppress(OSError):
                ways = (it.carry(reader, onward), it.carry(there, writer))
                tasks = [asyncio.create_task(way) for way in ways]
                await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
                for task in tasks:
                    task.cancel()
                await asyncio.gather(*tasks, return_exceptions=True)
        finally:
            self.crossings.discard(it)
            it.break_off()


@asynccontextmanager
async def bridged(url: str) -> AsyncIterator[tuple[Bridge, str]]:
    """Build a bridge to a Postgres on a Unix socket; give it and the address at its near end."""
    address = make_url(url)
    folder = Path(tempfile.mkdtemp(prefix="hub-bridge-"))
    it = Bridge(Path(str(address.query["host"])) / SOCKET, folder)
    try:
        near = await asyncio.start_unix_server(it.meet, path=str(folder / SOCKET))
        shown = address.update_query_dict({"host": str(folder)})
        yield it, shown.render_as_string(hide_password=False)
        near.close()
        it.break_off()
        await near.wait_closed()
    finally:
        shutil.rmtree(folder)
