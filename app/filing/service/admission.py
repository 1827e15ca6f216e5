"""What admission, settlement and the people looking ask of filings."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

from app.filing import rules, store
from app.filing.errors import FilingTerminated, FilingUnknown
from app.filing.model import Filing, FilingStory
from app.filing.store import FilingsAsked
from app.kernel.basis import basis
from app.kernel.costs import CostKind
from app.kernel.refusal import Refusal
from app.runtime.db import Conn
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work


@basis("hub-default/filing-history")
async def find(reading: Reading, number: str, as_of: datetime | None) -> FilingStory:
    """Show a filing with its history, today or as it stood at a past instant."""
    filing = await store.by_number(reading.rx, reading.caller.scope, number)
    instant = as_of or reading.now
    then = filing
    if filing is not None and as_of is not None:
        then = await store.as_of(reading.rx, filing.id, instant)
    if then is None:
        raise FilingUnknown
    reading.trace("filing.look", number, worker=then.worker)
    return FilingStory(then, await store.history(reading.rx, then.id, instant))


async def list_filings(reading: Reading, asked: FilingsAsked, page: PageAsked) -> Page[Filing]:
    """Show the filings the caller may see, oldest first."""
    found = await store.page(reading.rx, reading.caller.scope, asked, page)
    shown = Page.of(found, page, lambda it: it.id)
    reading.trace("filing.list", "filings", filings=[it.number for it in shown.rows])
    return shown


async def covering(
    conn: Conn, worker_id: int, region: str, cost_kind: CostKind, day: date
) -> Filing | list[Refusal]:
    """Return the filing that covers an admission, or the closest reasons why none does."""
    filings = await store.of_workers(conn, [worker_id])
    return rules.covering(filings, region, cost_kind, day)


def usable_in(
    told: Sequence[Mapping[str, Any]] | None, worker: str, region: str, day: date
) -> list[Filing]:
    """Of a worker's filings, told in JSON, return those under which they could be admitted here."""
    return rules.usable(store.filings_in(told, worker), region, day)


async def by_id(conn: Conn, filing_id: int) -> Filing:
    """Read the filing a visit was admitted under, whatever became of it."""
    (found,) = await store.by_ids(conn, [filing_id])
    return found


async def hold(work: Work, filing_id: int) -> None:
    """Let a visit lean on a filing: on admission."""
    if await store.hold(work.tx, filing_id):
        return
    filing = await by_id(work.tx, filing_id)
    raise FilingTerminated(filing=filing.number, state=filing.state, ended_on=filing.ended_on)


async def release(work: Work, filing_id: int) -> None:
    """Let a visit lean no longer: when it is settled or cancelled."""
    await store.release(work.tx, filing_id)
