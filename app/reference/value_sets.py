"""The gateway's value sets: the codes hospital software sends, beside the hub's own values."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueCode:
    """One code: what it means, and the hub's own value for it, if there is one."""

    value: str
    zh: str
    en: str
    ours: str = ""
    note: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class ValueSet:
    """代码表: the codes one field takes, and the known ones it does not, with the reason."""

    name: str
    zh: str
    en: str
    values: tuple[ValueCode, ...]
    refused: tuple[ValueCode, ...]

    def code(self, value: str) -> ValueCode | None:
        """Return what a code means, if it is taken."""
        return next((it for it in self.values if it.value == value), None)

    def refusal(self, value: str) -> ValueCode | None:
        """Return the sentence on a code that is known and not taken."""
        return next((it for it in self.refused if it.value == value), None)

    def shown(self, ours: str) -> str:
        """Return the code of one of the hub's own values; the value itself where there is none."""
        return next((it.value for it in self.values if it.ours == ours), ours)


@cache
def value_sets() -> Mapping[str, ValueSet]:
    """Read the value sets that are packaged with the hub."""
    text = resources.files("app.reference").joinpath("value_sets.toml").read_text("utf-8")
    return MappingProxyType(
        {
            name: ValueSet(
                name=name,
                zh=it["zh"],
                en=it["en"],
                values=tuple(ValueCode(**code) for code in it["values"]),
                refused=tuple(ValueCode(**code) for code in it.get("refused", ())),
            )
            for name, it in tomllib.loads(text).items()
        }
    )
