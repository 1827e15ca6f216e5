"""A small HTTP sender that costs little beside what it measures: kept connections, whole answers.

Closed loop: so many senders, each waits for its answer. Open loop: one request every so often,
whether the hub keeps up or not, and each is timed from the moment it was due, so that a stall
counts for everybody who would have waited in it.
"""

from __future__ import annotations

import asyncio
import collections
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import cast

CONTENT_LENGTH = b"content-length:"
OPEN_LOOP_CONNECTIONS = 64


@dataclass(frozen=True, slots=True)
class Got:
    """An answer's status and body; 0 where the connection broke before it came."""

    status: int
    body: bytes


@dataclass(slots=True)
class Taken:
    """What came of a measurement: latencies of what was accepted, and what was not."""

    seconds: float = 0.0
    latencies: list[float] = field(default_factory=list)
    refused: collections.Counter[int] = field(default_factory=collections.Counter)
    bodies: list[bytes] = field(default_factory=list)

    @property
    def accepted(self) -> int:
        """How many were accepted."""
        return len(self.latencies)

    @property
    def rate(self) -> float:
        """How many were accepted a second."""
        return self.accepted / self.seconds if self.seconds else 0.0

    def milliseconds(self, share: float) -> float:
        """Return the latency that this share of the accepted did not exceed."""
        if not self.latencies:
            return float("nan")
        ranked = sorted(self.latencies)
        return 1_000 * ranked[min(len(ranked) - 1, int(share * len(ranked)))]

    def note(self, got: Got, since: float, accepted: frozenset[int]) -> None:
        """Count an answer to a request that was due at `since`."""
        if got.status in accepted:
            self.latencies.append(time.perf_counter() - since)
            self.bodies.append(got.body)
        else:
            self.refused[got.status] += 1


class _Line(asyncio.Protocol):
    """One kept connection with one request under way."""

    def __init__(self) -> None:
        self._buffer = bytearray()
        self._waiting: asyncio.Future[Got] | None = None
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass

    def connection_lost(self, _: Exception | None) -> None:
        self._transport = None
        self._answer(Got(0, b""))

    def data_received(self, data: bytes) -> None:
        self._buffer += data
        end = self._buffer.find(b"\r\n\r\n")
        if end < 0:
            return
        head = bytes(self._buffer[:end]).lower()
        place = head.find(CONTENT_LENGTH)
        length = 0 if place < 0 else int(head[place + 15 :].partition(b"\r\n")[0])
        if len(self._buffer) < end + 4 + length:
            return
        body = bytes(self._buffer[end + 4 : end + 4 + length])
        self._buffer.clear()
        self._answer(Got(int(head[9:12]), body))

    def _answer(self, got: Got) -> None:
        if self._waiting is not None and not self._waiting.done():
            self._waiting.set_result(got)

    @property
    def usable(self) -> bool:
        return self._transport is not None

    async def ask(self, request: bytes) -> Got:
        if self._transport is None:
            return Got(0, b"")
        self._waiting = asyncio.get_running_loop().create_future()
        self._transport.write(request)
        return await self._waiting

    def close(self) -> None:
        if self._transport is not None:
            self._transport.close()


@dataclass(frozen=True, slots=True)
class Target:
    """A hub to send to."""

    host: str
    port: int
    accepted: frozenset[int] = frozenset({200, 201})

    async def _line(self) -> _Line:
        loop = asyncio.get_running_loop()
        _, line = await loop.create_connection(_Line, self.host, self.port)
        return line

    async def closed(self, senders: int, seconds: float, requests: Iterator[bytes]) -> Taken:
        """Let so many senders send one after the other for so long."""
        taken = Taken()
        until = time.perf_counter() + seconds

        async def send() -> None:
            line = await self._line()
            for request in requests:
                since = time.perf_counter()
                if since >= until:
                    break
                taken.note(await line.ask(request), since, self.accepted)
                if not line.usable:
                    line = await self._again()
            line.close()

        begun = time.perf_counter()
        await asyncio.gather(*(send() for _ in range(senders)))
        taken.seconds = time.perf_counter() - begun
        return taken

    async def open(self, rate: float, seconds: float, requests: Iterator[bytes]) -> Taken:
        """Send at a constant rate for so long, whatever comes back."""
        taken = Taken()
        idle: asyncio.LifoQueue[_Line] = asyncio.LifoQueue()
        for _ in range(OPEN_LOOP_CONNECTIONS):
            idle.put_nowait(await self._line())

        async def send(request: bytes, due: float) -> None:
            line = await idle.get()
            taken.note(await line.ask(request), due, self.accepted)
            idle.put_nowait(line if line.usable else await self._again())

        begun = time.perf_counter()
        sending: set[asyncio.Task[None]] = set()
        for number, request in zip(range(int(rate * seconds)), requests, strict=False):
            due = begun + number / rate
            await asyncio.sleep(max(0.0, due - time.perf_counter()))
            task = asyncio.create_task(send(request, due))
            sending.add(task)
            task.add_done_callback(sending.discard)
        await asyncio.gather(*sending)
        taken.seconds = time.perf_counter() - begun
        while not idle.empty():
            idle.get_nowait().close()
        return taken

    async def _again(self) -> _Line:
        """Connect anew, as often as it takes: a killed hub comes back."""
        while True:
            try:
                return await self._line()
            except OSError:
                await asyncio.sleep(0.05)


def post(path: str, body: bytes, headers: dict[str, str]) -> bytes:
    """Write a request."""
    said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    head = f"POST {path} HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json\r\n{said}"
    return f"{head}Content-Length: {len(body)}\r\n\r\n".encode() + body


def get(path: str, headers: dict[str, str]) -> bytes:
    """Write a request that only asks."""
    said = "".join(f"{name}: {value}\r\n" for name, value in headers.items())
    return f"GET {path} HTTP/1.1\r\nHost: hub\r\n{said}\r\n".encode()
