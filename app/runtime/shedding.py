"""The layer that gives every request a turn and a deadline, or says at once to come again.

It stands before parsing and authentication, so that a request sent away has cost next to nothing.
"""

from __future__ import annotations

import asyncio
import itertools
import re
import uuid
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import ClassVar

from fastapi import FastAPI
from fastapi.routing import APIRoute
from prometheus_client import CollectorRegistry, Counter, Gauge

from app.kernel.parties import PartyKind
from app.kernel.refusal import Kind, Refusal
from app.runtime.door import Busy
from app.runtime.heard import hear
from app.runtime.problems import Answer, problem_of
from app.runtime.settings import Settings
from app.runtime.switchboard import declared
from app.runtime.telemetry import GUARDS, METHODS, App, Message, Receive, Send, log
from app.runtime.turns import NoTurnError, Turns

# Who looks after the hub must get through when nobody else does; the sandbox's own paths send
# requests of their own, which could not get a turn while these hold theirs.
SPARED = ("/v1/health/", "/v1/metrics", "/v1/sandbox")
GATEWAY = "/compat/"
WORDED = METHODS - {"HEAD"}  # whose answers have a body
ID_LENGTH, NUMBER_LENGTH = 32, 12
PARAMETER = re.compile(r"\{[^}]*\}")
# How the gateway tells a refusal of what never became a message; the application is composed
# with it.
SayAsGateway = Callable[[Refusal, str], Answer]


class Overloaded(Refusal):
    """More comes in than the hub can do; this request was not begun."""

    kind: ClassVar = Kind.BUSY
    code: ClassVar = "overloaded"
    title: ClassVar = "The hub is overloaded; nothing was begun, send the same message again"
    title_zh: ClassVar = "系统负载过高，本次请求未受理，请以同一报文编号重发"
    remedy: ClassVar = "Wait as long as Retry-After says, and longer each time it is said again."
    remedy_zh: ClassVar = "请按 Retry-After 等待后重发；再次收到本应答时应延长等待。"


def counted(registry: CollectorRegistry, turns: Turns) -> Counter:
    """Show what there is to see of turns; return the count of those sent away."""
    working = Gauge("hub_requests_working", "Requests worked on now", registry=registry)
    working.set_function(lambda: turns.working)
    waiting = Gauge("hub_requests_waiting", "Requests that wait for a turn", registry=registry)
    waiting.set_function(lambda: turns.waiting)
    sent_away = Counter(
        "hub_requests_sent_away",
        "Requests told to come again: no room to wait, no turn in time, no answer in time",
        ["reason"],
        registry=registry,
    )
    for reason in ("full", "late", "deadline"):
        sent_away.labels(reason)
    return sent_away


@dataclass(slots=True)
class Spared:
    """What is never sent away: looks at the hub itself, and what the operator alone may ask."""

    app: FastAPI
    patterns: dict[str, re.Pattern[str]] = field(default_factory=dict)

    def covers(self, method: str, path: str) -> bool:
        """Say whether a request is never sent away."""
        return path.startswith(SPARED) or self.is_operators(method, path)

    def is_operators(self, method: str, path: str) -> bool:
        """Say whether only the operator may ask this."""
        if not self.patterns:
            self.patterns = {each: self._patterns(each) for each in ("GET", "POST")}
        pattern = self.patterns.get(method)
        return pattern is not None and pattern.match(path) is not None

    def _patterns(self, method: str) -> re.Pattern[str]:
        """Put the paths together which the operator alone may ask by a method."""
        found = []
        for route in declared(self.app.router):
            dependencies = getattr(route, "dependencies", ())
            said = (getattr(it.dependency, "kinds", ()) for it in dependencies)
            kinds = next(filter(None, said), ())
            if not isinstance(route, APIRoute) or method not in (route.methods or ()):
                continue
            if tuple(kinds) == (PartyKind.OPERATOR,):
                found.append(PARAMETER.sub("[^/]+", route.path_format))
        return re.compile(f"(?:{'|'.join(found) or '(?!)'})$")


@dataclass(slots=True)
class Doorstep:
    """Where whoever finds no room even to wait is sent away, by the server itself.

    What it says is what the layer says, ready made: at many times what the hub can do, even taking
    a request in would leave nothing for those inside. They are counted like all others, and told of
    in one line of the log a second.
    """

    turns: Turns
    spared: Spared
    sent_away: Counter
    requests: Counter
    silent: int = 0  # of whom the log has not told yet
    counters: dict[str, tuple[Counter, ...]] = field(default_factory=dict)
    numbers: Iterator[int] = field(default_factory=itertools.count)
    run: str = field(default_factory=lambda: uuid.uuid4().hex[: ID_LENGTH - NUMBER_LENGTH - 1])

    def answer(self, method: str, path: str) -> bytes | None:
        """Return the whole answer to whoever is sent away; None: come in."""
        if self.turns.is_free or not self.turns.is_full:
            return None
        if path.startswith(GATEWAY) or method not in WORDED or self.spared.covers(method, path):
            return None
        self._count(method)
        self.silent += 1
        if self.silent == 1:
            asyncio.get_running_loop().call_later(1.0, self._tell)
        request = f"{self.run}-{next(self.numbers):0{NUMBER_LENGTH}x}".encode()
        return request.join(_sentence())

    def _count(self, method: str) -> None:
        """Count one; to find a counter by its labels costs more than all the rest of an answer."""
        if method not in self.counters:
            of_method = self.requests.labels(method, "unmatched", "503")
            self.counters[method] = (self.sent_away.labels("full"), of_method)
        for counter in self.counters[method]:
            counter.inc()

    def _tell(self) -> None:
        sent_away, self.silent = self.silent, 0
        log.warning("overloaded", sent_away=sent_away, waiting=self.turns.waiting)


