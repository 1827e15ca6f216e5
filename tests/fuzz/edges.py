"""What stands at the edges of each field of a request.

The first day and the last, a number too long for any column, a text that is none, a place unknown.
A request that works is taken apart by its document and made again with one field changed, so that
each change meets all that lies behind the first check.
"""

from __future__ import annotations

import copy
import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from app.runtime.paging import sealed_cursor

Node = dict[str, Any]
Step = str | int
ABSENT = object()  # as a value: the field is left out
UNKNOWN = ("nobody_knows_this", "甲\ud800", "", "\x00")

DAYS = (
    "0001-01-01", "1900-01-01", "1969-12-31", "2024-03-31", "2024-04-01", "2025-02-29",
    "2035-12-31", "2999-12-31", "9999-12-30", "9999-12-31",
)  # fmt: skip
INSTANTS = (
    "0001-01-01T00:00:00+14:00", "0001-01-01T00:00:00-14:00", "1900-01-01T00:00:00+14:00",
    "1969-12-31T23:59:59Z", "2024-03-31T23:59:59+08:00", "2025-09-01T08:30:00.123456789+23:59",
    "2999-12-31T23:59:59-14:00", "9999-12-31T23:59:59-14:00", "2035-01-01T00:00:00",
)  # fmt: skip
TIMES = (  # of the gateway, which writes China's
    "1900-01-01 00:00:00", "1969-12-31 23:59:59", "2024-03-31 23:59:59", "2024-04-01 00:00:00",
    "2035-12-31 23:59:59", "2999-12-31 23:59:59", "9999-12-31 23:59:59",
)  # fmt: skip
MONTHS = (
    "0000-01",
    "0001-01",
    "1900-01",
    "2024-02",
    "2024-03",
    "2025-08",
    "2999-12",
    "9999-11",
    "9999-12",
)
QUARTERS = ("0000Q1", "0001Q1", "2024Q1", "2025Q2", "9999Q3", "9999Q4")
YEARS = ("0000", "0001", "2024", "9999")
AMOUNTS = (
    "0.00", "0.01", "-0.01", "0.001", "-0.00", "9999999999999.99", "10000000000000.00",
    "-9999999999999.99", "1e5", "NaN", "٣.00",
)  # fmt: skip
QUANTITIES = ("9999999999", "9999999999.99", "9999999999.9999", "9999999999.999999", "0.000001")
REGIONS = ("000000", "100000", "110000", "110101", "370000", "370100", "990000", "999999")
NUMBERS_OF_THINGS = (
    "S3701002025090199999", "Z0000000000000000000", "A9999999999123199999", "W1100009999023099999",
)  # fmt: skip
CODES = ("H00000000000", "H99999999999", "A37010000001", "H61010090001")
WHOLE = (0, 1, -1, 2**31 - 1, 2**31, 2**63 - 1, 2**63, -(2**63), -(2**63) - 1, 10**30, 1.5)
TEXT_LONG = 10_000
TEXTS = (
    "", " ", "\x00", "甲\ud800", "x" * TEXT_LONG, "1" * TEXT_LONG, "😀", "甲\u202e乙\u200f", "%",
    "0", "-1", "a,b", "W10=",
)  # fmt: skip
# What a cursor may hold that was never handed out, or by another list.
PLACES = (
    "", "0", "1", "-1", "x", "9" * 18, "9" * 19, "0001-01-01", "9999-12-31", "\x00", "\ud800", "|",
    "0001-01-01|1", "9999-12-31|x|y", "2025-13-01/1", "2025-09", "110000|370100", "a:b:c", "a,b",
    "A3701002509010000001", "[1, 2]", "[]", "null", '["2025-09-01", 1]', '[["x"]]', "\u0663",
)  # fmt: skip
CURSORS = tuple(sealed_cursor(each) for each in PLACES)
# A field takes what its pattern, or else its example, says is of a family.
FAMILIES: Mapping[str, Sequence[str]] = {
    "2025-09-01": DAYS,
    "2025-09-01T08:30:00+08:00": INSTANTS,
    "2025-09-01 08:30:00": TIMES,
    "2025-09": MONTHS,
    "2025Q3": QUARTERS,
    "2025": YEARS,
    "1.50": AMOUNTS + QUANTITIES,
    "370100": REGIONS,
    "S3701002025090100001": NUMBERS_OF_THINGS,
    "H37010000001": CODES,
}
SHAPES: Mapping[str, str] = {
    "2025-09-01": r"\d{4}-\d\d-\d\d",
    "2025-09-01T08:30:00+08:00": r"\d{4}-\d\d-\d\dT.*",
    "2025-09-01 08:30:00": r"\d{4}-\d\d-\d\d \d\d:\d\d:\d\d",
    "2025-09": r"\d{4}-\d\d",
    "2025Q3": r"\d{4}Q\d",
    "2025": r"\d{4}",
    "1.50": r"-?\d+\.\d+",
    "370100": r"\d{6}",
    "S3701002025090100001": r"[A-Z]\d{19}",
    "H37010000001": r"[HA]\d{11}",
}
FORMATS = {"date": "2025-09-01", "date-time": "2025-09-01T08:30:00+08:00"}
MANY = 101  # beyond every longest list that says how long it may be


