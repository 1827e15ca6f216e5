"""What can be done with institutions: look them up, keep the list, suspend and take offline."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields
from datetime import date

from app.institutions import rules, store
from app.institutions.errors import (
    InstitutionRowRepeated,
    InstitutionStateDay,
    InstitutionUnknown,
)
from app.institutions.model import (
    LIFE,
    Institution,
    InstitutionEntry,
    InstitutionsAsked,
    ProvinceCoverage,
    RefusedRow,
    Standing,
    StateChange,
    TakenIn,
    TakenRow,
)
from app.institutions.rules import may_settle, not_open
from app.institutions.store import REVISION, by_code
from app.kernel.basis import basis
from app.kernel.refusal import Refusal, refuse_all
from app.parties.errors import ForbiddenRegion, RegionUnknown
from app.policy.book import CoverageTarget
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work

__all__ = [
    "REVISION",
    "by_code",
    "coverage",
    "find",
    "happen",
    "load",
    "look",
    "may_settle",
    "not_open",
    "put",
    "take_in",
]


@basis("hub-default/institution-search")
async def find(reading: Reading, asked: InstitutionsAsked, page: PageAsked) -> Page[Institution]:
    """Search the list; open to every party."""
    return await store.find(reading.rx, asked, page)


async def look(reading: Reading, code: str) -> Institution:
    """Look one institution up; open to every party."""
    found = await by_code(reading.rx, code)
    if found is None:
        raise InstitutionUnknown(institution=code)
    return found


async def put(work: Work, entry: InstitutionEntry) -> Institution:
    """Add or replace one entry of the caller's own region."""
    if not work.caller.governs(entry.region):
        raise ForbiddenRegion(region=entry.region)
    refuse_all(rules.entry_faults(entry))
    await store.take_turn(work.tx)
    if not await store.known_regions(work.tx, [entry.region]):
        raise RegionUnknown(region=entry.region)
    change = (await _keep(work, [entry]))[entry.code]
    work.record("institution.put", entry.code, change=change)
    kept = await by_code(work.tx, entry.code)
    assert kept is not None, "it was kept in this transaction"
    return kept


async def take_in(work: Work, rows: Sequence[tuple[int, Mapping[str, str]]]) -> TakenIn:
    """Take in a sheet of (line, cells): each row is accepted, or refused with all its errors."""
    await store.take_turn(work.tx)
    named = sorted({cells["region"] for _, cells in rows})
    regions = await store.known_regions(work.tx, named)
    entries: dict[str, tuple[int, InstitutionEntry]] = {}
    refused: list[RefusedRow] = []
    for line, cells in rows:
        outcome = rules.read_row(cells)
        faults = outcome if isinstance(outcome, list) else []
        faults += _outside(work, cells["region"], regions)
        if cells["code"] in entries:
            first = entries[cells["code"]][0]
            faults.append(InstitutionRowRepeated(institution=cells["code"], line=first))
        if faults or isinstance(outcome, list):
            refused.append(RefusedRow(line, cells["code"][:12], tuple(faults)))
        else:
            entries[outcome.code] = line, outcome
    changes = await _keep(work, [entry for _, entry in entries.values()])
    accepted = [TakenRow(line, code, changes[code]) for code, (line, _) in entries.items()]
    updated = sorted(code for code, change in changes.items() if change != "unchanged")
    work.record("institution.import", work.caller.party, changed=updated, refused_rows=len(refused))
    return TakenIn(tuple(accepted), tuple(refused))


def _outside(work: Work, code: str, regions: frozenset[str]) -> list[Refusal]:
    if not work.caller.governs(code):
        return [ForbiddenRegion(region=code[:6])]
    return [] if code in regions else [RegionUnknown(region=code[:6])]


async def load(work: Work, rows: Sequence[Mapping[str, str]]) -> TakenIn:
    """Take in seed rows, all of them or none: a seed that is refused is a mistake of ours."""
    taken = await take_in(work, [(line, cells) for line, cells in enumerate(rows, start=2)])
    refuse_all([refusal for row in taken.refused for refusal in row.refusals])
    return taken


async def _keep(work: Work, entries: Sequence[InstitutionEntry]) -> dict[str, str]:
    """Keep what differs from what is kept, and say per code what that was."""
    known = await store.by_codes(work.tx, [entry.code for entry in entries])
    changed = [entry for entry in entries if _differs(entry, known.get(entry.code))]
    created = {
        entry.code: min((scope.first_day for scope in entry.scopes), default=work.today)
        for entry in changed
        if entry.code not in known
    }
    if changed:
        await store.keep(work.tx, changed, created, work.now)
    words = dict.fromkeys((entry.code for entry in entries), "unchanged")
    words |= dict.fromkeys((entry.code for entry in changed), "updated")
    return words | dict.fromkeys(created, "created")


def _differs(entry: InstitutionEntry, known: Institution | None) -> bool:
    """Say whether an entry says anything new; a row that leaves out the USCC does not."""
    if known is None or set(entry.scopes) != set(known.scopes):
        return True
    compared = [field.name for field in fields(InstitutionEntry) if field.name != "scopes"]
    return any(
        getattr(entry, name) != getattr(known, name)
        for name in compared
        if name != "uscc" or entry.uscc is not None
    )


async def happen(work: Work, code: str, asked: StateChange) -> Institution:
    """Suspend, resume or take offline an institution of the caller's own region, from a day on."""
    await store.take_turn(work.tx)
    it = await by_code(work.tx, code)
    if it is None:
        raise InstitutionUnknown(institution=code)
    if not work.caller.governs(it.region):
        raise ForbiddenRegion(region=it.region)
    state = LIFE.after(it.state, asked.event)
    first_day = asked.first_day or work.today
    earliest = rules.earliest_change(it, work.today)
    if first_day < earliest:
        raise InstitutionStateDay(earliest=earliest)
    standing = Standing(first_day=first_day, state=state, reason=asked.reason)
    await store.stand(work.tx, it, standing, work.now)
    facts = {"state": state, "first_day": first_day, "reason": asked.reason}
    work.record(f"institution.{asked.event}", code, **facts)
    work.announce(f"institution.{asked.event}", code, (it.region, code), facts)
    changed = await by_code(work.tx, code)
    assert changed is not None, "it was changed in this transaction"
    return changed


async def coverage(reading: Reading, day: date) -> list[ProvinceCoverage]:
    """Tell every province's coverage on a day, beside the targets the policy book has for it."""
    return [
        ProvinceCoverage(
            day=day, counted=counted, targets=targets, due=rules.target_due(targets, day)
        )
        for counted in await store.coverage(reading.rx, day)
        for targets in [_targets(reading, day, counted.province)]
    ]


def _targets(reading: Reading, day: date, province: str) -> tuple[CoverageTarget, ...]:
    """Return a province's targets; before the first text that sets any there are none."""
    try:
        return reading.book.targets(day, province)
    except LookupError:
        return ()
