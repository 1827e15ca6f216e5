"""Sends requests that work with one field changed, and holds every answer to the document."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from itertools import chain
from typing import Any
from urllib.parse import quote, urlencode

import httpx

from app.gateway.examples import BY_NAME, BY_TYPE
from app.gateway.mapping import InputField, InputNode, transactions
from app.reference.value_sets import value_sets
from tests.flows.test_examples import bodies, client_of, operations
from tests.fuzz.edges import ABSENT, CURSORS, TEXT_LONG, Document, Edge, Node
from tests.support.gateway import SINGLE, Gateway
from tests.walls.matrix import HOSPITAL, Stage

READERS = ("operator", "110000", HOSPITAL, "370100", "370000", "national-platform")
BUREAU = "110000"
HEADED = ("2403", "5203")  # a change and a look, whose header is changed too: all have the same
FAULT = 500
CSV, FORM, JSON = "text/csv", "application/x-www-form-urlencoded", "application/json"


@dataclass(frozen=True, slots=True, kw_only=True)
class Request:
    """One operation's request, and who sends it."""

    name: str
    operation: Node
    party: str
    whole: Node  # path, query, body: what its edges are sought in
    media: str = ""
    shape: Node = field(default_factory=dict)  # of its body
    number: str = ""  # of the gateway's transaction

    @property
    def reads(self) -> bool:
        """Say whether it only looks."""
        if self.number:
            return not transactions()[self.number].writes
        return self.name.startswith("GET ")


@dataclass(slots=True)
class Walk:
    """What was sent to a laid-out hub, how it was answered, and what was wrong."""

    stage: Stage
    document: Document
    requests: list[Request] = field(default_factory=list)
    wrong: dict[str, str] = field(default_factory=dict)
    told: Counter[str] = field(default_factory=Counter)

    async def lay(self) -> None:
        """Take every operation's example, as the first who may send it, and every transaction's."""
        for name, operation in operations(self.stage.world):
            if "/compat/" not in name:
                for each in self._examples(name, operation):
                    self.requests.append(await self._first_taken(each))
        name = f"POST {SINGLE}"
        operation = dict(operations(self.stage.world))[name]
        for number in transactions():
            for party in (HOSPITAL, BUREAU):
                it = Request(
                    name=name, operation=operation, party=party, media=JSON, number=number,
                    whole=await self._message(number, party), shape=_shape_of(number),
                )  # fmt: skip
                if is_taken(await self.answered(it)):
                    break
            self.requests.append(it)

    def _examples(self, name: str, operation: Node) -> Iterator[list[Request]]:
        example, whole = self.stage.laid.get(name), Node(path={}, query={}, body=None)
        for it in operation.get("parameters", []):
            if it["in"] in whole and "example" in it:
                whole[it["in"]][it["name"]] = it["example"]
        for at, (media, body) in enumerate(bodies(self.stage.world, operation) or [("", None)]):
            parties: tuple[str, ...] = READERS
            if example is not None:
                parties = (example.client, *example.further)
                parties = parties[at : at + 1] if example.further else parties
            content = operation.get("requestBody", {}).get("content", {})
            shape = content[media]["schema"] if media else {}
            yield [
                Request(
                    name=name, operation=operation, party=party, media=media, shape=shape,
                    whole={**whole, "body": body},
                )
                for party in parties
            ]  # fmt: skip

    async def _first_taken(self, each: list[Request]) -> Request:
        for it in each:
            if is_taken(await self.answered(it)):
                return it
        return each[0]

    async def _message(self, number: str, party: str) -> Node:
        gateway = Gateway(self.stage.world, client_of(self.stage.world, party))
        message = gateway.envelope(number, await self.stage.specimen(number))
        return Node(path={}, query={}, body=message)

    def edges(self, stride: int) -> Iterator[tuple[Request, Edge]]:
        """Yield every so manieth change, the same in every run."""
        every = ((it, edge) for it in self.requests for edge in self._of(it))
        return (each for at, each in enumerate(every) if at % stride == 0)

    def _of(self, it: Request) -> Iterator[Edge]:
        for parameter in it.operation.get("parameters", []):
            place, name = parameter["in"], parameter["name"]
            if place in ("path", "query"):
                shown = it.whole[place].get(name)
                found = self.document.edges(parameter["schema"], shown, (place, name))
                cursors = CURSORS if name == "cursor" else ()
                more = (Edge((place, name), each) for each in cursors)
                yield from (edge for edge in chain(found, more) if _is_sendable(edge))
        if it.media == CSV:
            yield from _cells(it.whole["body"])
        elif it.number and it.number not in HEADED:
            shape, shown = it.shape["properties"]["input"], it.whole["body"]["input"]
            yield from self.document.edges(shape, shown, ("body", "input"))
        elif it.media:
            yield from self.document.edges(it.shape, it.whole["body"], ("body",))

    async def answered(self, it: Request, edge: Edge | None = None) -> str:
        """Send a request, changed or not; note what is wrong, and return how it was answered."""
        answer = await self._sent(it, it.whole if edge is None else edge.made(it.whole))
        told = self.stage.vetoed[-1] if self.stage.vetoed else str(answer.status_code)
        if int(told) >= FAULT or (told not in it.operation["responses"] and not it.number):
            asked = f"{it.name} {it.number} as {it.party}: {edge}"
            self.wrong[asked] = f"{told} {answer.text[:200]}"
        if it.number and not self.stage.vetoed and answer.is_success:
            told = "refused" if answer.json()["infcode"] else told
        self.told[told] += 1
        return told

    async def _sent(self, it: Request, whole: Any) -> httpx.Response:
        world, serial = self.stage.world, next(self.stage.serials)
        method, _, path = it.name.partition(" ")
        for name, value in whole["path"].items():
            text = str(value)
            path = path.replace(f"{{{name}}}", quote(text, safe="", errors="surrogatepass"))
            path = path.replace(f"{{{name}:path}}", quote(text, errors="surrogatepass"))
        query = urlencode(whole["query"], doseq=True, errors="surrogatepass")
        client = client_of(world, it.party)
        headers = client.headers(f"edges-{serial:08d}")
        body = whole.get("body", ABSENT)
        if it.reads or it.number:
            del headers["Idempotency-Key"]
        if it.number and isinstance(body, dict) and body.get("msgid") == it.whole["body"]["msgid"]:
            body = {**body, "msgid": Gateway(world, client).message_id()}
        if it.media:
            headers["Content-Type"] = it.media
        self.stage.vetoed.clear()
        return await world.http.request(
            method,
            f"{path}?{query}" if query else path,
            headers=headers,
            content=_content(it.media, body),
        )

    def bare(self, party: str) -> Iterator[Request]:
        """Yield everything that can be read, as a party: as its example asks, and lists whole."""
        for it in self.requests:
            if it.reads and not it.number:
                yield replace(it, party=party)
                if it.whole["query"]:
                    yield replace(it, party=party, whole={**it.whole, "query": {}})


