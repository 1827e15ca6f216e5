"""An HTTP sender that costs little beside what it measures: kept connections, whole answers.

Closed loop: so many senders, each waits for its answer. Open loop: one request every so often,
whether the hub keeps up or not, and each is timed from the moment it was due, so that a stall
counts for everybody who would have waited in it. What answers sends the next: no task, no future
a request.
"""

from __future__ import annotations

import asyncio
import collections
import gc
import itertools
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import cast

from benchmarks.ladder.scores import Taken

OPEN_LOOP_CONNECTIONS = 64
CROWD_CONNECTIONS = 512
CROWD_SECONDS = 0.001  # from one look at what is due to the next
ACCEPTED = frozenset({200, 201})
# Lost, running elsewhere, busy: the same message again under its id, until there is an answer.
PASSING = frozenset({0, 409, 429, 500, 502, 503, 504})
RESEND_SECONDS = 0.05
Address = tuple[str, int]


class _Line(asyncio.Protocol):
    """One kept connection with one request under way at most."""

    __slots__ = ("_buffer", "_load", "_transport", "address", "request", "since")

    def __init__(self, load: _Load, address: Address) -> None:
        self.address, self._load = address, load
        self.request, self.since = b"", 0.0
        self._buffer = b""
        self._transport: asyncio.Transport | None = None

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast("asyncio.Transport", transport)  # uvloop's own is no subclass

    def connection_lost(self, _: Exception | None) -> None:
        self._transport, self._buffer = None, b""
        if self.request:
            self._load.answered(self, 0, b"")

    def data_received(self, data: bytes) -> None:
        if self._buffer:
            data = self._buffer + data
        end = data.find(b"\r\n\r\n")
        if end >= 0:
            place = data.find(b"ontent-", 0, end)
            while place >= 0 and data[place : place + 14].lower() != b"ontent-length:":
                place = data.find(b"ontent-", place + 1, end)
            stop = data.find(b"\r\n", place)
            length = 0 if place < 0 else int(data[place + 14 : stop])
            if len(data) >= end + 4 + length:
                self._buffer = b""
                self._load.answered(self, int(data[9:12]), data[end + 4 :])
                return
        self._buffer = data

    @property
    def usable(self) -> bool:
        return self._transport is not None

    def send(self, request: bytes, since: float) -> None:
        self.request, self.since = request, since
        if self._transport is not None:
            self._transport.write(request)
        else:  # it broke while it had nothing to do
            self._load.loop.call_soon(self._load.answered, self, 0, b"")

    def close(self) -> None:
        self.request = b""
        if self._transport is not None:
            self._transport.close()


class _Load:
    """A load under way: what every answer is counted in, and what it sets off."""

    def __init__(self, target: Target, requests: Iterator[bytes], *, patient: bool) -> None:
        self.taken = Taken()
        self.loop = asyncio.get_running_loop()
        self._target, self._requests, self._patient = target, requests, patient
        self._mending: set[asyncio.Task[None]] = set()
        self.over = asyncio.Event()

    async def lines(self, number: int) -> list[_Line]:
        """Connect so many times, to the hub's addresses in turn."""
        spread = itertools.islice(itertools.cycle(self._target.addresses), number)
        return [await self._connected(address) for address in spread]

    async def _connected(self, address: Address) -> _Line:
        _, line = await self.loop.create_connection(lambda: _Line(self, address), *address)
        return line

    def answered(self, line: _Line, status: int, body: bytes) -> None:
        """Count an answer and go on; with patience, what is not definite is sent again."""
        if status in ACCEPTED:
            self.taken.accept(body, line.since)
        elif self._patient and status in PASSING:
            self.taken.resent += 1
            self._mend(self._resend(line))
            return
        else:
            self.taken.refused[status] += 1
        line.request = b""
        if line.usable:
            self.free(line)
        else:
            self._mend(self._replace(line))

    def free(self, line: _Line) -> None:
        """Use a line that has nothing to do."""
        raise NotImplementedError

    def _mend(self, mending: collections.abc.Coroutine[None, None, None]) -> None:
        task = self.loop.create_task(mending)
        self._mending.add(task)
        task.add_done_callback(self._mending.discard)

    async def _resend(self, line: _Line) -> None:
        await asyncio.sleep(RESEND_SECONDS)
        again = line if line.usable else await self._again(line.address)
        again.send(line.request, line.since)

    async def _replace(self, line: _Line) -> None:
        await asyncio.sleep(RESEND_SECONDS)
        self.free(await self._again(line.address))

    async def _again(self, address: Address) -> _Line:
        """Connect anew, as often as it takes: a killed hub comes back."""
        while True:
            try:
                return await self._connected(address)
            except OSError:
                await asyncio.sleep(RESEND_SECONDS)


class _Closed(_Load):
    """So many senders; each sends when it has its answer."""

    until: float = 0.0
    sending: int = 0

    def free(self, line: _Line) -> None:
        since = time.perf_counter()
        request = next(self._requests, None) if since < self.until else None
        if request is not None:
            line.send(request, since)
            return
        line.close()
        self.sending -= 1
        if not self.sending:
            self.over.set()


