"""What one edition of the policy book changes of another (政策参数版次), in words two persons read.

An edition is known by the digest of its whole text. Values are superseded and never edited, so what
an edition may do to the one before is add to it.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from app.kernel.basis import basis
from app.policy.book import Dated, Parameter, PolicyBook, Value

VERSION = re.compile(r"[0-9A-Za-z.]{1,16}-[0-9a-f]{8}")
NATION, NOTHING = "national 全国", "–"
WHY_CHARACTERS_MAX = 200
Series = Mapping[date, Dated]


class BookUnreadableError(ValueError):
    """A text is no policy book; the message says why."""


@dataclass(frozen=True, slots=True)
class Revision:
    """What differs between two editions: what is new, and what was edited and may not be."""

    changes: tuple[str, ...]
    edits: tuple[str, ...]


def read_book(text: str) -> PolicyBook:
    """Read a book that somebody sent, whatever is in it."""
    try:
        book = PolicyBook.parse(text)
    except (ValueError, LookupError, TypeError, AttributeError, RecursionError) as error:
        why = f"{type(error).__name__}: {error}"
        raise BookUnreadableError(_plain(why)[:WHY_CHARACTERS_MAX]) from error
    if not VERSION.fullmatch(book.version):
        raise BookUnreadableError("the edition's name is 1 to 16 letters, digits and dots")
    return book


@basis("hub-default/dated-values", "hub-default/policy-editions")
def revision(before: PolicyBook, after: PolicyBook) -> Revision:
    """A value is never edited, only superseded; what is new is told with what it supersedes."""
    changes: list[str] = []
    edits: list[str] = []
    for name, known in sorted(before.parameters.items()):
        if name not in after.parameters:
            changes.append(_plain(f"{_named(known)}: dropped 取消"))
        else:
            edits += _edits(known, after.parameters[name])
    for name, parameter in sorted(after.parameters.items()):
        changes += _additions(before.parameters.get(name), parameter)
    return Revision(tuple(changes), tuple(edits))


def _edits(before: Parameter, after: Parameter) -> Iterator[str]:
    """Yield what an edition would have of old values that they never were."""
    if before.unit != after.unit:
        yield _plain(f"{_named(before)}: {before.unit} → {after.unit}")
    now = {place: _by_day(series) for place, series in _places(after)}
    for place, series in _places(before):
        for dated in series:
            found = now.get(place, {}).get(dated.since)
            if found is None or found.value != dated.value:
                becomes = NOTHING if found is None else _said(found.value)
                yield _line(before, place, dated, (_said(dated.value), becomes))


def _additions(before: Parameter | None, after: Parameter) -> Iterator[str]:
    """Yield what an edition brings: values of their own day, and other clauses beneath old ones."""
    known = {} if before is None else {place: _by_day(it) for place, it in _places(before)}
    for place, series in _places(after):
        for place_in_series, dated in enumerate(series):
            found = known.get(place, {}).get(dated.since)
            if found is None:
                superseded = series[place_in_series - 1] if place_in_series else None
                was = NOTHING if superseded is None else _said(superseded.value)
                yield _line(after, place, dated, (was, _said(dated.value)))
            elif found.clause != dated.clause:
                yield _line(after, place, dated, (f"({found.clause})", _said(dated.value)))


def _places(it: Parameter) -> Iterator[tuple[str, tuple[Dated, ...]]]:
    yield NATION, it.national
    yield from sorted(it.provinces.items())


def _by_day(series: tuple[Dated, ...]) -> Series:
    return {it.since: it for it in series}


def _line(it: Parameter, place: str, dated: Dated, values: tuple[str, str]) -> str:
    was, becomes = values
    since = f"from {dated.since} 起"
    return _plain(f"{_named(it)} · {place} · {since}: {was} → {becomes} ({dated.clause})")


def _named(it: Parameter) -> str:
    return f"{it.name} {it.means} {it.means_zh}"


def _said(value: Value) -> str:
    return json.dumps(value, ensure_ascii=False, default=str)


def _plain(text: str) -> str:
    """Write a text in one line that a database and a terminal can take."""
    return "".join(it if it.isprintable() else "�" for it in text)
