"""The layer that gives every request a turn and a deadline, or says at once to come again.

It stands before parsing and authentication, so that a request sent away has cost next to nothing.
"""

from __future__ import annotations

import asyncio
import re
from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import ClassVar, TypeAlias

from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from prometheus_client import CollectorRegistry, Counter, Gauge
from starlette.exceptions import HTTPException

from app.kernel.parties import PartyKind
from app.kernel.refusal import Kind, Refusal
from app.runtime.door import Busy
from app.runtime.problems import Answer, problem_of
from app.runtime.settings import Settings
from app.runtime.telemetry import App, Message, Receive, Send
from app.runtime.turns import NoTurnError, Turns

# Who looks after the hub must get through when nobody else does; the sandbox's own paths send
# requests of their own, which could not get a turn while these hold theirs.
SPARED = ("/v1/health/", "/v1/metrics", "/v1/sandbox")
GATEWAY = "/compat/"
OperatorsPath: TypeAlias = tuple[re.Pattern[str], frozenset[str]]
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


class Shedding:
    """Stands inside the telemetry, before everything that costs."""

    def __init__(
        self, app: App, *, settings: Settings, turns: Turns, sent_away: Counter, say: SayAsGateway
    ) -> None:
        self.app = app
        self.settings = settings
        self.turns = turns
        self.sent_away = sent_away
        self.say = say
        self.operators: list[OperatorsPath] | None = None

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request in its turn, or send it away."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        try:
            if _has_body(scope):
                if self.turns.is_full and not self._is_spared(scope):
                    raise NoTurnError("full")  # noqa: TRY301 -- before its body costs anything
                receive = await _whole(receive)  # who sends slowly holds no turn
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
        return scope["path"].startswith(SPARED) or self.is_operators(scope)

    def is_operators(self, scope: Message) -> bool:
        """Say whether only the operator may ask this."""
        if self.operators is None:
            self.operators = list(operators_paths(scope["app"]))
        method, path = scope["method"], scope["path"]
        return any(method in methods and it.match(path) for it, methods in self.operators)


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
        if not self.is_long and self.layer.is_operators(self.scope):
            self.is_long = True
            more = settings.operator_request_seconds - settings.request_seconds
            self.timer = loop.call_later(max(0.0, more), self._give_up)
            return
        away = self.layer.send_away(self.scope, self.sender, Busy(), "deadline")
        self.told = loop.create_task(away)
        assert self.task is not None, "a request is served in a task"
        self.task.cancel()


def operators_paths(app: FastAPI) -> Iterator[OperatorsPath]:
    """Yield the paths and methods that are open to the operator alone."""
    for context in iter_route_contexts(app.routes):
        pattern = getattr(context, "path_regex", None)
        dependencies = getattr(context.original_route, "dependencies", ())
        said = (getattr(it.dependency, "kinds", ()) for it in dependencies)
        kinds = next(filter(None, said), ())
        if pattern is not None and tuple(kinds) == (PartyKind.OPERATOR,):
            yield pattern, frozenset(context.methods or ())


def _nothing() -> None:
    """Give nothing back: no turn was taken, or it is back already."""


def _has_body(scope: Message) -> bool:
    return any(
        name == b"transfer-encoding" or (name == b"content-length" and value != b"0")
        for name, value in scope["headers"]
    )


async def _whole(receive: Receive) -> Receive:
    """Wait until a body is there; what went wrong on the way is met by whoever reads it."""
    heard: deque[Message | HTTPException] = deque()
    more = True
    while more:
        try:
            message = await receive()
        except HTTPException as fault:  # too large, too slow
            heard.append(fault)
            break
        heard.append(message)
        more = message.get("more_body", False)

    async def again() -> Message:
        if not heard:
            return await receive()
        piece = heard.popleft()
        if isinstance(piece, HTTPException):
            raise piece
        return piece

    return again
