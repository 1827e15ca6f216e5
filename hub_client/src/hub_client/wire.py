"""What goes out and what comes back, without saying how it travels: requests, replies, effects.

A plan is a generator that yields effects (send this, wait so long, keep that) and is sent back what
came of them. Both shells, blocking and asynchronous, drive the same plans.
"""

from __future__ import annotations

import json
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from email.utils import parsedate_to_datetime
from typing import TypeAlias, TypeVar

T = TypeVar("T")
R = TypeVar("R")
Json: TypeAlias = "dict[str, Json] | list[Json] | str | int | float | bool | None"
PROBLEM_TYPE = "application/problem+json"
PASSING = frozenset({502, 503, 504})  # a way station or a busy hub: the same message may go again


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One HTTP request, whole."""

    method: str
    path: str
    params: Mapping[str, str] = field(default_factory=dict)
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Reply:
    """One HTTP answer, whole; header names are lower case."""

    status: int
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b""

    @property
    def json(self) -> Json:
        """Return the body as JSON; None when it is not."""
        try:
            read: Json = json.loads(self.body)
        except ValueError:
            return None
        return read

    @property
    def is_applied(self) -> bool:
        """Say whether the hub did it: a success whose body arrived whole."""
        return 200 <= self.status < 300 and (not self.body or self.json is not None)  # noqa: PLR2004 -- HTTP's own

    @property
    def problem(self) -> dict[str, Json] | None:
        """Return the hub's refusal; None when this is not one (a proxy's page, say)."""
        kind = self.headers.get("content-type", "").partition(";")[0].strip()
        read = self.json
        is_one = kind == PROBLEM_TYPE and isinstance(read, dict) and "code" in read
        return read if is_one and isinstance(read, dict) else None

    @property
    def is_refused(self) -> bool:
        """Say whether the hub itself said no, and it will not help to ask the same again."""
        no = 400 <= self.status < 500 and self.problem is not None  # noqa: PLR2004 -- HTTP's own
        return no and not self.is_running

    @property
    def is_running(self) -> bool:
        """Say whether an earlier copy of the message is still being worked on."""
        return self.problem is not None and self.problem.get("code") == "message-running"

    @property
    def may_go_again(self) -> bool:
        """Say whether the same message should be sent again after a while."""
        return self.status in PASSING or self.is_running

    def retry_after_seconds(self, now: float) -> float | None:
        """Return how long the hub asks to wait, whether given in seconds or as a date."""
        said = self.headers.get("retry-after", "").strip()
        if said.isdigit():
            return float(said)
        try:
            return max(0.0, parsedate_to_datetime(said).timestamp() - now)
        except (TypeError, ValueError):
            return None


@dataclass(frozen=True, slots=True)
class Lost:
    """No answer: it was cut off, timed out, or never left. Nobody knows which."""

    why: str


@dataclass(frozen=True, slots=True)
class Send:
    """Effect: exchange a request for a reply."""

    request: Request


@dataclass(frozen=True, slots=True)
class Wait:
    """Effect: let time pass."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Keep:
    """Effect: touch the disk."""

    act: Callable[[], None]


Effect: TypeAlias = Send | Wait | Keep
Event: TypeAlias = Reply | Lost | None
Plan: TypeAlias = Generator[Effect, Event, T]


def send(request: Request) -> Plan[Reply | Lost]:
    """Exchange a request."""
    event = yield Send(request)
    assert event is not None, "the shell answers every request"
    return event


def wait(seconds: float) -> Plan[None]:
    """Let time pass."""
    yield Wait(seconds)


def keep(act: Callable[[], R]) -> Plan[R]:
    """Do something durable and return what it returned."""
    kept: list[R] = []
    yield Keep(lambda: kept.append(act()))
    return kept[0]
