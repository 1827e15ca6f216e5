"""The mapping tables: which transaction is which service act, and every field of it."""

from __future__ import annotations

import enum
import tomllib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType
from typing import Any

from app.kernel.parties import PartyKind


class FieldType(enum.StrEnum):
    """How a field is written; amounts, quantities and prices differ in their decimals."""

    TEXT = "text"
    CODE = "code"
    DAY = "day"
    INSTANT = "instant"
    AMOUNT = "amount"
    QUANTITY = "quantity"
    PRICE = "price"
    COUNT = "count"
    TEXTS = "texts"
    FILE = "file"


DECIMALS: Mapping[FieldType, int] = {
    FieldType.AMOUNT: 2,
    FieldType.QUANTITY: 4,
    FieldType.PRICE: 6,
    FieldType.COUNT: 0,
}


@dataclass(frozen=True, slots=True, kw_only=True)
class InputField:
    """One field of the input; `ours` is what the hub calls it, "" when it is read and not used."""

    name: str
    type: FieldType
    length: int
    required: bool
    ours: str
    value_set: str
    like: str  # a regular expression its text matches; "" when any will do
    zh: str
    note: str
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputField:
    """One field of the output: a fact shown, or a constant."""

    name: str
    type: FieldType
    fact: str
    constant: str | None
    value_set: str
    zh: str
    note: str
    new: bool


@dataclass(frozen=True, slots=True, kw_only=True)
class InputNode:
    """A named node of the input; `many` takes a list, and one object as a list of one."""

    name: str
    many: bool
    optional: bool
    rows_max: int
    fields: tuple[InputField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class OutputNode:
    """A named node of the output."""

    name: str
    many: bool
    new: bool
    fields: tuple[OutputField, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Transaction:
    """交易: one number, what it does and what it carries."""

    number: str
    zh: str
    en: str
    says: str
    act: str
    service: str
    rest: str
    writes: bool
    callers: tuple[PartyKind, ...]
    inputs: tuple[InputNode, ...]
    outputs: tuple[OutputNode, ...]


@cache
def transactions() -> Mapping[str, Transaction]:
    """Read the mapping that is packaged with the hub, in the order of the file."""
    whole = dict(_file())
    shared = whole.pop("shared")
    return MappingProxyType({number: _read(number, it, shared) for number, it in whole.items()})


@cache
def envelope() -> InputNode:
    """Read which fields the header of a message has."""
    return _input({"node": "", "include": ["envelope"]}, _file()["shared"])


@cache
def _file() -> Mapping[str, Any]:
    return tomllib.loads(resources.files("app.gateway").joinpath("mapping.toml").read_text("utf-8"))


def _read(number: str, it: Mapping[str, Any], shared: Mapping[str, Any]) -> Transaction:
    return Transaction(
        number=number,
        zh=it["zh"],
        en=it["en"],
        says=it["says"],
        act=it["act"],
        service=it["service"],
        rest=it["rest"],
        writes=it["writes"],
        callers=tuple(PartyKind(kind) for kind in it["callers"]),
        inputs=tuple(_input(node, shared) for node in it.get("input", ())),
        outputs=tuple(_output(node, shared) for node in it.get("output", ())),
    )


def _fields(node: Mapping[str, Any], shared: Mapping[str, Any]) -> Sequence[Mapping[str, Any]]:
    included = [field for name in node.get("include", ()) for field in shared[name]]
    return [*included, *node.get("fields", ())]


def _input(node: Mapping[str, Any], shared: Mapping[str, Any]) -> InputNode:
    return InputNode(
        name=node["node"],
        many=node.get("many", False),
        optional=node.get("optional", False),
        rows_max=node.get("rows_max", 1),
        fields=tuple(
            InputField(
                name=it["n"],
                type=FieldType(it["t"]),
                length=it.get("len", 0),
                required=it.get("req", False),
                ours=it["ours"],
                value_set=it.get("set", ""),
                like=it.get("like", ""),
                zh=it["zh"],
                note=it.get("note", ""),
                new=it.get("new", False),
            )
            for it in _fields(node, shared)
        ),
    )


def _output(node: Mapping[str, Any], shared: Mapping[str, Any]) -> OutputNode:
    return OutputNode(
        name=node["node"],
        many=node.get("many", False),
        new=node.get("new", False),
        fields=tuple(
            OutputField(
                name=it["n"],
                type=FieldType(it["t"]),
                fact=it.get("from", ""),
                constant=it.get("constant"),
                value_set=it.get("set", ""),
                zh=it["zh"],
                note=it.get("note", ""),
                new=it.get("new", False),
            )
            for it in _fields(node, shared)
        ),
    )
