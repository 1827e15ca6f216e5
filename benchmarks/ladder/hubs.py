"""A hub before a database, in processes of its own, for as long as a measurement takes."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks.ladder.client import Address, Target
from benchmarks.ladder.place import ROOT, Place, hub_environment

READY_SECONDS_MAX = 120
PAUSE_SECONDS = 0.02
TICKS = os.sysconf("SC_CLK_TCK")


@dataclass(frozen=True, slots=True, kw_only=True)
class Shape:
    """How a hub is served: so many processes, and the connections of each to the database."""

    workers: int = 1
    pool: int = 8


@dataclass(slots=True, kw_only=True)
class Served:
    """A hub that serves; each process has an address, and who sends goes round them."""

    place: Place
    shape: Shape
    guarded: bool = True
    addresses: tuple[Address, ...] = ()
    processes: list[asyncio.subprocess.Process] = field(default_factory=list)

    @property
    def target(self) -> Target:
        """Where to send."""
        return Target(self.addresses)

    async def start(self) -> None:
        """Start every process and wait until each takes connections."""
        if not self.addresses:
            self.addresses = tuple(_free_address() for _ in range(self.shape.workers))
        environment = hub_environment(self.place.url)
        environment["HUB_POOL_CONNECTIONS"] = str(self.shape.pool)
        for _, port in self.addresses:
            words = [sys.executable, "-m", "benchmarks.ladder.served", str(port)]
            self.processes.append(
                await asyncio.create_subprocess_exec(
                    *words,
                    *(() if self.guarded else ("--unguarded",)),
                    cwd=ROOT,
                    env=environment,
                    stdout=sys.stderr,
                )
            )
        for address in self.addresses:
            await answering(address)

    async def stop(self, sign: signal.Signals = signal.SIGTERM) -> None:
        """End every process."""
        for process in self.processes:
            if process.returncode is None:
                process.send_signal(sign)
        for process in self.processes:
            await process.wait()
        self.processes.clear()

    async def kill(self) -> None:
        """Kill every process (kill -9) and start others at the same addresses."""
        await self.stop(signal.SIGKILL)
        await self.start()

    def cpu_seconds(self) -> float:
        """Add up what the hub's processes have used of the processors."""
        return sum(cpu_seconds(process.pid) for process in self.processes)

    def memory_bytes(self) -> int:
        """Add up what the hub's processes hold of the memory (RSS)."""
        return sum(resident_bytes(process.pid) for process in self.processes)


@asynccontextmanager
async def serving(place: Place, shape: Shape, *, guarded: bool = True) -> AsyncIterator[Served]:
    """Serve a hub; unguarded, it believes whoever calls."""
    served = Served(place=place, shape=shape, guarded=guarded)
    try:
        await served.start()
        yield served
    finally:
        await served.stop()


async def answering(address: Address) -> None:
    """Wait until somebody takes connections there."""
    loop = asyncio.get_running_loop()
    until = loop.time() + READY_SECONDS_MAX
    while True:
        try:
            _, writer = await asyncio.open_connection(*address)
        except OSError:
            if loop.time() > until:
                raise
            await asyncio.sleep(PAUSE_SECONDS)
        else:
            writer.close()
            return


def cpu_seconds(pid: int) -> float:
    """Read what a process has used of the processors; nothing where that cannot be known."""
    try:
        spent = Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return 0.0
    return (int(spent[11]) + int(spent[12])) / TICKS


def children_cpu_seconds(parent: int) -> float:
    """Add up what a process, its children and its ended children have used of the processors."""
    total = 0.0
    for entry in Path("/proc").glob("[0-9]*"):
        try:
            said = (entry / "stat").read_text().rpartition(")")[2].split()
        except OSError:
            continue
        if int(said[1]) == parent:
            total += (int(said[11]) + int(said[12])) / TICKS
        elif int(entry.name) == parent:
            total += sum(int(each) for each in said[11:15]) / TICKS
    return total


def resident_bytes(pid: int) -> int:
    """Read what a process holds of the memory; nothing where that cannot be known."""
    try:
        pages = int(Path(f"/proc/{pid}/statm").read_text().split()[1])
    except OSError:
        return 0
    return pages * os.sysconf("SC_PAGE_SIZE")


def _free_address() -> Address:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        host, port = free.getsockname()
    return host, port
