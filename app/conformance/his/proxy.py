"""The proxy: passes everything on, keeps it, and strikes where a trial is due."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import httpx

from app.conformance.evidence import Exchanged, shown
from app.conformance.his.seen import Seen, read
from app.conformance.his.trials import Strike, Trial, Watch

Scope: TypeAlias = MutableMapping[str, Any]  # ASGI's own shapes
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
HOP_BY_HOP = frozenset({"host", "connection", "content-length", "transfer-encoding"})
PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
EVIDENCE_MAX = 40  # exchanges kept of one trial
LATE_SECONDS = 1.5


class Proxy:
    """An ASGI application between a hospital's software and a hub."""

    def __init__(
        self, upstream: httpx.AsyncClient, watch: Watch, *, late_seconds: float = LATE_SECONDS
    ) -> None:
        self.upstream = upstream
        self.watch = watch
        self.late_seconds = late_seconds
        self.late: set[asyncio.Task[httpx.Response]] = set()

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Carry one request."""
        if scope["type"] != "http":
            return
        request = self.upstream.build_request(
            scope["method"],
            _target(scope),
            headers=[
                (name, value)
                for name, value in scope["headers"]
                if name.decode("latin-1") not in HOP_BY_HOP
            ],
            content=await _body(receive),
        )
        seen = read(
            request.method,
            scope["path"],
            request.headers.get("idempotency-key", ""),
            request.content,
        )
        trial = self.watch.meet(seen)
        began = time.perf_counter()
        answer = await self._carry(request, trial)
        self._keep(request, seen, answer, time.perf_counter() - began)
        await _answer(answer, send)

    async def _carry(self, request: httpx.Request, trial: Trial | None) -> httpx.Response | None:
        """Pass a request on; None when the line is cut."""
        match None if trial is None else trial.strike:
            case Strike.LOSE_AFTER:
                await self.upstream.send(request)
                return None
            case Strike.LOSE_BEFORE:
                return None
            case Strike.LATE:
                task = asyncio.create_task(self._later(request))
                self.late.add(task)
                task.add_done_callback(self.late.discard)
                return None
            case Strike.BAD_GATEWAY:
                return httpx.Response(502, content=PAGE, headers={"content-type": "text/html"})
            case None:
                try:
                    return await self.upstream.send(request)
                except httpx.TransportError:
                    return httpx.Response(502, content=PAGE)

    async def _later(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self.late_seconds)
        return await self.upstream.send(request)

    def _keep(
        self, request: httpx.Request, seen: Seen, answer: httpx.Response | None, seconds: float
    ) -> None:
        kept = Exchanged(
            party="",
            request=f"{request.method} {request.url.path}",
            message=seen.message,
            sent=shown(request.content),
            status=None if answer is None else answer.status_code,
            received="the line was cut" if answer is None else shown(answer.content),
            seconds=seconds,
        )
        for trial in self.watch.trials:
            struck = trial.struck
            related = struck is not None and struck.message in (seen.message, seen.about)
            same = struck is not None and struck.business == seen.business
            if (related or same) and len(trial.exchanges) < EVIDENCE_MAX:
                trial.exchanges.append(kept)


def _target(scope: Scope) -> str:
    raw: bytes = scope.get("raw_path") or scope["path"].encode()
    query: bytes = scope["query_string"]
    return raw.decode("latin-1") + (f"?{query.decode('latin-1')}" if query else "")


async def _body(receive: Receive) -> bytes:
    parts = []
    while True:
        message = await receive()
        parts.append(message.get("body", b""))
        if not message.get("more_body"):
            return b"".join(parts)


async def _answer(answer: httpx.Response | None, send: Send) -> None:
    """Answer, or promise bytes and break the line off: the server closes the connection."""
    if answer is None:
        promise = [(b"content-length", b"4096"), (b"content-type", b"application/json")]
        await send({"type": "http.response.start", "status": 200, "headers": promise})
        await send({"type": "http.response.body", "body": b"{", "more_body": True})
        return
    headers = [
        (name.lower(), value)
        for name, value in answer.headers.raw
        if name.lower().decode("latin-1") not in {*HOP_BY_HOP, "content-encoding"}
    ]
    headers.append((b"content-length", str(len(answer.content)).encode()))
    start = {"type": "http.response.start", "status": answer.status_code, "headers": headers}
    await send(start)
    await send({"type": "http.response.body", "body": answer.content})
