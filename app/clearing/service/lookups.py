"""What a caller sees of a clearing, read on whichever connection it has: also while it writes."""

from __future__ import annotations

from collections.abc import Sequence

from app.clearing.errors import ClearingUnknown
from app.clearing.model import Clearing, Item
from app.clearing.model.confirming import Standing
from app.clearing.store import confirming as kept
from app.clearing.store import items as kept_items
from app.clearing.store import runs
from app.kernel.regions import Scheme
from app.runtime.auth import Scope
from app.runtime.db import Conn
from app.runtime.paging import PageAsked

ROWS_A_PAGE = 200
MONTHS_A_QUARTER = 3


async def of_month(conn: Conn, scope: Scope, scheme: str, year: int, month: int) -> Clearing:
    """Find the clearing, monthly or quarterly, that covers a month."""
    quarter = (month + MONTHS_A_QUARTER - 1) // MONTHS_A_QUARTER
    of = f"{year:04d}-{month:02d}"
    if scheme in frozenset(Scheme):
        for period in (of, f"{year:04d}Q{quarter}"):
            number = await runs.number_of_period(conn, Scheme(scheme), period)
            found = None if number is None else await runs.clearing_by_number(conn, scope, number)
            if found is not None:
                return found
    raise ClearingUnknown(clearing=of)


async def standings_of(conn: Conn, scope: Scope, clearing_id: int) -> Sequence[Standing]:
    """Read every claim of a clearing that the scope is a side of, with what was said of it."""
    found: list[Standing] = []
    while True:
        page = PageAsked(str(found[-1].claim.id) if found else "", ROWS_A_PAGE)
        rows = await kept.standings(conn, scope, page, clearing_id)
        found += rows[:ROWS_A_PAGE]
        if len(rows) <= ROWS_A_PAGE:
            return found


async def items_named(
    conn: Conn, scope: Scope, number: str, settlements: Sequence[str]
) -> dict[str, Item]:
    """Read some settlements of a clearing by their numbers, of whichever claim they are."""
    return await kept_items.named_items(conn, scope, number, None, settlements)
