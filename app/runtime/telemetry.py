"""Request ids, one structured log line per request, counters, and the body limit.

Log lines carry the path template, never the query or the body: no personal number can reach them.
"""

from __future__ import annotations

import asyncio
import json
import logging
import random
import re
import sys
import time
import traceback
from collections import Counter as Counted
from collections.abc import Awaitable, Callable, Iterator, MutableMapping, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from functools import cache
from typing import Any

import structlog
from prometheus_client import CollectorRegistry, Counter, Histogram
from starlette.exceptions import HTTPException

from app.kernel.personal import holds_citizen_number
from app.kernel.refusal import Refusal
from app.runtime.problems import BodyTooLarge, Bug, HeadersTooLarge, Malformed, problem_of
from app.runtime.settings import Settings

Message = MutableMapping[str, Any]  # the ASGI protocol's own type
Receive = Callable[[], Awaitable[Message]]
Send = Callable[[Message], Awaitable[None]]
App = Callable[[Message, Receive, Send], Awaitable[None]]
log = structlog.get_logger()
REQUEST_ID = re.compile(r"(?!.*\d{14})[0-9A-Za-z._-]{8,64}")  # long digits may be a person's
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})
# What a browser must not do with an answer: guess its type, frame it, run it, tell of it.
# A page that needs more says so itself (docs_pages).
GUARDS = (
    (b"cache-control", b"no-store"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
    (b"referrer-policy", b"no-referrer"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"strict-transport-security", b"max-age=31536000"),
)
# Of two of these a proxy may believe the one and the hub the other.
ONCE = frozenset({
    b"authorization", b"idempotency-key", b"content-type", b"content-length", b"content-encoding",
    b"host", b"hub-key", b"hub-date", b"hub-signature",
})  # fmt: skip
SENT_TWICE = "sent more than once 请求头重复"
GIVEN = frozenset(
    {b"x-request-id", b"ratelimit-policy", b"ratelimit"} | {name for name, _ in GUARDS}
)
IS_WHOLE = "hub.is_whole"  # set by a server that knows, once all of a request is there
DIGITS_MAX = 20  # of a length, with the zeros before it: more are no number to the language
CHAIN_MAX = 5
FRAMES_MAX = 12
_IDS = random.Random()  # noqa: S311 -- an id opens nothing; of its own, so that nobody else seeds it
UPLOADS = re.compile(rb"(text/csv|application/vnd\.openxmlformats|multipart/form-data)")


class Metrics:
    """What the hub counts; one registry per application, so that tests do not meet."""

    def __init__(self) -> None:
        self.registry = CollectorRegistry()
        self.requests = Counter(
            "hub_requests",
            "Requests answered",
            ["method", "path", "status"],
            registry=self.registry,
        )
        self.seconds = Histogram(
            "hub_request_seconds", "Time to answer", ["method", "path"], registry=self.registry
        )
        self._known: dict[tuple[str, str, int], tuple[Counter, Histogram]] = {}

    def note(self, method: str, path: str, status: int, seconds: float) -> None:
        """Count a request; each kind of it is looked up among the labels once."""
        kind = method, path, status
        known = self._known.get(kind)
        if known is None:
            known = self._known[kind] = (
                self.requests.labels(method, path, str(status)),
                self.seconds.labels(method, path),
            )
        known[0].inc()
        known[1].observe(seconds)


def configure_logging(settings: Settings) -> None:
    """Send structured lines to standard error."""
    render: structlog.typing.Processor = (
        structlog.processors.JSONRenderer(serializer=_line_of)
        if settings.log_json
        else structlog.dev.ConsoleRenderer(colors=sys.stderr.isatty())
    )
    structlog.configure(
        processors=[
            structlog.processors.add_log_level,
            structlog.processors.TimeStamper(fmt="iso", utc=True),
            structlog.processors.format_exc_info,
            render,
        ],
        wrapper_class=structlog.make_filtering_bound_logger(
            logging.getLevelNamesMapping()[settings.log_level.upper()]
        ),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stderr),
        cache_logger_on_first_use=False,
    )
    line_log.cache_clear()


