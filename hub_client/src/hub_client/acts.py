"""How verbs reach the hub: a read, a look that is a POST, a write with its intent on record."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from typing import TypeVar

from hub_client.delivery import answer_of, deliver
from hub_client.desk import Desk
from hub_client.journal import Intent
from hub_client.shapes import read_as, written
from hub_client.talk import persist, read, record, said
from hub_client.wire import Json, Plan, Request

S = TypeVar("S")
JSON = {"content-type": "application/json"}


def show(
    desk: Desk, shape: type[S], path: str, params: Mapping[str, str | None] | None = None
) -> Plan[S]:
    """Read one thing."""
    return read_as(shape, (yield from read(desk, path, given(params))))


def everything(
    desk: Desk, shape: type[S], path: str, params: Mapping[str, str | None] | None = None
) -> Plan[list[S]]:
    """Read a list to its last page."""
    asked = given(params)
    found: list[S] = []
    while True:
        page = record((yield from read(desk, path, asked)))
        items = page.get("items")
        found += [read_as(shape, item) for item in (items if isinstance(items, list) else [])]
        following = page.get("next")
        if not isinstance(following, str):
            return found
        asked = {**asked, "cursor": following}


def look(desk: Desk, shape: type[S], path: str, order: object | None = None) -> Plan[S]:
    """Ask by POST for what must not stand in a URL, or is computed; nothing is changed."""
    headers = {} if order is None else JSON
    request = Request(method="POST", path=path, headers=headers, body=body_of(order))
    return read_as(shape, said((yield from persist(desk, request, desk.pacing.deadline))))


def act(desk: Desk, shape: type[S], verb: str, path: str, order: object | None = None) -> Plan[S]:
    """Change something, once and only once; raises what became of it when it was not applied."""
    return (yield from _write(desk, shape, (verb, "POST", path), body_of(order)))


def act_with(
    desk: Desk, shape: type[S], verb: str, path: str, order: Mapping[str, Json]
) -> Plan[S]:
    """Change something with a body that is JSON already."""
    return (yield from _write(desk, shape, (verb, "POST", path), _encoded(dict(order))))


def remove(desk: Desk, shape: type[S], verb: str, path: str) -> Plan[S]:
    """Take something away."""
    return (yield from _write(desk, shape, (verb, "DELETE", path), None))


def _write(desk: Desk, shape: type[S], target: tuple[str, str, str], body: bytes | None) -> Plan[S]:
    verb, method, path = target
    intent = Intent(verb=verb, method=method, path=path, body=body)
    return read_as(shape, answer_of((yield from deliver(desk, intent))))


def body_of(order: object | None) -> bytes | None:
    """Write an order as the bytes that are sent, the same at every repetition."""
    return None if order is None else _encoded(written(order))


def _encoded(told: Json) -> bytes:
    return json.dumps(told, ensure_ascii=False, separators=(",", ":")).encode()


def given(params: Mapping[str, str | None] | None) -> dict[str, str]:
    """Leave out what was not asked for."""
    return {name: value for name, value in (params or {}).items() if value is not None}


def chunks(rows: Iterable[S], size: int) -> list[list[S]]:
    """Split rows so that none is lost and none is empty."""
    whole = list(rows)
    return [whole[start : start + size] for start in range(0, len(whole), size)]
