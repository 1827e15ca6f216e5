"""The yearly run of quotas: computed by one person, issued by another, read as a worksheet."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date

from app.advance.errors import AdvanceMoved, AdvanceRunExists, AdvanceRunUnknown
from app.advance.model import (
    LIFE_OF_RUN,
    Opening,
    Pair,
    QuotaRow,
    Run,
    RunEvent,
)
from app.advance.rules import changes, quota, transfers
from app.advance.service.transfers import call
from app.advance.store import runs as kept
from app.advance.store import watching
from app.advance.store.transfers import Cause
from app.kernel.money import ZERO, Money
from app.kernel.regions import Scheme
from app.parties import service as parties
from app.runtime.db import Conn
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work


async def compute(work: Work, scheme: Scheme, year: int) -> Run:
    """Compute a year's quotas from what was settled in the base period (额度核定)."""
    await parties.require_person(work)
    terms = quota.terms_of(year, work.today, work.book)
    quota.require_year(year, terms, work.today)
    opening = Opening(
        scheme=scheme,
        year=year,
        terms=terms,
        at=work.now,
        day=work.today,
        by=work.caller.client,
        policy_version=work.book.version,
    )
    await _require_unissued(work, scheme, year)
    run_id, number = await kept.open_run(work.tx, opening)
    regions = await kept.filed(work.tx, scheme, work.today)
    filed = {quota.pair_of(*each, scheme) for each in regions}
    held = await kept.held(work.tx)
    of_scheme = {pair: it for pair, it in held.items() if quota.is_of(pair, scheme)}
    spent = await kept.spent(work.tx, scheme, terms)
    rows = quota.worksheet(spent, filed, of_scheme, terms)
    if rows:
        await kept.keep(work.tx, run_id, rows)
    work.record("advance.compute", number, year=year, scheme=scheme, pairs=len(rows))
    return await _found(work.tx, work, number)


async def issue(work: Work, number: str) -> Run:
    """Let another person issue a run: the notices go out, the pairs are watched (下达)."""
    it = await kept.locked(work.tx, number)
    if it is None:
        raise AdvanceRunUnknown(run=number)
    state = LIFE_OF_RUN.after(it.state, RunEvent.ISSUE)
    await parties.require_second(work, it.computed_by)
    rows = await kept.all_rows(work.tx, work.caller.scope, it.id)
    held = await kept.held_alone(work.tx)
    await _require_unissued(work, it.scheme, it.year)
    _require_still(held, rows)
    modes = [
        (row.pair, changes.first_mode(work.today, row.pair.insured_place, work.book))
        for row in rows
    ]
    await watching.guard(work.tx, modes, changes.lines_of(work.today, work.book))
    called = await call(work, transfers.drafts(rows), Cause(run_id=it.id))
    await kept.close(work.tx, it, state, at=work.now, by=work.caller.client)
    work.record("advance.issue", number, pairs=len(rows), transfers=called)
    return await _found(work.tx, work, number)


async def withdraw(work: Work, number: str) -> Run:
    """Take a run back that was not issued, so that the year can be computed again (撤回)."""
    it = await kept.locked(work.tx, number)
    if it is None:
        raise AdvanceRunUnknown(run=number)
    state = LIFE_OF_RUN.after(it.state, RunEvent.WITHDRAW)
    await kept.close(work.tx, it, state, at=work.now, by=work.caller.client)
    work.record("advance.withdraw", number)
    return await _found(work.tx, work, number)


async def runs(reading: Reading, page: PageAsked) -> Page[Run]:
    """List the runs the caller has a part in."""
    found = await kept.runs(reading.rx, reading.caller.scope, page)
    return Page.of(found, page, lambda it: it.id)


async def find(reading: Reading, number: str) -> Run:
    """Read one run."""
    return await _found(reading.rx, reading, number)


async def worksheet(reading: Reading, number: str, page: PageAsked) -> Page[QuotaRow]:
    """Read a page of a run's worksheet, as far as the caller is a side (核定工作表)."""
    run = await find(reading, number)
    found = await kept.rows(reading.rx, reading.caller.scope, run.id, page)
    shown = Page.of(found, page, lambda it: it[0])
    return Page([row for _, row in shown.rows], shown.last)


async def whole_worksheet(reading: Reading, number: str) -> tuple[Run, Sequence[QuotaRow]]:
    """Read a run's worksheet for a sheet."""
    run = await find(reading, number)
    return run, await kept.all_rows(reading.rx, reading.caller.scope, run.id)


async def run_due(conn: Conn, scheme: Scheme, today: date) -> bool:
    """Say whether this year's quotas of a scheme are still to be issued.

    For the calendar of deadlines: the notices of a year go out in its January.
    """
    return await kept.issued(conn, scheme, today.year) is None


async def _require_unissued(work: Work, scheme: Scheme, year: int) -> None:
    existing = await kept.issued(work.tx, scheme, year)
    if existing is not None:
        raise AdvanceRunExists(scheme=scheme, year=year, run=existing)


def _require_still(held: Mapping[Pair, Money], rows: Sequence[QuotaRow]) -> None:
    """What is held must be what the differences were computed from."""
    moved = [row.pair for row in rows if held.get(row.pair, ZERO) != row.held]
    if moved:
        raise AdvanceMoved(pairs=["-".join(pair.places) for pair in moved])


async def _found(conn: Conn, asker: Work | Reading, number: str) -> Run:
    found = await kept.run_by_number(conn, asker.caller.scope, number)
    if found is None:
        raise AdvanceRunUnknown(run=number)
    return found
