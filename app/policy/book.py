"""The policy book: what the law said on a given day, in a given province.

Values are superseded, never edited: the book refuses to be read when two values of one name share
a date or stand out of order, and its version changes with every byte, so that a decision that
stored the version can be made again years later.
"""

from __future__ import annotations

import hashlib
import tomllib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from importlib import resources
from types import MappingProxyType

from app.kernel.basis import basis
from app.kernel.money import Money
from app.kernel.regions import province_of

PARAMETER_KEYS = frozenset({"unit", "means", "means_zh", "carries", "national", "province"})
DATED_KEYS = frozenset({"from", "value", "clause"})
Value = object  # what TOML can say; only the typed accessors hand one out


@dataclass(frozen=True, slots=True)
class Dated:
    """A value, the day it came into force, and the clause it rests on."""

    since: date
    value: Value
    clause: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Parameter:
    """One named value of the law through time: for the nation, and where a province differs."""

    name: str
    unit: str
    means: str
    means_zh: str
    carries: tuple[str, ...]
    national: tuple[Dated, ...]
    provinces: Mapping[str, tuple[Dated, ...]]

    def in_force(self, day: date, province: str | None) -> Iterator[Dated]:
        """Yield what holds on a day: the province's own value first, then the nation's."""
        own = () if province is None else self.provinces.get(province_of(province), ())
        for series in (own, self.national):
            for dated in reversed(series):
                if dated.since <= day:
                    yield dated
                    break


@dataclass(frozen=True, slots=True)
class CoverageTarget:
    """The share of a province's institutions, in percent, to be online by a day."""

    by: date
    tier3_medical: int
    rehabilitation: int
    device: int


@dataclass(frozen=True, slots=True)
class PolicyBook:
    """Every parameter of the law, answerable for any day and province."""

    version: str  # the edition's name and the beginning of the digest
    parameters: Mapping[str, Parameter]
    digest: str
    source: str = field(repr=False)  # its text

    @classmethod
    def load(cls) -> PolicyBook:
        """Read the book that is packaged with the hub."""
        found = resources.files("app.policy").joinpath("parameters.toml").read_text("utf-8")
        return cls.parse(found)

    @classmethod
    def parse(cls, text: str) -> PolicyBook:
        """Read parameters.toml; a ValueError says what is out of order in it."""
        areas = tomllib.loads(text)
        edition = areas.pop("edition")
        found = [
            _parameter(f"{area}.{name}", entry)
            for area, names in areas.items()
            for name, entry in names.items()
        ]
        digest = hashlib.sha256(text.encode()).hexdigest()
        parameters = MappingProxyType({each.name: each for each in found})
        return cls(f"{edition}-{digest[:8]}", parameters, digest, text)

    @basis("hub-default/dated-values")
    def at(self, name: str, day: date, province: str | None = None) -> Value:
        """Return the value in force on `day`: the province's own where it has one.

        Of a table a province may set some keys only; the others are the nation's.
        """
        held = [dated.value for dated in self._in_force(name, day, province)]
        if all(isinstance(value, dict) for value in held):
            return {key: each for value in reversed(held) for key, each in _table(value).items()}
        return held[0]

    def is_in_force(self, name: str, day: date, province: str | None = None) -> bool:
        """Say whether there is a value for `day`: before the first text there is none."""
        return any(True for _ in self._known(name).in_force(day, province))

    def clause_of(
        self, name: str, day: date, province: str | None = None, *, of: str | None = None
    ) -> str:
        """Return the clause that the value in force (or its key `of`) rests on."""
        return self._dated(name, day, province, of).clause

    def whole(
        self, name: str, day: date, province: str | None = None, *, of: str | None = None
    ) -> int:
        """Return a whole number."""
        value = self._value(name, day, province, of)
        if isinstance(value, int) and not isinstance(value, bool):
            return value
        raise _wrong(name, value, "a whole number")

    def whole_if_any(
        self, name: str, day: date, province: str | None = None, *, of: str
    ) -> int | None:
        """Return a whole number of a table, or None where the table leaves the key out."""
        if of not in _table(self.at(name, day, province)):
            return None
        return self.whole(name, day, province, of=of)

    def months(
        self, name: str, day: date, province: str | None = None, *, of: str | None = None
    ) -> int:
        """Return a number of months; a parameter of another unit is a mistake."""
        if self._known(name).unit != "months":
            raise _wrong(name, self._known(name).unit, "counted in months")
        return self.whole(name, day, province, of=of)

    def money(self, name: str, day: date, province: str | None = None) -> Money:
        """Return an amount of a parameter kept in fen."""
        if self._known(name).unit != "fen":
            raise _wrong(name, self._known(name).unit, "kept in fen")
        return Money(self.whole(name, day, province))

    def text(
        self, name: str, day: date, province: str | None = None, *, of: str | None = None
    ) -> str:
        """Return a word."""
        value = self._value(name, day, province, of)
        if isinstance(value, str):
            return value
        raise _wrong(name, value, "a text")

    def texts(self, name: str, day: date, province: str | None = None) -> tuple[str, ...]:
        """Return a list of words."""
        value = self._value(name, day, province, None)
        if isinstance(value, list) and all(isinstance(each, str) for each in value):
            return tuple(value)
        raise _wrong(name, value, "a list of texts")

    def flag(self, name: str, day: date, province: str | None = None) -> bool:
        """Return a yes or no."""
        value = self._value(name, day, province, None)
        if isinstance(value, bool):
            return value
        raise _wrong(name, value, "yes or no")

    def targets(self, day: date, province: str | None = None) -> tuple[CoverageTarget, ...]:
        """Return the coverage targets in force on a day, soonest first."""
        value = self.at("coverage.targets", day, province)
        assert isinstance(value, list), "targets are a list of tables"
        return tuple(CoverageTarget(**target) for target in value)

    def _known(self, name: str) -> Parameter:
        if name not in self.parameters:
            message = f"there is no parameter {name}"
            raise LookupError(message)
        return self.parameters[name]

    def _in_force(self, name: str, day: date, province: str | None) -> list[Dated]:
        found = list(self._known(name).in_force(day, province))
        if not found:
            message = f"{name} was not in force on {day}"
            raise LookupError(message)
        return found

    def _dated(self, name: str, day: date, province: str | None, of: str | None) -> Dated:
        for dated in self._in_force(name, day, province):
            if of is None or of in _table(dated.value):
                return dated
        message = f"{name} says nothing of {of} on {day}"
        raise LookupError(message)

    def _value(self, name: str, day: date, province: str | None, of: str | None) -> Value:
        value = self._dated(name, day, province, of).value
        return value if of is None else _table(value)[of]