@cache
def _sentence() -> tuple[bytes, bytes, bytes]:
    """Write the answer once: what stands before, between and after the two ids of the request."""
    gap = "0" * ID_LENGTH
    said = problem_of(Overloaded(), gap)
    begins, ends = said.body.split(gap.encode())
    headers = (
        (b"content-type", said.media_type.encode()),
        (b"content-length", str(len(said.body)).encode()),
        (b"retry-after", str(said.retry_after_seconds).encode()),
        *GUARDS,
    )
    told = b"".join(b"%b: %b\r\n" % each for each in headers)
    head = b"HTTP/1.1 503 Service Unavailable\r\n" + told + b"x-request-id: "
    return head, b"\r\n\r\n" + begins, ends


class Shedding:
    """Stands inside the telemetry, before everything that costs."""

    def __init__(
        self, app: App, *, settings: Settings, doorstep: Doorstep, say: SayAsGateway
    ) -> None:
        self.app = app
        self.settings = settings
        self.turns = doorstep.turns
        self.spared = doorstep.spared
        self.sent_away = doorstep.sent_away
        self.say = say

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request in its turn, or send it away."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            if _has_body(scope):
                if self.turns.is_full and not self._is_spared(scope):
                    raise NoTurnError("full")  # noqa: TRY301 -- before its body costs anything
                receive = await hear(receive)  # who sends slowly holds no turn
            until = asyncio.get_running_loop().time() + self.settings.request_seconds
            turn = self.turns.is_free or not self._is_spared(scope)
            if turn:
                await self.turns.take()
        except NoTurnError as none:
            await self.send_away(scope, send, Overloaded(), none.reason)
            return
        work = _Work(self, scope, send, self.turns.give_back if turn else _nothing)
        await work.do(receive, until)

    async def send_away(self, scope: Message, send: Send, refusal: Refusal, reason: str) -> None:
        """Say to come again, in the words of whom the request was meant for."""
        self.sent_away.labels(reason).inc()
        request = str(scope.get("hub.request_id", "-"))
        gateway = scope["path"].startswith(GATEWAY)
        answer = self.say(refusal, request) if gateway else problem_of(refusal, request)
        headers = [
            (b"content-type", answer.media_type.encode()),
            (b"content-length", str(len(answer.body)).encode()),
            (b"retry-after", str(answer.retry_after_seconds).encode()),
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _is_spared(self, scope: Message) -> bool:
        return self.spared.covers(scope["method"], scope["path"])


@dataclass(slots=True)
class _Work:
    """One request in its turn, until its answer begins or its time is up."""

    layer: Shedding
    scope: Message
    sender: Send
    give_back: Callable[[], None]
    begun: bool = False
    is_long: bool = False
    told: asyncio.Task[None] | None = None
    task: asyncio.Task[object] | None = field(default_factory=asyncio.current_task)
    timer: asyncio.TimerHandle | None = None

    async def do(self, receive: Receive, until: float) -> None:
        """Work, and give the turn back."""
        self.timer = asyncio.get_running_loop().call_at(until, self._give_up)
        try:
            await self.layer.app(self.scope, receive, self._pass_on)
        except asyncio.CancelledError:
            if self.told is None:
                raise
            assert self.task is not None
            self.task.uncancel()
        finally:
            self._end()
        if self.told is not None:
            await self.told

    async def _pass_on(self, message: Message) -> None:
        """Send the answer; once it begins the work is done, however slowly it is read."""
        if self.told is not None:
            return
        if not self.begun:
            self.begun = True
            self._end()
        await self.sender(message)

    def _end(self) -> None:
        if self.timer is not None:
            self.timer.cancel()
        give_back, self.give_back = self.give_back, _nothing
        give_back()

    def _give_up(self) -> None:
        """Answer in time; the work is called off, and what it has done its id tells."""
        settings, loop = self.layer.settings, asyncio.get_running_loop()
        if not self.is_long and self.layer.spared.is_operators(
            self.scope["method"], self.scope["path"]
        ):
            self.is_long = True
            more = settings.operator_request_seconds - settings.request_seconds
            self.timer = loop.call_later(max(0.0, more), self._give_up)
            return
        away = self.layer.send_away(self.scope, self.sender, Busy(), "deadline")
        self.told = loop.create_task(away)
        assert self.task is not None, "a request is served in a task"
        self.task.cancel()


def _nothing() -> None:
    """Give nothing back: no turn was taken, or it is back already."""


def _has_body(scope: Message) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )
