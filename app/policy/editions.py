"""What one edition of the policy book changes of another (政策参数版次), in words two persons read.

An edition is known by the digest of its whole text. Values are superseded and never edited, so what
an edition may do to the one before is add to it.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import date

from app.kernel.basis import basis
from app.policy.book import Dated, Parameter, PolicyBook, Value
from app.policy.reading import plain

NATION, NOTHING = "national 全国", "–"
ONLY_TEXT = (
    "No value, clause or word: remarks, order or layout 取值、依据、文字均无变化，仅注释或排版"
)
Series = Mapping[date, Dated]


@dataclass(frozen=True, slots=True)
class Revision:
    """What differs between two editions: what is new, and what was edited and may not be."""

    changes: tuple[str, ...]
    edits: tuple[str, ...]


@basis("hub-default/dated-values", "hub-default/policy-editions")
def revised(before: PolicyBook, after: PolicyBook, today: date) -> Revision:
    """A value that was in force is never edited, only superseded; all else that differs is told.

    What nobody can have decided by yet, since its day is to come, may still be put right.
    """
    changes: list[str] = []
    edits: list[str] = []
    for name, known in sorted(before.parameters.items()):
        now = after.parameters.get(name)
        if now is None:
            changes.append(plain(f"{_named(known)}: dropped 取消"))
            continue
        if known.unit != now.unit:
            edits.append(plain(f"{_named(known)}: {known.unit} → {now.unit}"))
        changes += _rewordings(known, now)
        for since, line in _edits(known, now):
            (changes if since > today else edits).append(line)
    for name, parameter in sorted(after.parameters.items()):
        changes += _additions(before.parameters.get(name), parameter, today)
    if not (changes or edits) and before.source != after.source:
        changes.append(ONLY_TEXT)
    return Revision(tuple(changes), tuple(edits))


def _rewordings(before: Parameter, after: Parameter) -> Iterator[str]:
    """Yield what an edition says otherwise about a parameter."""
    carried = [f"({', '.join(it.carries)})" for it in (before, after)]
    words = (before.means, after.means), (before.means_zh, after.means_zh), tuple(carried)
    for was, becomes in words:
        if was != becomes:
            yield plain(f"{before.name}: {was} → {becomes}")


def _edits(before: Parameter, after: Parameter) -> Iterator[tuple[date, str]]:
    """Yield what an edition has otherwise of the values there were, each with its day."""
    now = {place: _by_day(series) for place, series in _places(after)}
    for place, series in _places(before):
        for dated in series:
            found = now.get(place, {}).get(dated.since)
            becomes = NOTHING if found is None else _said(found.value)
            if found is None or found.value != dated.value or becomes != _said(dated.value):
                yield dated.since, _line(before, place, dated, (_said(dated.value), becomes))


def _additions(before: Parameter | None, after: Parameter, today: date) -> Iterator[str]:
    """Yield what an edition brings: values of their own day, and other clauses beneath old ones."""
    if before is None:
        yield plain(f"{_named(after)}: new 新增, {after.unit}")
    known = {} if before is None else {place: _by_day(it) for place, it in _places(before)}
    for place, series in _places(after):
        for place_in_series, dated in enumerate(series):
            found = known.get(place, {}).get(dated.since)
            if found is None:
                superseded = series[place_in_series - 1] if place_in_series else None
                was = NOTHING if superseded is None else _said(superseded.value)
                line = _line(after, place, dated, (was, _said(dated.value)))
                yield f"{line} · back-dated 追溯" if dated.since < today else line
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
    return plain(f"{_named(it)} · {place} · {since}: {was} → {becomes} ({dated.clause})")


def _named(it: Parameter) -> str:
    return f"{it.name} {it.means} {it.means_zh}"


def _said(value: Value) -> str:
    # Beside equality: to Python, yes equals one.
    return json.dumps(value, ensure_ascii=False, default=str)
