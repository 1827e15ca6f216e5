"""Writes the collection for Postman and Apifox (v2.1) from OpenAPI and the mapping."""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from typing import Any

from app.gateway.examples import example_of
from app.gateway.mapping import transactions

Node = dict[str, Any]  # a piece of JSON whose shape OpenAPI or the collection format gives
SCHEMA = "https://schema.getpostman.com/json/collection/v2.1.0/collection.json"
IDENTITY = "7b0e9a52-6d1c-4c8e-9d50-8f6c3f2f4a10"  # the same for ever: an import replaces
METHODS = ("get", "post", "put", "patch", "delete")
JSON_TYPE = "application/json"
GATEWAY_PATHS = "/compat/"
TOKEN_PATH = "/oauth/token"  # noqa: S105 -- a path
VARIABLES = {
    "baseUrl": "http://127.0.0.1:8000",
    "clientId": "",
    "clientSecret": "",
    "token": "",
    "sender": "H37010000001",
    "serial": "0",
}
KEEP_TOKEN = ['pm.collectionVariables.set("token", pm.response.json().access_token);']
# A serial that counts, not one that is drawn: drawn tails meet sooner than one thinks.
NEXT_MESSAGE = [
    'const serial = (Number(pm.collectionVariables.get("serial") || 0) + 1) % 10000;',
    'pm.collectionVariables.set("serial", String(serial));',
    "const now = new Date(Date.now() + 8 * 3600 * 1000).toISOString().slice(0, 19);",
    'const sender = pm.collectionVariables.get("sender").padEnd(12, "0");',
    'pm.variables.set("infTime", now.replace("T", " "));',
    (
        'pm.variables.set("msgid", sender + now.replace(/\\D/g, "") + '
        'String(serial).padStart(4, "0"));'
    ),
]


def collection(openapi: Mapping[str, Any]) -> Node:
    """Write the whole collection."""
    return {
        "info": {
            "_postman_id": IDENTITY,
            "name": openapi["info"]["title"],
            "description": openapi["info"]["description"],
            "schema": SCHEMA,
        },
        "auth": {
            "type": "bearer",
            "bearer": [{"key": "token", "value": "{{token}}", "type": "string"}],
        },
        "variable": [{"key": key, "value": value} for key, value in VARIABLES.items()],
        "item": [_token(), _gateway(), *_folders(openapi)],
    }


def _token() -> Node:
    pairs = {
        "grant_type": "client_credentials",
        "client_id": "{{clientId}}",
        "client_secret": "{{clientSecret}}",
    }
    return {
        "name": "Token 换取令牌",
        "event": [_script("test", KEEP_TOKEN)],
        "request": {
            "method": "POST",
            "auth": {"type": "noauth"},
            "header": [],
            "url": _url(TOKEN_PATH),
            "body": {
                "mode": "urlencoded",
                "urlencoded": [{"key": k, "value": v, "type": "text"} for k, v in pairs.items()],
            },
        },
    }


def _gateway() -> Node:
    return {
        "name": "gateway 兼容层",
        "event": [_script("prerequest", NEXT_MESSAGE)],
        "item": [_message(number) for number in transactions()],
    }


def _message(number: str) -> Node:
    it = transactions()[number]
    living = {
        "msgid": "{{msgid}}",
        "inf_time": "{{infTime}}",
        "fixmedins_code": "{{sender}}",
    }
    return {
        "name": f"{number} {it.zh} {it.en}",
        "request": {
            "method": "POST",
            "header": [{"key": "Content-Type", "value": JSON_TYPE}],
            "url": _url("/compat/fsi/api/callService"),
            "description": it.says,
            "body": _raw(example_of(number) | living),
        },
    }


def _folders(openapi: Mapping[str, Any]) -> Iterator[Node]:
    by_tag: dict[str, list[Node]] = {}
    for path, operations in openapi["paths"].items():
        if path == TOKEN_PATH or path.startswith(GATEWAY_PATHS):
            continue
        for method in METHODS:
            if method in operations:
                tag = (operations[method].get("tags") or ["other"])[0]
                request = _request(openapi, path, method, operations[method])
                by_tag.setdefault(tag, []).append(request)
    for tag, requests in by_tag.items():
        yield {"name": tag, "item": requests}


def _request(openapi: Mapping[str, Any], path: str, method: str, it: Node) -> Node:
    parameters = it.get("parameters", [])
    header = []
    if any(each["in"] == "header" and each["name"] == "Idempotency-Key" for each in parameters):
        header.append({"key": "Idempotency-Key", "value": "{{$guid}}"})
    request: Node = {
        "method": method.upper(),
        "header": header,
        "url": _url(path, parameters),
        "description": it.get("description", ""),
    }
    if "security" not in it:
        request["auth"] = {"type": "noauth"}
    content = it.get("requestBody", {}).get("content", {})
    if JSON_TYPE in content:
        header.append({"key": "Content-Type", "value": JSON_TYPE})
        request["body"] = _raw(_example(openapi, content[JSON_TYPE]))
    elif content:
        request["body"] = {"mode": "file", "file": {}}
        header.append({"key": "Content-Type", "value": next(iter(content))})
    return {"name": it.get("summary", path), "request": request}


def _example(openapi: Mapping[str, Any], media: Node) -> object:
    if "example" in media:
        return media["example"]
    schema = media.get("schema", {})
    name = schema.get("$ref", "").rpartition("/")[2]
    shape = openapi["components"]["schemas"].get(name, schema)
    if "example" in shape:
        return shape["example"]
    examples = shape.get("examples") or [{}]
    return examples[0]


def _url(path: str, parameters: list[Node] | None = None) -> Node:
    asked = parameters or []
    parts = [
        f":{part[1:-1].partition(':')[0]}" if part.startswith("{") else part
        for part in path.strip("/").split("/")
    ]
    url: Node = {
        "raw": "{{baseUrl}}/" + "/".join(parts),
        "host": ["{{baseUrl}}"],
        "path": parts,
    }
    within = [_parameter(each) for each in asked if each["in"] == "path"]
    query = [_parameter(each) | {"disabled": True} for each in asked if each["in"] == "query"]
    if within:
        url["variable"] = within
    if query:
        url["query"] = query
    return url


def _parameter(it: Node) -> Node:
    schema = it.get("schema", {})
    found = it.get("example") or (schema.get("examples") or it.get("examples") or [""])
    value = found[0] if isinstance(found, list) else found
    told = it.get("description", "")
    return {"key": it["name"], "value": str(value), "description": told}


def _raw(body: object) -> Node:
    return {
        "mode": "raw",
        "raw": json.dumps(body, ensure_ascii=False, indent=2),
        "options": {"raw": {"language": "json"}},
    }


def _script(moment: str, lines: list[str]) -> Node:
    return {"listen": moment, "script": {"type": "text/javascript", "exec": lines}}