class _Open(_Load):
    """One request every so often; who finds no line free waits, and his time runs."""

    def __init__(self, target: Target, requests: Iterator[bytes], *, patient: bool) -> None:
        super().__init__(target, requests, patient=patient)
        self.idle: collections.deque[_Line] = collections.deque()
        self.waiting: collections.deque[tuple[bytes, float]] = collections.deque()
        self.under_way = 0

    def free(self, line: _Line) -> None:
        self.under_way -= 1
        if self.waiting:
            self._send(line, *self.waiting.popleft())
        else:
            self.idle.append(line)
            if not self.under_way:
                self.over.set()

    def due(self, request: bytes, since: float) -> None:
        if self.idle:
            self._send(self.idle.pop(), request, since)
        else:
            self.waiting.append((request, since))

    async def ended(self) -> None:
        """Wait until everybody has an answer."""
        if self.under_way:
            await self.over.wait()

    def taken_since(self, begun: float) -> Taken:
        """Hang up, and tell what came back since."""
        self.taken.seconds = time.perf_counter() - begun
        for line in self.idle:
            line.close()
        return self.taken

    def _send(self, line: _Line, request: bytes, since: float) -> None:
        self.under_way += 1
        self.over.clear()
        line.send(request, since)


class _Crowd(_Open):
    """Far more than a hub can do, over all its connections in turn."""

    def __init__(self, target: Target, sent_away: list[bytes]) -> None:
        super().__init__(target, iter(()), patient=False)
        self._sent_away = sent_away  # it was not begun, and may be sent another time

    def answered(self, line: _Line, status: int, body: bytes) -> None:
        if status not in ACCEPTED:
            self._sent_away.append(line.request)
        super().answered(line, status, body)

    def due(self, request: bytes, since: float) -> None:
        if self.idle:
            self._send(self.idle.popleft(), request, since)
        else:
            self.waiting.append((request, since))


@contextmanager
def _unpaused() -> Iterator[None]:
    """Let no collector walk a sender's heap meanwhile: its pauses would count as the hub's."""
    were_on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if were_on:
            gc.enable()


@dataclass(frozen=True, slots=True)
class Target:
    """A hub to send to, at one address or several."""

    addresses: tuple[Address, ...]

    async def closed(
        self, senders: int, seconds: float, requests: Iterator[bytes], *, patient: bool = False
    ) -> Taken:
        """Let so many senders send one after the other for so long, or until nothing is left."""
        load = _Closed(self, requests, patient=patient)
        lines = await load.lines(senders)
        load.sending = len(lines)
        begun = load.taken.last = time.perf_counter()
        load.until = begun + seconds
        with _unpaused():
            for line in lines:
                load.free(line)
            await load.over.wait()
        load.taken.seconds = time.perf_counter() - begun
        return load.taken

    async def open(
        self, rate: float, seconds: float, requests: Iterator[bytes], *, patient: bool = False
    ) -> Taken:
        """Send at a constant rate for so long, whatever comes back."""
        load = _Open(self, requests, patient=patient)
        load.idle.extend(await load.lines(OPEN_LOOP_CONNECTIONS))
        begun = load.taken.last = time.perf_counter()
        with _unpaused():
            for number, request in zip(range(max(1, int(rate * seconds))), requests, strict=False):
                due = begun + number / rate
                if (ahead := due - time.perf_counter()) > 0:
                    await asyncio.sleep(ahead)
                elif not number % 64:
                    await asyncio.sleep(0)  # who is behind still reads what was answered
                load.due(request, due)
            await load.ended()
        return load.taken_since(begun)

    async def crowd(self, rate: float, requests: Sequence[bytes], again: list[bytes]) -> Taken:
        """Send all of them at a constant rate; what is sent away comes into `again`.

        Its clock is looked at a thousand times a second, so that a crowd costs little beside what
        it crowds upon; each request is timed from when it was due all the same.
        """
        load = _Crowd(self, again)
        load.idle.extend(await load.lines(CROWD_CONNECTIONS))
        begun = load.taken.last = time.perf_counter()
        sent = 0
        with _unpaused():
            while sent < len(requests):
                due = min(len(requests), 1 + int((time.perf_counter() - begun) * rate))
                for number in range(sent, due):
                    load.due(requests[number], begun + number / rate)
                sent = due
                await asyncio.sleep(CROWD_SECONDS)
            await load.ended()
        return load.taken_since(begun)


def post(path: str, body: bytes, gate: bytes, key: str = "") -> bytes:
    """Write a request; the gate is what the sender's headers say, ready made."""
    said = f"\r\nIdempotency-Key: {key}" if key else ""
    head = f"POST {path} HTTP/1.1\r\nHost: hub\r\nContent-Type: application/json{said}"
    return b"%b\r\nContent-Length: %d\r\n%b\r\n%b" % (head.encode(), len(body), gate, body)


def get(path: str, gate: bytes) -> bytes:
    """Write a request that only asks."""
    return b"GET %b HTTP/1.1\r\nHost: hub\r\n%b\r\n" % (path.encode(), gate)
