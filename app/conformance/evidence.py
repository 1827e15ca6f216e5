"""What a case leaves behind: every exchange with personal data masked, and the verdict."""

from __future__ import annotations

import enum
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass, field

from app.kernel.identity import masked_name, masked_number

SHOWN_MAX = 4_000
NUMBERS = frozenset({"certificate_number", "certno", "card", "card_number", "mdtrt_cert_no"})
NAMES = frozenset({"name", "worker_name", "psn_name"})
SECRETS = frozenset({"access_token", "client_secret", "electronic_card"})


class DeviationError(Exception):
    """What was expected did not come."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Exchanged:
    """One request and what came of it."""

    party: str
    request: str  # method and path
    message: str
    sent: str
    status: int | None
    received: str
    seconds: float


class Verdict(enum.StrEnum):
    """How a case ended."""

    PASSED = "passed"
    FAILED = "failed"
    ERROR = "error"  # the case could not be played to its end
    SKIPPED = "skipped"  # the clients it needs were not given


@dataclass(slots=True, kw_only=True)
class Result:
    """A case that was played."""

    family: str
    name: str
    face: str
    says: str
    says_zh: str
    verdict: Verdict
    optional: bool = False  # may be skipped: it asks for more than every hub can give
    why: str = ""
    seconds: float = 0.0
    exchanges: list[Exchanged] = field(default_factory=list)


def shown(body: bytes) -> str:
    """Return a body as evidence: readable, masked, and not endless."""
    if not body:
        return ""
    try:
        text = json.dumps(_masked(json.loads(body)), ensure_ascii=False)
    except ValueError:
        text = body.decode("utf-8", "replace")
    text = re.sub(r"Bearer [\w.-]+", "Bearer …", text)
    return text if len(text) <= SHOWN_MAX else f"{text[:SHOWN_MAX]}… ({len(text)} characters)"


def _masked(value: object, name: str = "") -> object:
    if isinstance(value, Mapping):
        return {key: _masked(each, str(key)) for key, each in value.items()}
    if isinstance(value, list):
        return [_masked(each, name) for each in value]
    if isinstance(value, str) and value:
        if name in NUMBERS:
            return masked_number(value)
        if name in NAMES:
            return masked_name(value)
        if name in SECRETS:
            return "…"
    return value