_ENCODER = json.JSONEncoder(ensure_ascii=False, default=repr)


def _line_of(event: MutableMapping[str, Any], **_: object) -> str:
    return _ENCODER.encode(event)


@cache
def line_log() -> structlog.typing.FilteringBoundLogger:
    """Return the log as it is configured; put together once, not for every request's line."""
    bound: structlog.typing.FilteringBoundLogger = structlog.get_logger().bind()
    return bound


_ASKED_BY_ITSELF: ContextVar[bool] = ContextVar("asked by the hub itself", default=False)


@contextmanager
def unlogged() -> Iterator[None]:
    """Leave the lines of requests out of the log that the hub makes of itself in here."""
    before = _ASKED_BY_ITSELF.set(True)
    try:
        yield
    finally:
        _ASKED_BY_ITSELF.reset(before)


class Telemetry:
    """Outermost ASGI layer: id in, limit, answer, one line and two counters out."""

    def __init__(self, app: App, settings: Settings, metrics: Metrics) -> None:
        self.app = app
        self.settings = settings
        self.metrics = metrics
        self.header_bytes_max = settings.header_bytes_max

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        headers = dict(scope["headers"])
        request_id = _request_id(headers)
        scope["hub.request_id"] = request_id
        begun = time.perf_counter()
        status = 500
        started = False

        async def send_on(message: Message) -> None:
            nonlocal status, started
            if message["type"] == "http.response.start":
                started, status = True, message["status"]
                said = message.get("headers", [])
                extra = [(b"x-request-id", request_id.encode()), *GUARDS, *_limits_of(scope)]
                present = GIVEN.intersection([k.lower() for k, _ in said])
                if present:
                    extra = [(k, v) for k, v in extra if k not in present]
                message["headers"] = [*said, *extra]
            await send(message)

        try:
            self._check_headers(scope["headers"], len(headers))
            limit = self._limit(headers)
            limited = _Limited(receive, limit, self.settings.body_wait_seconds, scope)
            await self.app(scope, limited, send_on)
        except TooLargeError as large:
            if started:
                raise
            await _answer(send_on, request_id, BodyTooLarge(bytes_max=large.limit))
        except (HeadersTooLarge, Malformed) as refusal:
            await _answer(send_on, request_id, refusal)
        except Exception as error:
            log.error("bug", request=request_id, **traces_of(error))  # noqa: TRY400 -- never the message
            if started:
                raise
            bug = problem_of(Bug(), request_id)
            await _send_bytes(send_on, bug.status, bug.body, bug.media_type)
        finally:
            self._note(scope, request_id, status, time.perf_counter() - begun)

    def _check_headers(self, sent: Sequence[tuple[bytes, bytes]], names: int) -> None:
        size = 0
        for name, value in sent:
            size += len(name) + len(value)
        if size > self.header_bytes_max:
            raise HeadersTooLarge(bytes_max=self.header_bytes_max)
        if names < len(sent):
            self._refuse_repeated(sent)

    def _refuse_repeated(self, sent: Sequence[tuple[bytes, bytes]]) -> None:
        names = Counted(name for name, _ in sent if name in ONCE)
        faults = [
            {"in": "header", "pointer": f"/{name.decode()}", "code": "twice", "detail": SENT_TWICE}
            for name, times in names.items()
            if times > 1
        ]
        if faults:
            raise Malformed(errors=faults)

    def _limit(self, headers: dict[bytes, bytes]) -> int:
        upload = UPLOADS.match(headers.get(b"content-type", b""))
        limit = self.settings.upload_bytes_max if upload else self.settings.body_bytes_max
        declared = headers.get(b"content-length", b"0")
        if declared.isdigit() and (len(declared) > DIGITS_MAX or int(declared) > limit):
            raise TooLargeError(limit)
        return limit

    def _note(self, scope: Message, request_id: str, status: int, seconds: float) -> None:
        route = scope.get("route")
        path = getattr(route, "path", "unmatched")
        caller = scope.get("hub.caller")
        method = scope["method"] if scope["method"] in METHODS else "other"
        self.metrics.note(method, path, status, seconds)
        if not _ASKED_BY_ITSELF.get():
            line_log().info(
                "request",
                request=request_id,
                method=method,
                path=path,
                status=status,
                ms=round(seconds * 1000, 1),
                party=getattr(caller, "party", None),
            )


