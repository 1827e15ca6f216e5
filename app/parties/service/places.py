"""Use cases of regions and parties: load the seeds, look regions up."""

from __future__ import annotations

from collections.abc import Sequence

from app.parties.errors import RegionUnknown
from app.parties.model import Party, Region, RegionsAsked
from app.parties.store import places as store
from app.runtime.db import Conn
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work


async def load_regions(work: Work, rows: Sequence[Region]) -> int:
    """Keep the regions; loading them again changes only what differs."""
    changed = await store.keep_regions(work.tx, rows)
    work.record("regions.load", "regions", rows=len(rows), changed=changed)
    return changed


async def load_parties(work: Work, rows: Sequence[Party]) -> int:
    """Keep the parties; what was decided about them since is left alone."""
    changed = await store.keep_parties(work.tx, rows)
    work.record("parties.load", "parties", rows=len(rows), changed=changed)
    return changed


async def regions(conn: Conn) -> list[Region]:
    """Read every region, by code."""
    return await store.all_regions(conn)


async def region(conn: Conn, code: str) -> Region:
    """Read one region, or refuse."""
    found = await store.region_by_code(conn, code)
    if found is None:
        raise RegionUnknown(region=code)
    return found


async def list_regions(reading: Reading, asked: RegionsAsked, page: PageAsked) -> Page[Region]:
    """Read a page of regions."""
    return Page.of(await store.regions(reading.rx, asked, page), page, lambda it: it.code)
