"""Seal what is final, hand out journals with their seals, and say when sealing lags.

A line is final when every transaction that may have drawn an earlier number has ended. Nothing on
the road waits for that: the sealer looks who is writing and waits for those, and only for those.
"""

from __future__ import annotations

import asyncio
from collections.abc import Sequence
from datetime import date

from app.kernel.parties import PartyKind
from app.proof import rules
from app.proof.errors import JournalForeign, JournalPageWrong
from app.proof.model.seals import (
    FIRST_LINK,
    Backlog,
    Chapter,
    Extract,
    Journal,
    Seal,
    Sealed,
)
from app.proof.store import seals as store
from app.proof.store.verifying import require_whole
from app.runtime.auth import Caller
from app.runtime.db import Conn, Tx
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work

WRITERS_SECONDS_MAX = 5.0  # how long a round waits for writers under way; the next one goes on
LOOK_SECONDS = 0.05
BLOCKS_A_PAGE = 31  # of a journal handed out
LINES_A_PAGE = 20_000  # and no block more once there are so many


async def seal_due(
    work: Work, *, through: date | None = None, wait_seconds: float = WRITERS_SECONDS_MAX
) -> Sealed:
    """Seal every day that is over, of every participant, oldest first (封存).

    To be called daily; more often, or by several replicas at once, seals nothing twice. What was
    missed is made up day by day. `through` seals up to another day, say for a closing by hand.
    """
    await require_whole(work.tx)
    await store.alone(work.tx)
    last_day = through or rules.last_due(work.today)
    made: list[Seal] = []
    waiting: list[Journal] = []
    for journal in Journal:
        horizon = await _horizon(work.tx, journal, wait_seconds)
        if horizon is None:
            waiting.append(journal)
            continue
        after = await store.through(work.tx, journal)
        blocks = await store.due(work.tx, journal, after, horizon, last_day)
        if not blocks:
            continue
        heads = await store.heads(work.tx, journal)
        seals = rules.linked(journal, blocks, heads, work.now)
        await store.keep(work.tx, journal, seals)
        made += seals
    done = Sealed(blocks=len(made), lines=sum(it.lines for it in made), waiting=tuple(waiting))
    work.record("proof.seal", last_day, blocks=done.blocks, lines=done.lines, waiting=done.waiting)
    return done


async def backlogs(conn: Conn, today: date) -> list[Backlog]:
    """Say of each journal how far sealing lags behind."""
    return [rules.backlog(await store.progress(conn, it), today) for it in Journal]


async def seals(
    reading: Reading, page: PageAsked, journal: Journal, participant: str | None
) -> Page[Seal]:
    """List the seals of a participant's journal: what to keep outside the hub."""
    whose = participant_of(reading.caller, journal, participant)
    found = await store.seals(reading.rx, journal, whose, page)
    return Page.of(found, page, lambda it: it.number)


async def extract(
    reading: Reading,
    journal: Journal,
    participant: str | None,
    *,
    after: int | None,
    day: date | None,
) -> Extract:
    """Hand out a journal with its seals, of one day or onward from a block."""
    whose = participant_of(reading.caller, journal, participant)
    if after is not None and day is not None:
        raise JournalPageWrong
    begin, rows = after or 0, BLOCKS_A_PAGE
    if day is not None:
        begin, rows = await store.blocks_of_day(reading.rx, journal, whose, day)
    found = await store.seals(reading.rx, journal, whose, PageAsked(str(begin), rows))
    shown = _cut(found[:rows])
    chapters = tuple([Chapter(seal=it, lines=await store.lines_of(reading.rx, it)) for it in shown])
    reading.trace("proof.journal", whose, journal=journal, blocks=len(chapters))
    return Extract(
        journal=journal,
        participant=whose,
        after=begin,
        previous=shown[0].previous if shown else FIRST_LINK,
        chapters=chapters,
        more=len(shown) < (len(found) if day is None else rows),
    )


def participant_of(caller: Caller, journal: Journal, asked: str | None) -> str:
    """Return whose journal is meant, if it is the caller's to read."""
    own = caller.party if journal is Journal.TRAIL or not _is_agency(caller) else caller.region
    whose = asked or own
    if caller.kind is PartyKind.OPERATOR or whose == own:
        return whose
    if journal is Journal.LEDGER and _is_agency(caller) and caller.governs(whose):
        return whose
    raise JournalForeign(caller=caller.party)


def _is_agency(caller: Caller) -> bool:
    return caller.kind is PartyKind.AGENCY


def _cut(seals: Sequence[Seal]) -> Sequence[Seal]:
    lines = 0
    for index, it in enumerate(seals):
        if index and lines + it.lines > LINES_A_PAGE:
            return seals[:index]
        lines += it.lines
    return seals


async def _horizon(tx: Tx, journal: Journal, wait_seconds: float) -> int | None:
    """Return the highest number below which nothing can appear any more.

    Numbers are given out in order, and a writer is seen writing before it draws one. So whoever
    may still commit a number below the highest committed one was writing when that was read.
    """
    top = await store.top(tx, journal)
    if top is None:
        return 0
    writing = await store.writers(tx, journal)
    clock = asyncio.get_running_loop().time
    until = clock() + wait_seconds
    while writing:
        if clock() >= until:
            return None
        await asyncio.sleep(LOOK_SECONDS)
        writing &= await store.writers(tx, journal)
    return top
