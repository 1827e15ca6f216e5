"""Tells a refusal as the gateway does: a stable code, a Chinese sentence, and the full list."""

from __future__ import annotations

import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from importlib import resources

from app.kernel.lifecycle import NoSuchMove
from app.kernel.refusal import Refusal
from app.runtime.problems import body_of

ERR_MSG_MAX = 200
SAID = frozenset(
    {"type", "title", "title_zh", "status", "code", "detail", "detail_zh", "instance", "also"}
)
LISTED = ("fields", "lines", "errors")  # facts that are lists of faults, each told by itself


@dataclass(frozen=True, slots=True, kw_only=True)
class Codes:
    """The tables of `codes.toml`."""

    refusals: Mapping[str, str]
    faults: Mapping[str, str]
    fields: Mapping[str, str]
    blames: Mapping[str, str]

    def of(self, refusal: str) -> str:
        """Return the gateway's code of a refusal of the hub."""
        return self.refusals.get(refusal) or refusal.replace("-", "_").upper()


@dataclass(frozen=True, slots=True, kw_only=True)
class Error:
    """One entry of `output.errors`; never a value that may be personal."""

    code: str
    zh: str
    en: str
    detail_zh: str
    detail: str
    field: str
    index: int | None
    serial: str
    facts: Mapping[str, object]

    @property
    def brief(self) -> str:
        """Return the err_msg: [CODE] 中文原因 (field)."""
        where = f" ({self.field})" if self.field else ""
        return f"[{self.code}] {self.zh}"[: ERR_MSG_MAX - len(where)] + where

    def told(self) -> dict[str, object]:
        """Write it down."""
        told: dict[str, object] = {
            "code": self.code,
            "message": self.zh,
            "message_en": self.en,
            "detail": self.detail_zh,
            "detail_en": self.detail,
            "field": self.field,
        }
        if self.index is not None:
            told["index"] = self.index
        if self.serial:
            told["feedetl_sn"] = self.serial
        if self.facts:
            told["facts"] = self.facts
        return told


@cache
def codes() -> Codes:
    """Read the tables that are packaged with the hub."""
    text = resources.files("app.gateway").joinpath("codes.toml").read_text("utf-8")
    return Codes(**tomllib.loads(text))


def errors_of(refusal: Refusal) -> list[Error]:
    """List everything a refusal says, in order of precedence; never empty."""
    return [error for each in (refusal, *refusal.also) for error in _errors(each)]


def _errors(refusal: Refusal) -> Iterator[Error]:
    body = body_of(refusal, "")
    listed = [fault for name in LISTED for fault in _faults(refusal.facts.get(name))]
    if listed:
        yield from (_fault(refusal, fault) for fault in listed)
        return
    yield Error(
        code=_state_code(refusal) or codes().of(refusal.code),
        zh=refusal.title_zh,
        en=refusal.title,
        detail_zh=str(body["detail_zh"]),
        detail=str(body["detail"]),
        field=codes().blames.get(refusal.code, ""),
        index=None,
        serial="",
        facts={name: value for name, value in body.items() if name not in SAID},
    )


def _state_code(refusal: Refusal) -> str | None:
    """Name what stands in the wrong state: VISIT_STATE, FILING_STATE."""
    if not isinstance(refusal, NoSuchMove):
        return None
    noun = str(refusal.facts.get("of", "visit")).partition(" ")[0]
    return f"{noun.upper()}_STATE"


def _faults(found: object) -> Iterator[Mapping[str, object]]:
    if isinstance(found, list):
        yield from (fault for fault in found if isinstance(fault, Mapping) and "code" in fault)


def _fault(refusal: Refusal, fault: Mapping[str, object]) -> Error:
    """Tell one fault of a list: a field's, or a fee line's."""
    code, field = str(fault["code"]), str(fault.get("field", fault.get("pointer", "")))
    serial, index = str(fault.get("serial", "")), fault.get("index")
    if serial:
        code = codes().faults.get(code, code.upper())
        field = f"feedetail[{index}].{codes().fields.get(field, field)}"
    elif code.islower():  # a framework's own fault
        code = codes().of(refusal.code)
    zh = str(fault.get("detail_zh") or refusal.title_zh)
    en = str(fault.get("detail") or refusal.title)
    return Error(
        code=code,
        zh=zh,
        en=en,
        detail_zh=zh,
        detail=en,
        field=field,
        index=index if isinstance(index, int) else None,
        serial=serial,
        facts={},
    )
