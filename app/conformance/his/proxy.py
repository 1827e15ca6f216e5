"""The proxy: passes everything on, keeps it, and strikes where a trial is due."""

from __future__ import annotations

import asyncio
import json
import time
from collections.abc import Awaitable, Callable, MutableMapping
from typing import Any, TypeAlias

import httpx

from app.conformance.evidence import Exchanged, shown
from app.conformance.his.seen import Seen, read
from app.conformance.his.trials import ONLY_ACCEPTED, Strike, Trial, Watch

Scope: TypeAlias = MutableMapping[str, Any]  # ASGI's own shapes
Message: TypeAlias = MutableMapping[str, Any]
Receive: TypeAlias = Callable[[], Awaitable[Message]]
Send: TypeAlias = Callable[[Message], Awaitable[None]]
HOP_BY_HOP = frozenset({"host", "connection", "content-length", "transfer-encoding"})
JSON = {"content-type": "application/json"}
PAGE = b"<html><body><h1>502 Bad Gateway</h1></body></html>"
EVIDENCE_MAX = 40  # exchanges kept of one trial
LATE_SECONDS = 1.5
DRIP_SECONDS = 8.0
DROPS = 20
DELAY_SECONDS = 35.0  # past the thirty that are the usual patience
EXPIRED_TITLES = ("The session has expired; sign in again", "签到（令牌）已失效，请重新签到")


class Proxy:
    """An ASGI application between a hospital's software and a hub."""

    def __init__(
        self,
        upstream: httpx.AsyncClient,
        watch: Watch,
        *,
        late_seconds: float = LATE_SECONDS,
        drip_seconds: float = DRIP_SECONDS,
        delay_seconds: float = DELAY_SECONDS,
    ) -> None:
        self.upstream = upstream
        self.watch = watch
        self.late_seconds = late_seconds
        self.drip_seconds = drip_seconds
        self.delay_seconds = delay_seconds
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
        answer = await self._carry(request, seen, trial)
        if trial is not None and trial.strike in ONLY_ACCEPTED and trial.struck is seen:
            late = self.delay_seconds if trial.strike is Strike.DELAY else 0.0
            trial.delivered = await _is_there(receive, late)
        self._keep(request, seen, answer, time.perf_counter() - began)
        if answer is not None and trial is not None and trial.strike is Strike.DRIP:
            trial.delivered = await self._drip(answer, receive, send)
        else:
            await _answer(answer, send)

    async def _carry(
        self, request: httpx.Request, seen: Seen, trial: Trial | None
    ) -> httpx.Response | None:
        """Pass a request on, or do not; None when the line is cut."""
        match None if trial is None else trial.strike:
            case Strike.LOSE_BEFORE:
                return None
            case Strike.LATE:
                task = asyncio.create_task(self._later(request))
                self.late.add(task)
                task.add_done_callback(self.late.discard)
                return None
            case Strike.BAD_GATEWAY:
                return httpx.Response(502, content=PAGE, headers={"content-type": "text/html"})
            case Strike.SESSION:
                return _expired(seen)
            case Strike.DELAY | Strike.DUPLICATE if trial is not None:
                return await self._accepted(request, seen, trial)
            case strike:
                return _spoilt(strike, await self._passed_on(request))

    async def _passed_on(self, request: httpx.Request) -> httpx.Response:
        try:
            return await self.upstream.send(request)
        except httpx.TransportError:
            return httpx.Response(502, content=PAGE)

    async def _accepted(self, request: httpx.Request, seen: Seen, trial: Trial) -> httpx.Response:
        """Pass a message on, once or twice; one that is refused is let alone."""
        began = time.perf_counter()
        answer = await self._passed_on(request)
        if not _is_accepted(seen, answer):
            trial.release()
        elif trial.strike is Strike.DUPLICATE:
            self._keep(request, seen, answer, time.perf_counter() - began)
            again = await self._passed_on(request)
            return again if _is_accepted(seen, again) else answer
        return answer

    async def _later(self, request: httpx.Request) -> httpx.Response:
        await asyncio.sleep(self.late_seconds)
        return await self.upstream.send(request)

    async def _drip(self, answer: httpx.Response, receive: Receive, send: Send) -> bool:
        """Answer in drops; say whether somebody was there until the last."""
        content, gone = answer.content, asyncio.create_task(_next(receive))
        size = max(1, len(content) // DROPS)
        drops = [content[at : at + size] for at in range(0, len(content), size)]
        await send(_start(answer, len(content)))
        try:
            for drop in drops[:-1]:
                await send({"type": "http.response.body", "body": drop, "more_body": True})
                await asyncio.sleep(self.drip_seconds / DROPS)
            stayed = not gone.done()
            await send({"type": "http.response.body", "body": drops[-1] if drops else b""})
        finally:
            gone.cancel()
        return stayed

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
    await send(_start(answer, len(answer.content)))
    await send({"type": "http.response.body", "body": answer.content})


def _start(answer: httpx.Response, length: int) -> Message:
    headers = [
        (name.lower(), value)
        for name, value in answer.headers.raw
        if name.lower().decode("latin-1") not in {*HOP_BY_HOP, "content-encoding"}
    ]
    headers.append((b"content-length", str(length).encode()))
    return {"type": "http.response.start", "status": answer.status_code, "headers": headers}


async def _next(receive: Receive) -> Message:
    """Wait for what comes after the body: that the caller has hung up."""
    return await receive()


async def _is_there(receive: Receive, seconds: float) -> bool:
    """Say whether the caller is still there so many seconds later; one who hung up ends it."""
    gone = asyncio.create_task(_next(receive))
    left, _ = await asyncio.wait({gone}, timeout=seconds)
    gone.cancel()
    return not left


def _is_accepted(seen: Seen, answer: httpx.Response) -> bool:
    """Say whether the hub did what the message asks; the gateway says so in its envelope."""
    if not answer.is_success or seen.face != "gateway":
        return answer.is_success
    try:
        return str(answer.json()["infcode"]) == "0"
    except (ValueError, KeyError, TypeError):
        return False


def _spoilt(strike: Strike | None, answer: httpx.Response) -> httpx.Response | None:
    """Do to an answer what the strike does; half of one is sent as if it were whole."""
    if strike is Strike.LOSE_AFTER:
        return None
    if strike is not Strike.MALFORMED:
        return answer
    kind = answer.headers.get("content-type", "application/json")
    half = answer.content[: len(answer.content) // 2]
    return httpx.Response(answer.status_code, content=half, headers={"content-type": kind})


def _expired(seen: Seen) -> httpx.Response:
    """Answer as a hub does whose session, or token, is over; nothing was done."""
    english, chinese = EXPIRED_TITLES
    if seen.face == "gateway":
        told = {
            "infcode": -1,
            "inf_refmsgid": "",
            "err_msg": f"[SESSION_EXPIRED] {chinese}",
            "output": {"errors": [{"code": "SESSION_EXPIRED", "message": chinese}]},
        }
        return httpx.Response(
            200, content=json.dumps(told, ensure_ascii=False).encode(), headers=JSON
        )
    told = {
        "type": "/problems/unauthenticated",
        "code": "unauthenticated",
        "title": english,
        "title_zh": chinese,
        "status": 401,
    }
    content = json.dumps(told, ensure_ascii=False).encode()
    return httpx.Response(
        401, content=content, headers={"content-type": "application/problem+json"}
    )
