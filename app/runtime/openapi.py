"""The OpenAPI document: what FastAPI collects, plus what holds for every operation."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts

from app.kernel.parties import PartyKind
from app.kernel.refusal import Refusal
from app.runtime.addresses import AddressRefused
from app.runtime.auth import Forbidden, Unauthenticated
from app.runtime.door import (
    Busy,
    MessageIdFormat,
    MessageIdMissing,
    MessageIdPrefix,
    MessageIdReused,
    MessageRunning,
)
from app.runtime.limits import RateLimited
from app.runtime.links import link
from app.runtime.problems import (
    BodyTooLarge,
    BodyTooSlow,
    ContentTypeUnsupported,
    HeadersTooLarge,
    Malformed,
    NoSuchPath,
    problems,
)
from app.runtime.prose import PersonalNumberInText
from app.runtime.shedding import Overloaded
from app.runtime.signatures import SignatureRefused, SignatureRequired, SignatureStale

Node = dict[str, Any]  # a piece of JSON whose shape the OpenAPI specification gives
KEY_HEADER = "idempotency-key"
METHODS = ("get", "put", "post", "delete", "patch")
FRAMEWORK_SUCCESS = "Successful Response"
FRAMEWORK_SHAPES = ("HTTPValidationError", "ValidationError")
PROBLEM: Node = {
    "type": "object",
    "title": "Problem",
    "description": "A refusal, as RFC 9457 has it, in English and Chinese 错误应答",
    "required": ["type", "title", "title_zh", "status", "code", "detail", "detail_zh", "instance"],
    "additionalProperties": True,
    "properties": {
        "type": {
            "type": "string",
            "format": "uri-reference",
            "description": "Page that explains it 说明页面",
        },
        "code": {"type": "string", "description": "Stable code for programs 错误代码"},
        "status": {"type": "integer", "description": "HTTP status 状态码"},
        "title": {"type": "string", "description": "Title 英文标题"},
        "title_zh": {"type": "string", "description": "Chinese title 中文标题"},
        "detail": {"type": "string", "description": "What was wrong 英文说明"},
        "detail_zh": {"type": "string", "description": "What was wrong, in Chinese 中文说明"},
        "instance": {"type": "string", "description": "Request id; quote it 请求编号"},
        "errors": {
            "type": "array",
            "description": "Every fault of the message 报文中的全部错误",
            "items": {"type": "object", "additionalProperties": True},
        },
        "also": {
            "type": "array",
            "description": "Further refusals found in the same look 同时发现的其他问题",
            "items": {"type": "object", "additionalProperties": True},
        },
    },
    "example": {
        "type": "/v1/problems/message-id-missing",
        "title": "Every write needs an Idempotency-Key header",
        "title_zh": "写操作必须携带 Idempotency-Key（报文编号）",
        "status": 428,
        "code": "message-id-missing",
        "detail": "Every write needs an Idempotency-Key header",
        "detail_zh": "写操作必须携带 Idempotency-Key（报文编号）",
        "instance": "1c9a7f0e5b8d4c6f",
    },
}


JSON_TYPE, CSV_TYPE = "application/json", "text/csv"
CALLERS: Mapping[PartyKind, str] = {
    PartyKind.OPERATOR: "operator 部级经办机构",
    PartyKind.AGENCY: "agency 经办机构",
    PartyKind.INSTITUTION: "institution 协议机构",
    PartyKind.CHANNEL: "channel 服务渠道",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """What of one operation can be sent as it stands on this very hub, and as which client."""

    client: str
    parameters: Mapping[str, str] = field(default_factory=dict)
    body: Node | None = None
    sheet: str | None = None
    further: Mapping[str, Node] = field(default_factory=dict)  # bodies by client


def document(app: FastAPI, tags: Mapping[str, str]) -> Node:
    """Write the document once per application."""
    if app.openapi_schema is None:
        app.openapi_schema = _write(app, tags)
    return app.openapi_schema


def show(app: FastAPI, examples: Mapping[str, Example]) -> None:
    """Put the examples of this hub, by method and path, in the place of the general ones."""
    whole = app.openapi()
    for operation_name, example in examples.items():
        method, _, path = operation_name.partition(" ")
        _fill(whole["paths"][path][method.lower()], example)


def _fill(operation: Node, example: Example) -> None:
    for parameter in operation.get("parameters", []):
        if parameter["name"] in example.parameters:
            parameter["example"] = example.parameters[parameter["name"]]
    clients = " or 或 ".join(f"`{client}`" for client in (example.client, *example.further))
    operation["description"] += (
        f"\n\nExample 示例: can be sent as it stands by {clients} (see `credentials.json`) "
        "可由上述接入方直接发送。"
    )
    content: Node = operation.get("requestBody", {}).get("content", {})
    if example.sheet is not None:
        content[CSV_TYPE]["example"] = example.sheet
    if example.further:
        bodies = {example.client: example.body, **example.further}
        named = {
            client: {"summary": f"{body['kind']} · {client}", "value": body}
            for client, body in bodies.items()
            if body is not None
        }
        content[JSON_TYPE]["examples"] = named
    elif example.body is not None:
        content[JSON_TYPE]["example"] = example.body


def _write(app: FastAPI, tags: Mapping[str, str]) -> Node:
    whole: Node = get_openapi(
        title=app.title,
        version=app.version,
        description=app.description,
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    used: dict[str, None] = {}
    for operation in _operations(whole):
        used.update(dict.fromkeys(operation.get("tags", [])))
        _complete(operation)
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.include_in_schema:
            _say_who(route, whole["paths"][context.path_format])
    shapes: Node = whole.setdefault("components", {}).setdefault("schemas", {})
    for name in FRAMEWORK_SHAPES:
        shapes.pop(name, None)
    for name, shape in shapes.items():
        if name.startswith("Body_"):  # a form, of which the framework makes a shape by itself
            shape["description"] = "Fields of the form 表单字段"
    shapes["Problem"] = PROBLEM
    link(whole)
    road = list(tags)
    ordered = sorted(used, key=lambda tag: _place(tag, road))
    whole["tags"] = [{"name": tag, "description": tags.get(_english(tag), "")} for tag in ordered]
    whole["webhooks"] = app.state.webhooks
    return whole


def _operations(whole: Node) -> Iterator[Node]:
    for path in whole["paths"].values():
        yield from (path[method] for method in METHODS if method in path)


def _english(tag: str) -> str:
    """Return what stands before the Chinese."""
    return re.sub(r"[^ -~].*", "", tag).strip().replace(" ", "-")


def _place(tag: str, road: list[str]) -> int:
    word = _english(tag)
    return road.index(word) if word in road else len(road)


def _complete(operation: Node) -> None:
    """Add what the framework does not know, and take away what does not happen here."""
    responses: Node = operation["responses"]
    invalid = responses.get("422", {}).get("content", {}).get("application/json", {})
    if invalid.get("schema", {}).get("$ref", "").endswith("/HTTPValidationError"):
        del responses["422"]["content"]["application/json"]
        if not responses["422"]["content"]:
            del responses["422"]
    for parameter in operation.get("parameters", []):
        _plain(parameter)
    key = next((p for p in operation.get("parameters", []) if p["name"] == KEY_HEADER), None)
    if key is not None:
        _require(key)
        _mark_replays(responses)
    for response in responses.values():
        if response["description"] == FRAMEWORK_SUCCESS:
            response["description"] = "Done 成功"
    for status, entry in problems(*_everywhere(operation, writes=key is not None)).items():
        _merge(responses, str(status), entry)
    operation["responses"] = dict(sorted(responses.items()))


def _say_who(route: APIRoute, operations: Node) -> None:
    """Tell at the end of the description which kinds of party may call."""
    said_by = [getattr(it.dependency, "kinds", ()) for it in route.dependencies]
    kinds: tuple[PartyKind, ...] = next(filter(None, said_by), ())
    names = " · ".join(CALLERS[kind] for kind in kinds)
    if set(kinds) == set(PartyKind):
        names = "every party 所有接入方"
    for method in route.methods or ():
        operation = operations[method.lower()]
        said = operation.get("description", "").rstrip()
        operation["description"] = f"{said}\n\n*Callers 可调用方: {names or 'everybody 无需授权'}*"


def _everywhere(operation: Node, *, writes: bool) -> Iterator[type[Refusal]]:
    """Name the refusals every operation of this sort can give."""
    if operation.get("parameters") or "requestBody" in operation:
        yield Malformed
    # A parameter of a path may make it another path: of nothing, of a line's end.
    in_path = any(it["in"] == "path" for it in operation.get("parameters", []))
    if in_path and "404" not in operation["responses"]:
        yield NoSuchPath
    if "security" in operation:
        yield from (Unauthenticated, SignatureRequired, SignatureRefused, SignatureStale)
        yield from (Forbidden, AddressRefused, RateLimited, Busy)
    if "security" in operation or "requestBody" in operation:
        yield Overloaded
    yield HeadersTooLarge
    if "requestBody" in operation:
        yield from (BodyTooSlow, BodyTooLarge, ContentTypeUnsupported)
    if writes:
        yield from (MessageIdFormat, MessageIdPrefix, MessageIdReused)
        yield from (MessageIdMissing, MessageRunning, PersonalNumberInText)


def _merge(responses: Node, status: str, entry: Node) -> None:
    known = responses.setdefault(status, {"description": "", "content": entry["content"]})
    known.setdefault("content", entry["content"])
    for line in filter(None, entry["description"].split("\n\n")):
        code = line.partition(" ")[0]
        if code not in known["description"]:
            known["description"] += f"{line}\n\n"


def _plain(parameter: Node) -> None:
    """Say that an optional parameter may be left out, not that it may be null; fill in paths."""
    schema: Node = parameter["schema"]
    kinds = [kind for kind in schema.get("anyOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        del schema["anyOf"]
        parameter["schema"] = {**kinds[0], **schema}
    if parameter["required"] and "examples" in schema:
        parameter["example"] = schema["examples"][0]


def _require(key: Node) -> None:
    key["required"] = True
    key["name"] = "Idempotency-Key"
    key["example"] = key["schema"]["examples"][0]
    length: Node = {"minLength": 1, "maxLength": 64}
    key["schema"] = {"type": "string", **length, "pattern": "^[!-~]+$", "title": "Message id"}


def _mark_replays(responses: Node) -> None:
    for status, response in responses.items():
        if status.startswith("2"):
            response.setdefault("headers", {})["Idempotency-Replayed"] = {
                "description": "true on the stored answer of an earlier message 重发应答标记",
                "schema": {"type": "string", "enum": ["true"]},
            }
