"""The core: how one request is carried to an answer that counts. It travels nowhere by itself."""

from __future__ import annotations

import base64
from collections.abc import Callable
from dataclasses import replace
from urllib.parse import quote, urlencode

from hub_client.desk import Desk, Token
from hub_client.problems import (
    AnswerUnreadableError,
    Problem,
    UnreachableError,
    refused,
)
from hub_client.wire import Json, Lost, Plan, Reply, Request, keep, send, wait

EARLY_SECONDS = 30.0  # a token is renewed before it can expire on the way
UNAUTHORISED = 401


def persist(
    desk: Desk,
    request: Request,
    deadline: float,
    before_retry: Callable[[], None] | None = None,
) -> Plan[Reply | Lost]:
    """Send until an answer counts or the deadline (seconds from now) passes; at least once."""
    until = desk.monotonic() + deadline
    attempt = 1
    while True:
        reply = yield from _authorised(desk, request)
        asked = None
        if isinstance(reply, Reply):
            if not reply.may_go_again and not _torn(reply):
                return reply
            asked = reply.retry_after_seconds(desk.wall())
        pause = desk.pacing.pause(attempt, asked)
        if desk.monotonic() + pause >= until:
            return reply
        yield from wait(pause)
        if before_retry is not None:
            yield from keep(before_retry)
        attempt += 1


def _torn(reply: Reply) -> bool:
    """Say whether a success did not arrive whole; its stored answer can be had again."""
    return 200 <= reply.status < 300 and not reply.is_applied  # noqa: PLR2004 -- HTTP's own


def _authorised(desk: Desk, request: Request) -> Plan[Reply | Lost]:
    """Send with a token; once more when the hub takes it for expired."""
    for last in (False, True):
        token = desk.token
        if token is None or desk.monotonic() >= token.until:
            got = yield from _fetch_token(desk)
            if not isinstance(got, Token):
                return got
            token = desk.token = got
        headers = {**request.headers, "authorization": f"Bearer {token.access}"}
        reply = yield from send(replace(request, headers=headers))
        if last or isinstance(reply, Lost) or reply.status != UNAUTHORISED:
            return reply
        if desk.token is token:
            desk.token = None
    raise AssertionError("unreachable")


def _fetch_token(desk: Desk) -> Plan[Token | Reply | Lost]:
    """Exchange the credentials for a token (RFC 6749 4.4)."""
    mine = desk.credentials
    basic = base64.b64encode(f"{mine.client_id}:{mine.secret}".encode()).decode()
    reply = yield from send(
        Request(
            method="POST",
            path="/oauth/token",
            headers={
                "authorization": f"Basic {basic}",
                "content-type": "application/x-www-form-urlencoded",
            },
            body=urlencode({"grant_type": "client_credentials"}).encode(),
        )
    )
    if isinstance(reply, Lost) or not reply.is_applied:
        return reply
    told = reply.json
    if not isinstance(told, dict) or not isinstance(told.get("access_token"), str):
        return Lost("the token's answer was unreadable")
    lives = told.get("expires_in")
    seconds = float(lives) if isinstance(lives, int | float) else 0.0
    early = min(EARLY_SECONDS, seconds / 2)
    return Token(str(told["access_token"]), desk.monotonic() + seconds - early)


def read(
    desk: Desk, path: str, params: dict[str, str] | None = None, deadline: float | None = None
) -> Plan[Json]:
    """Ask for something; a read may be repeated as often as it takes."""
    request = Request(method="GET", path=path, params=params or {})
    limit = desk.pacing.deadline if deadline is None else deadline
    reply = yield from persist(desk, request, limit)
    return said(reply)


def said(reply: Reply | Lost) -> Json:
    """Return what a reply says, or raise what it means."""
    if isinstance(reply, Lost):
        raise UnreachableError(reply.why)
    if reply.is_applied:
        return reply.json
    problem = reply.problem
    if problem is not None and reply.is_refused:
        raise refused(Problem.read(problem, reply.status))
    raise UnreachableError(f"HTTP {reply.status}")


def record(told: Json) -> dict[str, Json]:
    """Insist that an answer is a JSON object."""
    if not isinstance(told, dict):
        raise AnswerUnreadableError("the answer is not an object")
    return told


def segment(number: str) -> str:
    """Write a number as one piece of a path."""
    return quote(number, safe="")
