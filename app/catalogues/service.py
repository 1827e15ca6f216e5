"""What can be done with catalogues: import a version, read it, look items up for a bill."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict
from datetime import date

from app.catalogues import rules, store
from app.catalogues.errors import CatalogueItemsRefused, CatalogueUnknown
from app.catalogues.model import (
    CatalogueEdition,
    CatalogueItem,
    CatalogueVersion,
    Imported,
    ItemsAsked,
    VersionsAsked,
    Wanted,
    digest_of,
)
from app.catalogues.store import look_up
from app.parties.errors import ForbiddenRegion, RegionUnknown
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work

__all__ = ["in_force", "items", "load", "look_up", "publish", "version", "versions"]

FAULTS_MAX = 200


async def versions(
    reading: Reading, asked: VersionsAsked, page: PageAsked
) -> Page[CatalogueVersion]:
    """List versions; open to every party."""
    return await store.versions(reading.rx, asked, page)


async def version(reading: Reading, version_id: int) -> CatalogueVersion:
    """Look a version up; open to every party."""
    found = await store.version(reading.rx, version_id)
    if found is None:
        raise CatalogueUnknown
    return found


async def in_force(reading: Reading, wanted: Wanted) -> CatalogueVersion:
    """Look up which version is in force for a place on a day."""
    found = await store.in_force(reading.rx, wanted)
    if found is None:
        raise CatalogueUnknown
    return found


async def items(
    reading: Reading, version_id: int, asked: ItemsAsked, page: PageAsked
) -> Page[CatalogueItem]:
    """List items of a version."""
    return await store.items(reading.rx, version_id, asked, page)


async def publish(
    work: Work, edition: CatalogueEdition, rows: Sequence[tuple[int, Mapping[str, str]]]
) -> Imported:
    """Import a version for the caller's own region, from (line, cells), whole or not at all."""
    if not work.caller.governs(edition.place):
        raise ForbiddenRegion(region=edition.place)
    listed = rules.read_items(rows, edition.kind)
    faults = [asdict(each) for each in listed if isinstance(each, rules.ItemFault)]
    if faults:
        raise CatalogueItemsRefused(errors=faults[:FAULTS_MAX])
    good = [each for each in listed if isinstance(each, CatalogueItem)]
    return await _import(work, edition, good, today=work.today)


async def load(work: Work, edition: CatalogueEdition, listed: Sequence[CatalogueItem]) -> Imported:
    """Import a version that may have begun in the past: for the hub's own first lists."""
    return await _import(work, edition, listed, today=date.min)


async def _import(
    work: Work, edition: CatalogueEdition, listed: Sequence[CatalogueItem], *, today: date
) -> Imported:
    """Keep a version unless it is kept; replace one of the same label that is not in force."""
    if not await store.take_turn(work.tx, edition):
        raise RegionUnknown(region=edition.place)
    known = await store.versions_of(work.tx, edition)
    same = next((each for each in known if each.label == edition.label), None)
    if same is not None and _is_kept(same, edition, listed):
        work.record("catalogue.import", same.id, change="unchanged")
        return Imported(same, "unchanged")
    others = [each for each in known if each.label != edition.label]
    taken = any(each.first_day == edition.first_day for each in others)
    refusal = rules.not_importable(edition, same, today, taken=taken)
    if refusal is not None:
        raise refusal
    if same is not None:
        await store.drop(work.tx, same)
    added = await store.add(work.tx, edition, listed, work.now, work.caller.party)
    change = "created" if same is None else "replaced"
    work.record("catalogue.import", added.id, change=change, label=added.label)
    facts = {"place": added.place, "kind": added.kind, "first_day": added.first_day}
    work.announce("catalogue.import", added.id, (added.place,), facts)
    return Imported(added, change)


def _is_kept(
    same: CatalogueVersion, edition: CatalogueEdition, listed: Sequence[CatalogueItem]
) -> bool:
    return same.first_day == edition.first_day and same.digest == digest_of(listed)
