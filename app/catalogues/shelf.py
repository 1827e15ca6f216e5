"""Lists and items that were looked up before, kept at hand for as long as no list has changed.

Whoever asks says which edition of all lists it has seen (a text that changes whenever any list
does): what was looked up under another one is forgotten, so that nothing old is ever told.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date

from app.catalogues.model import (
    CatalogueKind,
    CatalogueVersion,
    Found,
    Wanted,
)
from app.catalogues.store import look_up
from app.runtime.db import Conn

ITEMS_MAX = LISTS_MAX = 50_000


@dataclass(slots=True)
class Shelf:
    """What one process has at hand."""

    edition: str = ""
    lists: dict[tuple[CatalogueKind, str, date], CatalogueVersion] = field(default_factory=dict)
    items: dict[tuple[int, str], Found] = field(default_factory=dict)

    async def look_up(
        self, conn: Conn, edition: str, wanted: Mapping[str, Wanted]
    ) -> dict[str, Found]:
        """Look items up, each in the version in force for its place and day.

        By whatever name each is asked for; one whose place has no list in force is left out.
        """
        is_full = len(self.items) > ITEMS_MAX or len(self.lists) > LISTS_MAX  # one list a day
        if edition != self.edition or is_full:
            self.edition = edition
            self.lists.clear()
            self.items.clear()
        found: dict[str, Found] = {}
        missing: dict[str, Wanted] = {}
        for name, each in wanted.items():
            version = self.lists.get((each.kind, each.place, each.day))
            there = None if version is None else self.items.get((version.id, each.code))
            if there is None:
                missing[name] = each
            else:
                found[name] = there
        if missing:
            fresh = await look_up(conn, list(missing.values()))
            found |= {name: fresh[each] for name, each in missing.items() if each in fresh}
            if edition == self.edition:  # another may have seen a newer edition meanwhile
                self._keep(fresh)
        return found

    def _keep(self, fresh: Mapping[Wanted, Found]) -> None:
        for each, found in fresh.items():
            self.lists[each.kind, each.place, each.day] = found.version
            self.items[found.version.id, each.code] = found
