"""Reads a passing message: whose act it is, under which id, about what; REST or gateway alike."""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import unquote

GATEWAY_PREFIX = "/compat/"
SIGN_IN = "sign_in"
# Which act a REST path is; the first that fits counts.
PATHS: tuple[tuple[str, str, str], ...] = (
    ("POST", r"/v1/visits", "admit"),
    ("POST", r"/v1/visits/[^/]+/lines", "upload"),
    ("POST", r"/v1/visits/[^/]+/discharge", "discharge"),
    ("POST", r"/v1/visits/[^/]+/settle", "settle"),
    ("POST", r"/v1/settlements/[^/]+/cancel", "cancel"),
    ("POST", r"/v1/reversals", "reverse"),
    ("POST", r"/v1/messages/.+/fence", "ask"),
    ("GET", r"/v1/messages/.+", "ask"),
    ("POST", r"/v1/reconciliations", "reconcile"),
    ("POST", r"/oauth/token", SIGN_IN),
)
TRANSACTIONS: Mapping[str, str] = {
    "9001": SIGN_IN,
    "2401": "admit",
    "2301": "upload",
    "2402": "discharge",
    "2304": "settle",
    "2305": "cancel",
    "2601": "reverse",
    "3201": "reconcile",
    "3202": "reconcile",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Seen:
    """One request of the hospital's software, as far as it matters here."""

    act: str  # "" when it is none of the acts that are watched
    face: str
    message: str  # its id
    about: str  # the id it asks for or reverses
    business: str  # digest of what it means, whatever id it bears
    rows: int | None  # lines of an upload


def read(method: str, path: str, key: str, body: bytes) -> Seen:
    """Read a request."""
    told = _object(body)
    if path.startswith(GATEWAY_PREFIX):
        return _transaction(told)
    act = next(
        (act for verb, form, act in PATHS if verb == method and re.fullmatch(form, path)), ""
    )
    about = ""
    if act == "ask":
        about = unquote(path.removeprefix("/v1/messages/").removesuffix("/fence"))
    elif act == "reverse":
        about = str(told.get("message", ""))
    lines = told.get("lines")
    return Seen(
        act=act,
        face="rest",
        message=key,
        about=about,
        business=hashlib.sha256(f"{method} {path} ".encode() + body).hexdigest(),
        rows=len(lines) if act == "upload" and isinstance(lines, list) else None,
    )


def _transaction(told: dict[str, Any]) -> Seen:
    number, given = str(told.get("infno", "")), told.get("input")
    content = given if isinstance(given, dict) else {}
    act = TRANSACTIONS.get(number, "")
    asked = content.get("data")
    about = str(asked.get("omsgid", "")) if act == "reverse" and isinstance(asked, dict) else ""
    rows = content.get("feedetail")
    meant = json.dumps([number, content], sort_keys=True, ensure_ascii=False)
    return Seen(
        act=act,
        face="gateway",
        message=str(told.get("msgid", "")),
        about=about,
        business=hashlib.sha256(meant.encode()).hexdigest(),
        rows=len(rows) if act == "upload" and isinstance(rows, list) else None,
    )


def _object(body: bytes) -> dict[str, Any]:
    try:
        read = json.loads(body)
    except ValueError:
        return {}
    return read if isinstance(read, dict) else {}
