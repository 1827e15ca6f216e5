"""Answers that a caller may keep: a tag of the content, and 304 while it has not changed."""

from __future__ import annotations

import hashlib
from typing import Any

from fastapi import Request, Response
from pydantic import BaseModel

# The caller keeps it, nobody between; and asks again before using it.
KEEP = {"Cache-Control": "private, no-cache", "Vary": "Authorization"}
NOT_MODIFIED: dict[int | str, dict[str, Any]] = {
    304: {"description": "Unchanged since the ETag in If-None-Match 内容未变化"}
}


def is_held(request: Request, tag: str) -> bool:
    """Say whether the caller's If-None-Match names `tag` (weakly compared, RFC 9110 13.1.2)."""
    sent = request.headers.get("if-none-match", "")
    held = {each.strip().removeprefix("W/") for each in sent.split(",")}
    return "*" in held or f'"{tag}"' in held


def not_modified(tag: str) -> Response:
    """Answer that what the caller holds is still good."""
    return Response(status_code=304, headers=KEEP | {"ETag": f'"{tag}"'})


def tagged(request: Request, shown: BaseModel, tag: str | None = None) -> Response:
    """Answer `shown` under `tag` (by default a digest of it), or 304 where the caller holds it."""
    body = shown.model_dump_json().encode()
    name = tag or hashlib.sha256(body).hexdigest()[:32]
    if is_held(request, name):
        return not_modified(name)
    return whole(body, name)


def whole(body: bytes, tag: str) -> Response:
    """Answer a body under its tag."""
    return Response(body, 200, KEEP | {"ETag": f'"{tag}"'}, "application/json")