def is_taken(told: str) -> bool:
    """Say whether it was carried out, or would have been."""
    return told.startswith("2")


def _content(media: str, body: Any) -> bytes:
    if not media or body is ABSENT:
        return b""
    if media == FORM and isinstance(body, dict):
        return urlencode(body, doseq=True, errors="surrogatepass").encode()
    if media == CSV:
        return str(body).encode(errors="surrogatepass")
    return json.dumps(body).encode()


def _is_sendable(edge: Edge) -> bool:
    """Say whether a path or a query can hold it, and still be read as that path."""
    if edge.value in (None, {}) or len(str(edge.value)) >= TEXT_LONG:
        return False
    return edge.path[0] == "query" or not (edge.value is ABSENT or edge.value in ("", []))


def _cells(sheet: str) -> Iterator[Edge]:
    """Yield a sheet with one cell of its first row changed."""
    head, first, *rest = sheet.splitlines()
    row = first.split(",")
    for column, shown in enumerate(row):
        for value in Document({}).values({"type": "string"}, shown):
            if isinstance(value, str) and not set(value) & set(',"\n\r'):
                made = ",".join([*row[:column], value, *row[column + 1 :]])
                yield Edge(("body",), "\r\n".join([head, made, *rest, ""]))


def _shape_of(number: str) -> Node:
    """Write the mapping of a transaction's input as a document would."""
    nodes = {it.name: _node_of(it) for it in transactions()[number].inputs}
    return {"properties": {"input": {"properties": nodes}}}


def _node_of(it: InputNode) -> Node:
    fields = {each.name: _field_of(each) for each in it.fields}
    row: Node = {"properties": fields, "example": {}}
    if not it.many:
        return row
    return {"type": "array", "items": row, "maxItems": it.rows_max, "example": [{}]}


def _field_of(it: InputField) -> Node:
    usual = BY_NAME.get(it.name, BY_TYPE.get(it.type, it.zh))
    shape: Node = {"type": "string", "example": usual, "maxLength": it.length}
    if it.value_set:
        shape["enum"] = [each.value for each in value_sets()[it.value_set].values]
    return shape
