"""Reading settlements, and computing one again from what it stored."""

from __future__ import annotations

from app.runtime.db import Conn
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work
from app.settlement import rules
from app.settlement.errors import SettlementUnknown
from app.settlement.model import (
    Recomputation,
    Settlement,
    SettlementKind,
    SettlementsAsked,
    SettlementWithLines,
)
from app.settlement.store import lines as lines_store
from app.settlement.store import settlements as store


async def find(reading: Reading, number: str) -> SettlementWithLines:
    """Show a settlement with the decision on each of its lines."""
    settlement = await seen(reading.rx, reading, number)
    reading.trace("settlement.look", number, worker=settlement.worker_number)
    return SettlementWithLines(settlement, await lines_store.bill_of(reading.rx, settlement.id))


async def settlements(
    reading: Reading, asked: SettlementsAsked, wanted: PageAsked
) -> Page[Settlement]:
    """List the settlements the caller may see."""
    found = await store.page(reading.rx, reading.caller.scope, asked, wanted)
    return Page.of(found, wanted, lambda it: it.id)


async def recompute(reading: Reading, number: str) -> Recomputation:
    """Compute a settlement again from what it stored, and compare (重新核算)."""
    settlement = await seen(reading.rx, reading, number)
    stored = await lines_store.bill_of(reading.rx, settlement.id)
    reading.trace("settlement.recompute", number, worker=settlement.worker_number)
    cancelled = settlement.kind is SettlementKind.CANCELLATION
    charged = rules.turned(stored) if cancelled else stored
    charges = [line.charge for line in charged.lines]
    again = rules.adjudicate(charges, settlement.circumstances, reading.book)
    again = rules.turned(again) if cancelled else again
    return Recomputation(
        settlement=settlement,
        bill=again,
        different=rules.differences(stored, again, settlement),
    )


async def seen(conn: Conn, it: Reading | Work, number: str) -> Settlement:
    """Return a settlement the caller may see."""
    settlement = await store.find(conn, it.caller.scope, number)
    if settlement is None:
        raise SettlementUnknown
    return settlement