@dataclass(frozen=True, slots=True)
class Edge:
    """One change: which field, and what stands there instead."""

    path: tuple[Step, ...]
    value: object
    around: tuple[tuple[tuple[Step, ...], object], ...] = ()  # what is put there to hold it

    def __str__(self) -> str:
        told = "left out" if self.value is ABSENT else repr(self.value)
        return f"{'/'.join(map(str, self.path))} = {told[:60]}"

    def made(self, whole: Any) -> Any:
        """Return the request with the change made."""
        if not self.path:
            return self.value
        changed = copy.deepcopy(whole)
        for path, value in (*self.around, (self.path, self.value)):
            at = changed
            for step in path[:-1]:
                at = at[step]
            if value is not ABSENT:
                at[path[-1]] = copy.deepcopy(value)
            elif isinstance(at, dict):
                at.pop(path[-1], None)
        return changed


@dataclass(frozen=True, slots=True)
class Document:
    """The shapes an OpenAPI document names."""

    shapes: Mapping[str, Node]

    def branches(self, schema: Node) -> Iterator[Node]:
        """Yield each simple shape a schema allows."""
        if "$ref" in schema:
            yield from self.branches(self.shapes[schema["$ref"].rpartition("/")[2]])
            return
        further = [it for name in ("anyOf", "oneOf", "allOf") for it in schema.get(name, ())]
        if not further:
            yield schema
        for each in further:
            yield from self.branches(each)

    def edges(
        self,
        schema: Node,
        shown: Any,
        path: tuple[Step, ...],
        around: tuple[tuple[tuple[Step, ...], object], ...] = (),
    ) -> Iterator[Edge]:
        """Yield every change of a value and of all that is within it."""
        seen: list[object] = []
        for value in self.values(schema, shown):
            if not any(value == it and type(value) is type(it) for it in seen):
                seen.append(value)
                yield Edge(path, value, around)
        if isinstance(shown, dict):
            yield from (Edge((*path, each), "x", around) for each in UNKNOWN)
            known = [it.get("properties", {}) for it in self.branches(schema)]
            fields = {name: each for properties in known for name, each in properties.items()}
            for name in {**fields, **shown}:
                inner = fields.get(name, {})
                example = shown.get(name, _example(inner))
                held = around if name in shown else (*around, ((*path, name), example))
                yield from self.edges(inner, example, (*path, name), held)
        if isinstance(shown, list) and shown:
            within = [it["items"] for it in self.branches(schema) if "items" in it]
            items: Node = within[0] if within else {}
            yield from self.edges(items, shown[0], (*path, 0), around)

    def values(self, schema: Node, shown: Any) -> Iterator[object]:
        """Yield what may stand where a schema says what should."""
        for branch in self.branches(schema):
            yield from branch.get("enum", ())
            if "const" in branch:
                yield branch["const"]
            kind = branch.get("type", _kind(shown))
            if kind == "string":
                yield from _texts(branch, shown)
            elif kind in ("integer", "number"):
                yield from (branch[it] for it in ("minimum", "maximum") if it in branch)
                yield from WHOLE
            elif kind == "boolean":
                yield from (True, False)
            elif kind == "array" and isinstance(shown, list):
                yield []
                yield from (shown[:1] * each for each in (2, branch.get("maxItems", MANY) + 1))
        yield from (None, ABSENT, {}, [])


def _kind(shown: Any) -> str:
    kinds = {str: "string", bool: "boolean", int: "integer", float: "number", list: "array"}
    return kinds.get(type(shown), "")


def _texts(schema: Node, shown: Any) -> Iterator[str]:
    pattern, known = schema.get("pattern"), FORMATS.get(schema.get("format", ""))
    for sample, values in FAMILIES.items():
        fits = sample == known or (pattern is not None and re.search(pattern, sample))
        if fits or (isinstance(shown, str) and re.fullmatch(SHAPES[sample], shown)):
            yield from values
    yield from TEXTS
    if "maxLength" in schema:
        yield from ("甲" * each for each in (schema["maxLength"], schema["maxLength"] + 1))


def _example(schema: Node) -> object:
    shown = schema.get("examples") or [schema.get("example", schema.get("default"))]
    return shown[0]