class TooLargeError(HTTPException):
    """The body passed the limit while it was being read.

    The framework turns any other exception met there into "cannot be parsed".
    """

    def __init__(self, limit: int) -> None:
        super().__init__(413)
        self.limit = limit


class TooSlowError(HTTPException):
    """The body was still not there when its time was up."""

    def __init__(self, seconds: float) -> None:
        super().__init__(408)
        self.seconds = seconds


class _Limited:
    """Count the bytes of a body as they come, and its time; a sender may lie about its length."""

    def __init__(self, receive: Receive, limit: int, seconds: float, scope: Message) -> None:
        self.receive = receive
        self.limit = limit
        self.seconds = seconds
        self.scope = scope
        self.until: float | None = None
        self.seen = 0
        self.whole = False

    async def __call__(self) -> Message:
        """Pass one piece on."""
        if self.whole:  # what comes after the body is only that the sender has gone
            return await self.receive()
        if IS_WHOLE in self.scope:  # nothing to wait for, so that no time need be set
            message = await self.receive()
        else:
            message = await self._in_time()
        self.whole = not message.get("more_body", False)
        self.seen += len(message.get("body", b""))
        if self.seen > self.limit:
            raise TooLargeError(self.limit)
        return message

    async def _in_time(self) -> Message:
        if self.until is None:
            self.until = asyncio.get_running_loop().time() + self.seconds
        try:
            async with asyncio.timeout_at(self.until):
                return await self.receive()
        except TimeoutError:
            raise TooSlowError(self.seconds) from None


def traces_of(error: BaseException) -> dict[str, object]:
    """Say what failed and where, never what it said: a message may quote a person's number."""
    chain: list[str] = []
    frames: list[str] = []
    at: BaseException | None = error
    while at is not None and len(chain) < CHAIN_MAX:
        state = getattr(at, "sqlstate", None)
        chain.append(type(at).__name__ + (f"({state})" if state else ""))
        frames += [
            f"{frame.filename}:{frame.lineno} {frame.name}"
            for frame in traceback.extract_tb(at.__traceback__)[-FRAMES_MAX:]
        ]
        at = at.__cause__ or at.__context__
    return {"error": " from ".join(chain), "frames": frames}


def _request_id(headers: dict[bytes, bytes]) -> str:
    sent = headers.get(b"x-request-id")
    if sent is not None:
        text = sent.decode("latin-1")
        if REQUEST_ID.fullmatch(text) and not holds_citizen_number(text):  # it is logged
            return text
    return f"{_IDS.getrandbits(128):032x}"


def _limits_of(scope: Message) -> list[tuple[bytes, bytes]]:
    """Return the RateLimit headers of whoever was let in."""
    limit = scope.get("hub.limit")
    headers: list[tuple[bytes, bytes]] = [] if limit is None else limit.headers()
    return headers


async def _answer(send: Send, request_id: str, refusal: Refusal) -> None:
    answer = problem_of(refusal, request_id)
    await _send_bytes(send, answer.status, answer.body, answer.media_type)


async def _send_bytes(send: Send, status: int, body: bytes, media_type: str) -> None:
    headers = [
        (b"content-type", media_type.encode()),
        (b"content-length", str(len(body)).encode()),
    ]
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
