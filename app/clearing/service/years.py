"""The year in clearing: what of it is open, and its close on 31 March of the next."""

from __future__ import annotations

from app.clearing.model.paying import YearStanding
from app.clearing.rules import contests
from app.clearing.store import payments as kept
from app.policy.book import PolicyBook
from app.runtime.db import Conn
from app.runtime.work import Reading, Work


async def year(reading: Reading, number: int) -> YearStanding:
    """Tell what of a year is still open in clearing."""
    return await _standing(reading.rx, number, reading.book)


async def close_year(work: Work, number: int) -> YearStanding:
    """Close a year once it is over and nothing of it is open (年度清算关账)."""
    it = await _standing(work.tx, number, work.book)
    contests.require_closable(it, work.today)
    await kept.close_year(work.tx, number, work.now, work.caller.client)
    work.record("clearing.close_year", number, unpaid=it.unpaid)
    return await _standing(work.tx, number, work.book)


async def _standing(conn: Conn, number: int, book: PolicyBook) -> YearStanding:
    return await kept.year_standing(conn, number, contests.year_closes_on(number, book))
