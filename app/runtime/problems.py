"""RFC 9457: the only place where a refusal meets an HTTP status."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar

from app.kernel.refusal import Kind, Refusal
from app.runtime.messages import plain

PROBLEM_TYPE = "application/problem+json"
CATALOGUE = "/v1/problems"
RETRY_AFTER_SECONDS = 1

# Chosen by what the caller does next.
STATUS: Mapping[Kind, int] = {
    Kind.MALFORMED: 400,
    Kind.UNAUTHENTICATED: 401,
    Kind.FORBIDDEN: 403,
    Kind.UNKNOWN: 404,
    Kind.NOT_ALLOWED: 405,
    Kind.TOO_SLOW: 408,
    Kind.CONFLICT: 409,
    Kind.RUNNING: 409,
    Kind.TOO_LARGE: 413,
    Kind.UNSUPPORTED: 415,
    Kind.REFUSED: 422,
    Kind.KEY_MISSING: 428,
    Kind.TOO_MANY: 429,
    Kind.HEADERS_TOO_LARGE: 431,
    Kind.BUG: 500,
    Kind.BUSY: 503,
}


class Malformed(Refusal):
    """The message cannot be read: `errors` lists every fault with a JSON pointer."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "malformed"
    title: ClassVar = "The message cannot be read"
    title_zh: ClassVar = "报文格式错误"
    remedy: ClassVar = "Mend the fields listed in `errors` and send the message again."
    remedy_zh: ClassVar = "请按 errors 所列字段修正后重新发送。"


class NoSuchPath(Refusal):
    """The hub has nothing at this path."""

    kind: ClassVar = Kind.UNKNOWN
    code: ClassVar = "no-such-path"
    title: ClassVar = "Nothing lives at this path"
    title_zh: ClassVar = "请求路径不存在"


class MethodNotAllowed(Refusal):
    """The path exists, but not with this method."""

    kind: ClassVar = Kind.NOT_ALLOWED
    code: ClassVar = "method-not-allowed"
    title: ClassVar = "This method is not allowed here"
    title_zh: ClassVar = "该路径不支持此请求方法"


class BodyTooLarge(Refusal):
    """The body is larger than the hub reads."""

    kind: ClassVar = Kind.TOO_LARGE
    code: ClassVar = "body-too-large"
    title: ClassVar = "The body is too large"
    title_zh: ClassVar = "请求体过大"
    says: ClassVar = "At most {bytes_max} bytes are read."
    says_zh: ClassVar = "请求体不得超过 {bytes_max} 字节。"


class HeadersTooLarge(Refusal):
    """The headers are longer than the hub reads."""

    kind: ClassVar = Kind.HEADERS_TOO_LARGE
    code: ClassVar = "headers-too-large"
    title: ClassVar = "The headers are too large"
    title_zh: ClassVar = "请求头过大"
    says: ClassVar = "At most {bytes_max} bytes of headers are read."
    says_zh: ClassVar = "请求头总长不得超过 {bytes_max} 字节。"


class BodyTooSlow(Refusal):
    """The body did not arrive in time."""

    kind: ClassVar = Kind.TOO_SLOW
    code: ClassVar = "body-too-slow"
    title: ClassVar = "The body did not arrive in time"
    title_zh: ClassVar = "请求体传输超时"
    says: ClassVar = "A body must arrive within {seconds_max} seconds."
    says_zh: ClassVar = "请求体须在 {seconds_max} 秒内传输完毕。"


class ContentTypeUnsupported(Refusal):
    """The body's content type is not one this path reads."""

    kind: ClassVar = Kind.UNSUPPORTED
    code: ClassVar = "content-type-unsupported"
    title: ClassVar = "This content type is not read here"
    title_zh: ClassVar = "不支持该内容类型"
    says: ClassVar = "Send {allowed}."
    says_zh: ClassVar = "请使用 {allowed}。"


