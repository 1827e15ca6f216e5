"""A database at work for years: millions of settlements with all they leave behind."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from datetime import date, timedelta

from benchmarks.ladder.place import FOLDER, Place, hub

CHUNK = 250_000
TABLES = (
    "settlement",
    "settlement_line",
    "message",
    "audit_trail",
    "announcement",
    "entry",
    "posting",
)
# While rows are poured in, no index of these tables is kept; each is built anew afterwards, which
# takes a fraction of the time and finds what is there twice.
_UNREADY = """
UPDATE pg_index SET indisready = false, indisvalid = false
 WHERE indrelid = ANY ($1::text[]::regclass[])
"""
_FINISHED = """
UPDATE account a SET balance_fen = t.balance, version = t.version
  FROM (SELECT debit_account AS id, sum(fen)::bigint AS balance, max(debit_version) AS version
          FROM posting GROUP BY debit_account
         UNION ALL
        SELECT credit_account, -sum(fen)::bigint, max(credit_version)
          FROM posting GROUP BY credit_account) AS t
 WHERE t.id = a.id
"""
_COUNTED = """
SELECT (SELECT count(*) FROM settlement), (SELECT count(*) FROM settlement_line),
       (SELECT count(*) FROM message WHERE key LIKE 'history-%'),
       (SELECT count(*) FROM audit_trail WHERE message LIKE 'history-%'),
       (SELECT count(*) FROM announcement WHERE topic = 'settlement.settled'),
       (SELECT count(*) FROM entry), (SELECT count(*) FROM posting)
"""
_SEALED = """
SELECT max(through_id) = (SELECT max(id) FROM posting) FROM sealing WHERE journal = 'ledger'
"""
_BALANCED = """
SELECT sum(balance_fen) = 0 AND sum(version) = 2 * (SELECT count(*) FROM posting)
       AND sum(abs(balance_fen)) = 2 * (SELECT sum(fen) FROM posting) FROM account
"""


def last_quarter_end(today: date) -> date:
    """Return the last day of the last quarter that is over."""
    return date(today.year, 3 * ((today.month - 1) // 3) + 1, 1) - timedelta(days=1)


async def pour_in(place: Place, settlements: int, tell: Callable[[str], None]) -> float:
    """Write so many settlements of the past; tell the minutes it took."""
    begun = time.perf_counter()
    statement = (FOLDER / "history.sql").read_text("utf-8")
    until = last_quarter_end(date.today())  # noqa: DTZ011 -- which day does not matter
    async with place.owner() as connection:
        await connection.execute("SET allow_system_table_mods = on")
        await connection.execute("SET maintenance_work_mem = '512MB'")
        await connection.execute(_UNREADY, list(TABLES))
        for first in range(1, settlements + 1, CHUNK):
            last = min(settlements, first + CHUNK - 1)
            said = statement.format(first=first, last=last, count=settlements, until=until)
            async with connection.transaction():
                await connection.execute("SET LOCAL session_replication_role = replica")
                await connection.execute(said)
            tell(f"{last:,} of {settlements:,} settlements, {_minutes(begun):.1f} minutes")
        for table in TABLES:
            await connection.execute(f"REINDEX TABLE {table}")
            tell(f"indexes of {table}, {_minutes(begun):.1f} minutes")
        async with connection.transaction():
            await connection.execute("SET LOCAL session_replication_role = replica")
            await connection.execute(_FINISHED)
        for table in ("settlement", "entry"):
            await connection.execute(
                f"SELECT setval(pg_get_serial_sequence('{table}', 'id'), max(id)) FROM {table}"  # noqa: S608 -- ours
            )
        await connection.execute("VACUUM ANALYZE")
        await connection.execute("CHECKPOINT")
        counted = set(await connection.fetchrow(_COUNTED))
        assert counted == {settlements}, f"a history of {settlements}, and of {counted}"
        assert await connection.fetchval(_BALANCED), "the books of the history do not agree"
        # Day by day a hub seals what is over. One that finds years of it unsealed seals them while
        # it is measured, on the same cores, and no dead row goes until it is done.
        await asyncio.to_thread(hub, place, "seal")
        assert await connection.fetchval(_SEALED), "the history is not sealed"
        tell(f"sealed, {_minutes(begun):.1f} minutes")
        await connection.execute("CHECKPOINT")
    return _minutes(begun)


def _minutes(begun: float) -> float:
    return (time.perf_counter() - begun) / 60
