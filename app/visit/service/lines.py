"""The fee lines of a visit: taken in whole or not at all, removed until it is settled."""

from __future__ import annotations

from collections.abc import Sequence

from app.kernel.money import Money
from app.policy.book import PolicyBook
from app.runtime.db import Conn
from app.runtime.work import Reading, Record, Work
from app.visit import rules
from app.visit.model import FeeLine, LinesRemoved, LinesTaken, Span, Stay, Totals, Visit
from app.visit.service.stay import locked, seen
from app.visit.store import lines as kept


async def take_lines(work: Work, number: str, call: Sequence[FeeLine]) -> LinesTaken:
    """Take in a call of fee lines whole, or tell everything that is wrong with it."""
    visit = await locked(work, number, work.caller.scope)
    rules.require_open(visit)
    stored = await concerned(work.tx, visit.id, call)
    tolerance = tolerance_of(work.book, visit)
    fresh = rules.fresh_lines(call, stored, Span.of(visit, work.today), tolerance)
    rules.require_room(visit.line_count, len(fresh))
    totals = Totals(visit.line_count, visit.total)
    if fresh:
        totals = await kept.add(work.tx, visit.id, fresh, work.now)
    taken = LinesTaken(number, len(fresh), len(call) - len(fresh), totals)
    work.note(record_of(taken))
    return taken


def tolerance_of(book: PolicyBook, visit: Stay) -> Money:
    """Return how far an amount may lie from quantity × price on this visit."""
    return book.money("fee_line.amount_tolerance_fen", visit.admission_day, visit.treatment_region)


def record_of(taken: LinesTaken) -> Record:
    """Write what goes on the trail of a call of lines."""
    facts = {"accepted": taken.accepted, "replayed": taken.replayed}
    return Record(action="visit.lines", subject=taken.visit, facts=facts)


async def remove_line(work: Work, number: str, serial: str) -> LinesRemoved:
    """Remove one line that has no refunds."""
    visit = await locked(work, number, work.caller.scope)
    rules.require_open(visit)
    rules.require_removable(serial, await kept.concerned(work.tx, visit.id, [serial]))
    return await _remove(work, visit, serial)


async def remove_lines(work: Work, number: str) -> LinesRemoved:
    """Remove every line of an open visit."""
    visit = await locked(work, number, work.caller.scope)
    rules.require_open(visit)
    return await _remove(work, visit, None)


async def fee_lines(reading: Reading, number: str) -> tuple[FeeLine, ...]:
    """Show the lines of a visit in the order of upload."""
    visit = await seen(reading.rx, reading.caller.scope, number)
    return tuple(await kept.of_visit(reading.rx, visit.id))


async def lines(conn: Conn, visit_id: int) -> list[FeeLine]:
    """Return every line of a visit in the order of upload."""
    return await kept.of_visit(conn, visit_id)


async def concerned(conn: Conn, visit_id: int, call: Sequence[FeeLine]) -> list[FeeLine]:
    """Return the lines of a call with what they take back, and all that takes back any of them."""
    named = {line.serial for line in call} | {line.refund_of for line in call if line.refund_of}
    return await kept.concerned(conn, visit_id, sorted(named))


async def _remove(work: Work, visit: Visit, serial: str | None) -> LinesRemoved:
    totals = await kept.remove(work.tx, visit.id, serial, now=work.now, by=work.caller.client)
    removed = visit.line_count - totals.line_count
    work.record("visit.lines_removed", visit.number, removed=removed, serial=serial or "all")
    return LinesRemoved(visit.number, removed, totals)
