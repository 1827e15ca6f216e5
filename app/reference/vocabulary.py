"""The vocabulary and the dictionaries: every word and every code of the wire, with its Chinese."""

from __future__ import annotations

import enum
import inspect
import re
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType

from app.reference.value_sets import ValueSet, value_sets
from app.runtime.messages import Outcome

# Beside these, every enum of a domain's `model` is part of the wire.
WIRE_MODULES = re.compile(r"app\.(kernel\.\w+|\w+\.model)")


@dataclass(frozen=True, slots=True, kw_only=True)
class Word:
    """One entry of the vocabulary."""

    term: str
    zh: str
    label: str
    means: str
    source: str
    avoided: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Code:
    """One value of a dictionary."""

    value: str
    zh: str
    label: str
    means: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Dictionary:
    """代码表: the values a field may take."""

    name: str
    title: str
    codes: tuple[Code, ...]


@cache
def glossary() -> Mapping[str, Word]:
    """Read the vocabulary that is packaged with the hub."""
    text = resources.files("app").joinpath("glossary.toml").read_text("utf-8")
    return MappingProxyType(
        {
            term: Word(
                term=term,
                zh=entry["zh"],
                label=entry["label"],
                means=entry["means"],
                source=entry["source"],
                avoided=tuple(entry["not"]),
            )
            for term, entry in tomllib.loads(text).items()
        }
    )


@cache
def dictionaries() -> Mapping[str, Dictionary]:
    """Collect the enums of the wire and the gateway's value sets, by name."""
    found = {name: _dictionary(name, kind) for name, kind in enums()}
    found |= {
        f"gateway-{it.name.replace('_', '-')}": _of_gateway(it) for it in value_sets().values()
    }
    return MappingProxyType(dict(sorted(found.items())))


def enums() -> Iterator[tuple[str, type[enum.StrEnum]]]:
    """Yield every enum of the wire, by the name of its dictionary."""
    kinds = [k for k in enum.StrEnum.__subclasses__() if WIRE_MODULES.fullmatch(k.__module__)]
    wire: list[type[enum.StrEnum]] = [*kinds, Outcome]
    for kind in wire:
        name = re.sub(r"(?<=[a-z])(?=[A-Z])", "-", kind.__name__).lower()
        shared = sum(other.__name__ == kind.__name__ for other in kinds) > 1
        domain = kind.__module__.split(".")[1]
        yield (f"{domain}-{name}" if shared else name), kind


def _dictionary(name: str, kind: type[enum.StrEnum]) -> Dictionary:
    return Dictionary(
        name=name,
        title=(inspect.getdoc(kind) or name).partition("\n")[0],
        codes=tuple(_code(member.value) for member in kind),
    )


def _of_gateway(it: ValueSet) -> Dictionary:
    codes = (
        Code(value=each.value, zh=each.zh, label=f"{each.zh} {each.en}", means=each.note)
        for each in it.values
    )
    return Dictionary(
        name=f"gateway-{it.name.replace('_', '-')}", title=f"{it.zh}: {it.en}", codes=tuple(codes)
    )


def _code(value: str) -> Code:
    word = glossary().get(value.replace("-", "_"))
    if word is None:
        return Code(value=value, zh=value, label=value, means="")
    return Code(value=value, zh=word.zh, label=word.label, means=word.means)