class Bug(Refusal):
    """The hub failed; nothing was done. Report the `instance`."""

    kind: ClassVar = Kind.BUG
    code: ClassVar = "bug"
    title: ClassVar = "The hub failed; nothing was done"
    title_zh: ClassVar = "系统内部错误，本次请求未生效"


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """Bytes that are ready to send."""

    status: int
    body: bytes
    media_type: str = "application/json"
    replayed: bool = False
    retry_after_seconds: int | None = None


def body_of(refusal: Refusal, instance: str) -> dict[str, object]:
    """Write a refusal as a problem document."""
    facts = {name: plain(value) for name, value in refusal.facts.items()}
    body: dict[str, object] = {
        "type": f"{CATALOGUE}/{refusal.code}",
        "title": refusal.title,
        "title_zh": refusal.title_zh,
        "status": STATUS[refusal.kind],
        "code": refusal.code,
        "detail": _sentence(refusal.says, facts) or refusal.title,
        "detail_zh": _sentence(refusal.says_zh, facts) or refusal.title_zh,
        "instance": instance,
        **facts,
    }
    if refusal.also:
        body["also"] = [_brief(other) for other in refusal.also]
    return body


def problem_of(refusal: Refusal, instance: str) -> Answer:
    """Return the answer a refusal makes."""
    body = json.dumps(body_of(refusal, instance), ensure_ascii=False).encode()
    passing = refusal.kind in (Kind.BUSY, Kind.RUNNING)
    wait = RETRY_AFTER_SECONDS if passing else None
    told = refusal.facts.get("retry_after_seconds")
    if isinstance(told, int):
        wait = told
    return Answer(
        status=STATUS[refusal.kind], body=body, media_type=PROBLEM_TYPE, retry_after_seconds=wait
    )


def _brief(refusal: Refusal) -> dict[str, object]:
    facts = {name: plain(value) for name, value in refusal.facts.items()}
    return {
        "type": f"{CATALOGUE}/{refusal.code}",
        "code": refusal.code,
        "title": refusal.title,
        "title_zh": refusal.title_zh,
        "detail": _sentence(refusal.says, facts) or refusal.title,
        "detail_zh": _sentence(refusal.says_zh, facts) or refusal.title_zh,
        **facts,
    }


def _sentence(template: str, facts: Mapping[str, object]) -> str:
    readable = {k: "、".join(map(str, v)) if isinstance(v, list) else v for k, v in facts.items()}
    return template.format_map(_Blank(readable))


class _Blank(dict[str, object]):
    """A fact that a refusal did not carry leaves a dash, never an error on top of an error."""

    def __missing__(self, key: str) -> str:
        return "-"


def catalogue() -> Iterator[type[Refusal]]:
    """Yield every refusal the hub knows, sorted by code."""
    found: dict[str, type[Refusal]] = {}
    waiting = [Refusal]
    while waiting:
        for kind in waiting.pop().__subclasses__():
            waiting.append(kind)
            if hasattr(kind, "code"):
                found[kind.code] = kind
    yield from (found[code] for code in sorted(found))


def _shown(refusal: type[Refusal]) -> dict[str, object]:
    """Show a refusal that has nothing of its own to tell."""
    return {
        "type": f"/v1/problems/{refusal.code}",
        "title": refusal.title,
        "title_zh": refusal.title_zh,
        "status": STATUS[refusal.kind],
        "code": refusal.code,
        "detail": refusal.title,
        "detail_zh": refusal.title_zh,
        "instance": "1c9a7f0e5b8d4c6f",
    }


def problems(*refusals: type[Refusal]) -> dict[int | str, dict[str, Any]]:
    """List a route's refusals in OpenAPI, grouped by status."""
    listed: dict[int | str, dict[str, Any]] = {}
    for refusal in refusals:
        entry = listed.setdefault(
            STATUS[refusal.kind],
            {
                "description": "",
                "content": {
                    PROBLEM_TYPE: {
                        "schema": {"$ref": "#/components/schemas/Problem"},
                        "example": _shown(refusal),
                    }
                },
            },
        )
        entry["description"] += f"`{refusal.code}` {refusal.title} {refusal.title_zh}\n\n"
    return listed
