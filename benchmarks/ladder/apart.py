"""What is measured on databases of its own: clearing, starting, idling, and the sender itself."""

from __future__ import annotations

import asyncio
import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from http.client import HTTPConnection, HTTPException
from itertools import islice, repeat
from pathlib import Path

from benchmarks import clearing
from benchmarks.ladder.client import Target, post
from benchmarks.ladder.hubs import Shape, serving
from benchmarks.ladder.place import ROOT, Place, gate, temporary_home
from benchmarks.ladder.scores import Score
from benchmarks.ladder.stock import SETTLE_BODY, Stock

IDLE_REQUESTS = 100
READY_SECONDS_MAX = 300
PAUSE_SECONDS = 0.01
ANSWER = b"HTTP/1.1 201 Created\r\ncontent-length: 640\r\ncontent-type: application/json\r\n\r\n"


def cleared(settlements: int, rounds: int) -> list[Score]:
    """Generate a clearing of so many settlements, several times."""
    (found,) = clearing.measure_all([settlements], rounds)
    return [
        Score(
            rate=found.settlements_per_second,
            p50_ms=found.median_seconds * 1_000,
            worst_ms=found.slowest_seconds * 1_000,
            accepted=found.settlements,
        )
    ]


def started(rounds: int) -> list[float]:
    """Start an embedded hub on the data it has, several times; seconds until it answers."""
    with temporary_home() as home:
        _seconds_to_answer(home)  # makes the database and seeds it
        return [_seconds_to_answer(home) for _ in range(rounds)]


def _seconds_to_answer(home: Path) -> float:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    named = ("HUB_", "DATABASE_URL")
    environment = {key: value for key, value in os.environ.items() if not key.startswith(named)}
    command = [sys.executable, "-m", "app", "run", "--port", str(port)]
    begun = time.perf_counter()
    with subprocess.Popen(  # noqa: S603 -- our own
        command,
        cwd=ROOT,
        env=environment | {"HUB_HOME": str(home), "HUB_LOG_LEVEL": "ERROR"},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    ) as process:
        try:
            while not _ready(port):
                taken = time.perf_counter() - begun
                if process.poll() is not None or taken > READY_SECONDS_MAX:
                    raise RuntimeError("an embedded hub did not start")
                time.sleep(PAUSE_SECONDS)
            return time.perf_counter() - begun
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _ready(port: int) -> bool:
    asking = HTTPConnection("127.0.0.1", port, timeout=READY_SECONDS_MAX)
    try:
        asking.request("GET", "/v1/health/ready")
        return asking.getresponse().status == 200  # noqa: PLR2004 -- OK
    except (OSError, HTTPException):
        return False
    finally:
        asking.close()


async def idle_megabytes(place: Place, stock: Stock) -> float:
    """Start a hub, ask it a hundred times, and read what its process holds (RSS)."""
    async with serving(place, Shape()) as served:
        await served.target.closed(1, 600, islice(stock.previews(), IDLE_REQUESTS))
        return served.memory_bytes() / 1e6


class _Parrot(asyncio.Protocol):
    """Answers anything with the same bytes."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = transport

    def data_received(self, _: bytes) -> None:
        self._transport.write(ANSWER + b"x" * 640)  # type: ignore[attr-defined]  # it is a stream


async def parrot() -> None:
    """Serve the parrot and say where."""
    server = await asyncio.get_running_loop().create_server(_Parrot, "127.0.0.1", 0)
    sys.stdout.write(f"{server.sockets[0].getsockname()[1]}\n")
    sys.stdout.flush()
    await server.serve_forever()


async def sender_microseconds(clients: int, seconds: float) -> float:
    """Measure what the sender itself costs a request, before a server that does nothing."""
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-m", "benchmarks.ladder.apart", cwd=ROOT, stdout=asyncio.subprocess.PIPE
    )
    try:
        assert process.stdout is not None
        port = int(await process.stdout.readline())
        spent = resource.getrusage(resource.RUSAGE_SELF)
        taken = await Target((("127.0.0.1", port),)).closed(clients, seconds, _requests())
        now = resource.getrusage(resource.RUSAGE_SELF)
    finally:
        process.kill()
        await process.wait()
    used = now.ru_utime + now.ru_stime - spent.ru_utime - spent.ru_stime
    return round(1e6 * used / max(1, taken.accepted), 1)


def _requests() -> Iterator[bytes]:
    """Write settlements as they are written for a hub."""
    sender = gate("H37000090001")
    for number in map(str, repeat(370000990101)):
        yield post(f"/v1/visits/S{number}/settle", SETTLE_BODY, sender, number)


if __name__ == "__main__":
    asyncio.run(parrot())
