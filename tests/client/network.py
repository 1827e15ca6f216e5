"""A network that loses, repeats, delays and garbles on demand, between the client and the hub."""

from __future__ import annotations

import asyncio
import enum
from collections import deque
from dataclasses import dataclass, field

import httpx

PAGE = b"<html><body><h1>Not the hub</h1></body></html>"


class Fault(enum.Enum):
    """What happens to one request on its way."""

    NONE = "none"
    LOST_BEFORE = "lost before the hub saw it"
    LOST_AFTER = "lost after the hub committed"
    DELAYED = "cut off, and delivered later by itself"
    TWICE = "delivered twice"
    BAD_GATEWAY = "a proxy answers 502 and passes nothing on"
    GATEWAY_TIMEOUT = "a proxy answers 504 although the hub committed"
    TORN = "the answer arrives cut in half"
    FAILED = "the hub fails with 500 and does nothing"
    FAILED_AFTER = "500 although the hub committed"
    CAPTIVE = "a portal answers 200 with a page of its own"


# How many copies reach the hub, whose line is cut, and who else answers.
COPIES = dict.fromkeys((Fault.NONE, Fault.LOST_AFTER, Fault.TORN), 1) | {
    Fault.GATEWAY_TIMEOUT: 1,
    Fault.FAILED_AFTER: 1,
    Fault.TWICE: 2,
}
CUT = frozenset({Fault.LOST_BEFORE, Fault.LOST_AFTER, Fault.DELAYED})
PAGES = {
    Fault.BAD_GATEWAY: 502,
    Fault.GATEWAY_TIMEOUT: 504,
    Fault.FAILED: 500,
    Fault.FAILED_AFTER: 500,
    Fault.CAPTIVE: 200,
}


@dataclass(slots=True)
class Network(httpx.AsyncBaseTransport):
    """Carries requests to the hub; each write takes the next fault of the script."""

    hub: httpx.AsyncBaseTransport
    script: deque[Fault] = field(default_factory=deque)
    read_script: deque[Fault] = field(default_factory=deque)
    seen: list[tuple[str, str, str]] = field(default_factory=list)
    late: list[httpx.Request] = field(default_factory=list)
    only_path: str = ""

    def plan(self, *faults: Fault) -> None:
        """Say what will happen to the next writes; after them all is well."""
        self.script = deque(faults)

    def plan_writes_to(self, path: str, *faults: Fault) -> None:
        """Say what will happen to the next writes to one path; others arrive."""
        self.only_path = path
        self.plan(*faults)

    def plan_reads(self, *faults: Fault) -> None:
        """Say what will happen to the next questions."""
        self.read_script = deque(faults)

    @property
    def writes(self) -> list[tuple[str, str, str]]:
        """Return method, path and message id of what left."""
        return [each for each in self.seen if each[2]]

    async def handle_async_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one request."""
        key = request.headers.get("idempotency-key", "")
        if request.url.path != "/oauth/token":
            self.seen.append((request.method, request.url.path, key))
        script = self.script if key else self.read_script
        elsewhere = bool(key and self.only_path) and request.url.path != self.only_path
        skip = request.url.path == "/oauth/token" or elsewhere or not script
        return await self._carry(request, Fault.NONE if skip else script.popleft())

    async def _carry(self, request: httpx.Request, fault: Fault) -> httpx.Response:
        if fault is Fault.DELAYED:
            self.late.append(request)
        answer = httpx.Response(PAGES.get(fault, 200), content=PAGE, request=request)
        for _ in range(COPIES.get(fault, 0)):
            came = await self._pass_on(request)
            answer = answer if fault in PAGES else came
        if fault in CUT:
            raise httpx.ReadTimeout("no answer", request=request)
        if fault is Fault.TORN:
            half = answer.content[: len(answer.content) // 2]
            return httpx.Response(answer.status_code, content=half, request=request)
        return answer

    async def _pass_on(self, request: httpx.Request) -> httpx.Response:
        copy = httpx.Request(
            request.method, request.url, headers=request.headers, content=request.content
        )
        answer = await self.hub.handle_async_request(copy)
        await answer.aread()
        return answer

    async def deliver_late(self) -> list[httpx.Response]:
        """Let what was held up arrive now."""
        held, self.late = self.late, []
        return [await self._pass_on(request) for request in held]


@dataclass(slots=True)
class Bridge(httpx.BaseTransport):
    """Lets a blocking client in another thread use the network of the event loop."""

    network: Network
    loop: asyncio.AbstractEventLoop

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        """Carry one request."""
        asked = self.network.handle_async_request(request)
        answer = asyncio.run_coroutine_threadsafe(asked, self.loop).result(60)
        return httpx.Response(
            answer.status_code, headers=answer.headers, content=answer.content, request=request
        )


@dataclass(slots=True)
class Pause:
    """Time that passes only when somebody waits."""

    seconds: float = 0.0
    waits: list[float] = field(default_factory=list)

    def now(self) -> float:
        """Return the seconds waited so far."""
        return self.seconds

    async def sleep(self, seconds: float) -> None:
        """Pass the time at once."""
        self.block(seconds)

    def block(self, seconds: float) -> None:
        """Pass the time at once, for the blocking client."""
        self.seconds += seconds
        self.waits.append(seconds)