def _parameter(name: str, entry: Mapping[str, object]) -> Parameter:
    _require_keys(name, entry, PARAMETER_KEYS)
    provinces = _table(entry.get("province", {}))
    return Parameter(
        name=name,
        unit=str(entry["unit"]),
        means=str(entry["means"]),
        means_zh=str(entry["means_zh"]),
        carries=tuple(map(str, _list(entry.get("carries", [])))),
        national=_series(name, entry.get("national", [])),
        provinces=MappingProxyType(
            {code: _series(f"{name} of {code}", series) for code, series in provinces.items()}
        ),
    )


def _series(name: str, entries: object) -> tuple[Dated, ...]:
    """Read dated values; each supersedes the one before, so each needs a later date."""
    series: list[Dated] = []
    for entry in map(_table, _list(entries)):
        _require_keys(name, entry, DATED_KEYS)
        since = entry["from"]
        if not isinstance(since, date) or isinstance(since, datetime):
            raise _wrong(name, since, "a date")
        if series and since <= series[-1].since:
            message = f"{name}: the value of {since} does not supersede that of {series[-1].since}"
            raise ValueError(message)
        series.append(Dated(since, entry["value"], str(entry["clause"])))
    return tuple(series)


def _require_keys(name: str, entry: Mapping[str, object], known: frozenset[str]) -> None:
    """Refuse what nobody would read: a word misspelt must not leave a value out in silence."""
    for key in entry:
        if key not in known:
            message = f"{name}: {key} is no key of a policy book"
            raise ValueError(message)


def _table(value: object) -> Mapping[str, object]:
    if isinstance(value, dict):
        return value
    raise _wrong("a value", value, "a table")


def _list(value: object) -> list[object]:
    if isinstance(value, list):
        return value
    raise _wrong("a value", value, "a list")


def _wrong(name: str, value: object, wanted: str) -> TypeError:
    return TypeError(f"{name} is {value!r}, not {wanted}")
