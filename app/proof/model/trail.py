"""Lines of the audit trail, and what is looked for in it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailLine:
    """Who did or looked at what, when, and under which request 操作留痕."""

    seq: int
    at: datetime
    party: str
    client: str
    request: str
    action: str
    subject: str
    facts: Mapping[str, object]
    message: str | None


@dataclass(frozen=True, slots=True, kw_only=True)
class TrailAsked:
    """What a search looks for; what is None does not matter. An action may be its beginning."""

    subject: str | None = None
    party: str | None = None
    client: str | None = None
    action: str | None = None
    since: datetime | None = None
    until: datetime | None = None
