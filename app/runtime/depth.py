"""How deep a JSON body may be nested: deeper than any message of the hub, and no deeper."""

from __future__ import annotations

import re

from app.runtime.problems import Malformed

DEPTH_MAX = 32
TOO_DEEP = {
    "in": "body",
    "pointer": "",
    "code": "too_deep",
    "detail": f"nested deeper than {DEPTH_MAX}",
}
TEXTS = re.compile(rb'"(?:[^"\\]|\\.)*"', re.DOTALL)
BRACKETS = re.compile(rb"[\[\]{}]")


def is_json(content_type: str | None) -> bool:
    """Say whether a body is read as JSON: a content type has no case of its own (RFC 9110)."""
    return "json" in (content_type or "").lower()


def check_depth(content_type: str | None, content: bytes) -> None:
    """Refuse a JSON body that is nested deeper than any message is."""
    if is_json(content_type) and is_too_deep(content):
        raise Malformed(errors=[TOO_DEEP])


def is_too_deep(content: bytes) -> bool:
    """Say whether a JSON text is nested too deep; most have not even so many brackets."""
    if content.count(b"[") + content.count(b"{") <= DEPTH_MAX:
        return False
    depth = 0
    for bracket in BRACKETS.findall(TEXTS.sub(b"", content)):
        depth += 1 if bracket in b"[{" else -1
        if depth > DEPTH_MAX:
            return True
    return False
