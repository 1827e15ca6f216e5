"""Seals: what is due and final, written once, read again with the lines they cover."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.proof.model.seals import Block, Head, Journal, Progress, Seal
from app.proof.store.journals import DAYS, ID, LINES, OF_PARTICIPANT, ROOT, TABLE
from app.proof.tables import seal
from app.runtime.db import Conn, Tx
from app.runtime.paging import PageAsked

_JOURNAL = sa.bindparam("journal", type_=sa.Text)
_PARTICIPANT = sa.bindparam("participant", type_=sa.Text)
_AFTER = sa.bindparam("after", type_=sa.BigInteger)
_HORIZON = sa.bindparam("horizon", type_=sa.BigInteger)
# One round at a time, whichever replica it is. A first round may seal years: it has longer than a
# request has.
_ALONE = sa.text(
    "SELECT set_config('statement_timeout', '15min', true), "
    "pg_advisory_xact_lock(hashtextextended('sealing', 0))"
)
_THROUGH = sa.text(
    "SELECT coalesce(max(through_id), 0) FROM sealing WHERE journal = :journal"
).bindparams(_JOURNAL)
# Who may still commit a line with a number that is given out already: a writer holds this lock from
# before it draws a number until its end is seen by everybody.
_WRITERS = sa.text(
    """
    SELECT virtualtransaction FROM pg_locks
     WHERE locktype = 'relation' AND mode = 'RowExclusiveLock'
       AND database = (SELECT oid FROM pg_database WHERE datname = current_database())
       AND relation = to_regclass(:table) AND pid IS DISTINCT FROM pg_backend_pid()
    """
).bindparams(sa.bindparam("table", type_=sa.Text))
_HEADS = sa.text(
    """
    SELECT DISTINCT ON (participant) participant, number, chain, through_id
      FROM seal WHERE journal = :journal ORDER BY participant, number DESC
    """
).bindparams(_JOURNAL)
_KEEP = sa.text(
    """
    WITH round AS (
        INSERT INTO sealing (journal, through_id, through_day, block_count, sealed_at)
        VALUES (:journal, :through_id, :through_day, cardinality(:numbers), :at)
    )
    INSERT INTO seal (journal, participant, number, day, after_id, through_id, line_count, root,
                      previous, chain, sealed_at)
    SELECT :journal, s.participant, s.number, s.day, s.after_id, s.through_id, s.line_count, s.root,
           s.previous, s.chain, :at
      FROM unnest(:participants, :numbers, :days, :after_ids, :through_ids, :line_counts, :roots,
                  :previous, :chains)
           AS s(participant, number, day, after_id, through_id, line_count, root, previous, chain)
    """
).bindparams(
    _JOURNAL,
    sa.bindparam("through_id", type_=sa.BigInteger),
    sa.bindparam("through_day", type_=sa.Date),
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    sa.bindparam("participants", type_=ARRAY(sa.Text)),
    sa.bindparam("numbers", type_=ARRAY(sa.Integer)),
    sa.bindparam("days", type_=ARRAY(sa.Date)),
    sa.bindparam("after_ids", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("through_ids", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("line_counts", type_=ARRAY(sa.Integer)),
    *(sa.bindparam(name, type_=ARRAY(sa.LargeBinary)) for name in ("roots", "previous", "chains")),
)
_PAGE = (
    sa.select(seal)
    .where(
        seal.c.journal == _JOURNAL,
        seal.c.participant == _PARTICIPANT,
        seal.c.number > sa.bindparam("after", type_=sa.BigInteger),
    )
    .order_by(seal.c.number)
    .limit(sa.bindparam("rows", type_=sa.BigInteger))
)
_OF_DAY = (
    sa.select(sa.func.min(seal.c.number), sa.func.count())
    .select_from(seal)
    .where(seal.c.journal == _JOURNAL, seal.c.participant == _PARTICIPANT)
    .where(seal.c.day == sa.bindparam("day", type_=sa.Date))
)


def _top(journal: Journal) -> sa.TextClause:
    number = ID[journal].partition(".")[2]
    statement = f"SELECT max({number}) FROM {TABLE[journal]}"  # noqa: S608 -- our own words
    return sa.text(statement)


def _blocks(journal: Journal) -> sa.TextClause:
    """Read what is due, by participant and day, with roots.

    A line belongs to the first day that is over once all before it are written: the numbers of a
    day make one piece, also when clocks or a slow commit put two lines the wrong way round.
    """
    statement = f"""
        WITH fresh AS MATERIALIZED (
            SELECT id, min(day) OVER (ORDER BY id DESC) AS day
              FROM ({DAYS[journal]}) AS dated WHERE id > :after AND id <= :horizon
        ), line AS (
            SELECT lines.*, fresh.day
              FROM ({LINES[journal]} AND {ID[journal]} > :after AND {ID[journal]} <= :horizon)
                   AS lines
              JOIN fresh USING (id) WHERE fresh.day <= :last_day
        )
        SELECT participant, day, count(*) AS lines, max(id) AS through_id, {ROOT} AS root
          FROM line GROUP BY participant, day
        """  # noqa: S608 -- our own words
    return sa.text(statement).bindparams(_AFTER, _HORIZON, sa.bindparam("last_day", type_=sa.Date))


def _open(journal: Journal) -> sa.TextClause:
    statement = f"""
        SELECT sealed.through_id,
               (SELECT day FROM ({DAYS[journal]}) AS dated WHERE id > sealed.through_id
                 ORDER BY id LIMIT 1) AS oldest_open
          FROM (SELECT coalesce(max(through_id), 0) AS through_id
                  FROM sealing WHERE journal = :journal) AS sealed
        """  # noqa: S608 -- our own words
    return sa.text(statement).bindparams(_JOURNAL)


def _lines(journal: Journal) -> sa.TextClause:
    ours = f"{LINES[journal]} {OF_PARTICIPANT[journal]}"
    statement = f"""
        SELECT line FROM ({ours} AND {ID[journal]} > :after AND {ID[journal]} <= :horizon) AS lines
         ORDER BY id, rank
        """  # noqa: S608 -- our own words
    return sa.text(statement).bindparams(_PARTICIPANT, _AFTER, _HORIZON)


_TOP = {journal: _top(journal) for journal in Journal}
_BLOCKS = {journal: _blocks(journal) for journal in Journal}
_OPEN = {journal: _open(journal) for journal in Journal}
_LINES = {journal: _lines(journal) for journal in Journal}


async def alone(tx: Tx) -> None:
    """Let no other round of sealing run until this transaction ends."""
    await tx.execute(_ALONE)


async def through(tx: Tx, journal: Journal) -> int:
    """Read up to which line a journal is sealed."""
    found: int = (await tx.execute(_THROUGH, {"journal": journal})).scalar_one()
    return found


async def top(tx: Tx, journal: Journal) -> int | None:
    """Read the highest number of a line that is committed."""
    found: int | None = (await tx.execute(_TOP[journal])).scalar_one()
    return found


async def writers(tx: Tx, journal: Journal) -> frozenset[str]:
    """Name the transactions that may be writing lines of a journal at this moment."""
    found = await tx.execute(_WRITERS, {"table": TABLE[journal]})
    return frozenset(found.scalars())


async def due(tx: Tx, journal: Journal, after: int, horizon: int, last_day: date) -> list[Block]:
    """Digest the lines after one number up to another, of days that are over."""
    asked = {"after": after, "horizon": horizon, "last_day": last_day}
    return [
        Block(
            participant=row.participant,
            day=row.day,
            lines=row.lines,
            through_id=row.through_id,
            root=bytes(row.root),
        )
        for row in await tx.execute(_BLOCKS[journal], asked)
    ]


async def heads(tx: Tx, journal: Journal) -> Mapping[str, Head]:
    """Read the end of every chain of a journal."""
    found = await tx.execute(_HEADS, {"journal": journal})
    return {
        row.participant: Head(number=row.number, chain=bytes(row.chain), through_id=row.through_id)
        for row in found
    }


async def keep(tx: Tx, journal: Journal, seals: Sequence[Seal]) -> None:
    """Keep the seals of one round, and how far it came."""
    row = {
        "journal": journal,
        "through_id": max(it.through_id for it in seals),
        "through_day": max(it.day for it in seals),
        "at": seals[0].sealed_at,
        "participants": [it.participant for it in seals],
        "numbers": [it.number for it in seals],
        "days": [it.day for it in seals],
        "after_ids": [it.after_id for it in seals],
        "through_ids": [it.through_id for it in seals],
        "line_counts": [it.lines for it in seals],
        "roots": [it.root for it in seals],
        "previous": [it.previous for it in seals],
        "chains": [it.chain for it in seals],
    }
    await tx.execute(_KEEP, row)


async def progress(conn: Conn, journal: Journal) -> Progress:
    """Read how far a journal is sealed and since when it is not."""
    row = (await conn.execute(_OPEN[journal], {"journal": journal})).one()
    return Progress(journal=journal, through_id=row.through_id, oldest_open=row.oldest_open)


async def seals(conn: Conn, journal: Journal, participant: str, page: PageAsked) -> Sequence[Seal]:
    """Read a page of a participant's seals, in order."""
    asked = {
        "journal": journal,
        "participant": participant,
        "after": page.after_id,
        "rows": page.rows + 1,
    }
    return [_seal(row) for row in await conn.execute(_PAGE, asked)]


async def blocks_of_day(
    conn: Conn, journal: Journal, participant: str, day: date
) -> tuple[int, int]:
    """Read after which block those of a day come, and how many they are."""
    asked = {"journal": journal, "participant": participant, "day": day}
    first, count = (await conn.execute(_OF_DAY, asked)).one()
    return (0, 0) if first is None else (first - 1, count)


async def lines_of(conn: Conn, it: Seal) -> tuple[str, ...]:
    """Read the lines a seal covers as the books and the trail have them now."""
    asked = {"participant": it.participant, "after": it.after_id, "horizon": it.through_id}
    return tuple((await conn.execute(_LINES[it.journal], asked)).scalars())


def _seal(row: sa.Row[Any]) -> Seal:
    return Seal(
        journal=Journal(row.journal),
        participant=row.participant,
        number=row.number,
        day=row.day,
        after_id=row.after_id,
        through_id=row.through_id,
        lines=row.line_count,
        root=bytes(row.root),
        previous=bytes(row.previous),
        chain=bytes(row.chain),
        sealed_at=row.sealed_at,
    )
