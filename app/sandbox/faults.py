"""Faults a sandbox plays on demand: what a bad network and a tired server do to a message."""

from __future__ import annotations

import enum
import re
from dataclasses import dataclass, replace

from app.sandbox.errors import FaultUnreadable

MS_MAX = 60_000
DRIP_MS = 50
STATUSES = (429, 500, 502, 503, 504)
ORDER = re.compile(r"\s*([a-z_]+)(?:=([a-z_0-9]{1,20}))?\s*")
KNOWN = (
    "delay=2000",
    "lose_answer=before_commit",
    "lose_answer=after_commit",
    "duplicate",
    "session_expired",
    "status=502",
    "malformed_json",
    "slow_drip=50",
)


class Lost(enum.StrEnum):
    """When an answer is lost (应答丢失)."""

    BEFORE_COMMIT = "before_commit"  # nothing was done
    AFTER_COMMIT = "after_commit"  # it was done, and nobody was told


@dataclass(frozen=True, slots=True, kw_only=True)
class Faults:
    """The faults of one exchange."""

    delay_ms: int = 0
    lost: Lost | None = None
    duplicate: bool = False
    session_expired: bool = False
    status: int | None = None
    malformed_json: bool = False
    drip_ms: int = 0


def faults_of(text: str) -> Faults:
    """Read faults as they are ordered: `delay=2000, lose_answer=after_commit`."""
    faults = Faults()
    for part in text.split(","):
        order = ORDER.fullmatch(part)
        if order is None:
            raise FaultUnreadable(known=list(KNOWN))
        faults = _with(faults, order[1], order[2])
    return faults


def _with(faults: Faults, name: str, value: str | None) -> Faults:  # noqa: PLR0911 -- a list
    if name == "duplicate" and value is None:
        return replace(faults, duplicate=True)
    if name == "session_expired" and value is None:
        return replace(faults, session_expired=True)
    if name == "malformed_json" and value is None:
        return replace(faults, malformed_json=True)
    if name == "lose_answer" and value in tuple(Lost):
        return replace(faults, lost=Lost(value))
    if name == "slow_drip" and value is None:
        return replace(faults, drip_ms=DRIP_MS)
    number = int(value) if value is not None and value.isdecimal() else -1
    if name == "delay" and 0 <= number <= MS_MAX:
        return replace(faults, delay_ms=number)
    if name == "slow_drip" and 0 < number <= MS_MAX:
        return replace(faults, drip_ms=number)
    if name == "status" and number in STATUSES:
        return replace(faults, status=number)
    raise FaultUnreadable(known=list(KNOWN))
