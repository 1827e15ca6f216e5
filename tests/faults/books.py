"""What must be true after every crash, asked of the database itself."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping

import sqlalchemy as sa
from sqlalchemy.ext.asyncio import AsyncConnection

from app.kernel.calendar import business_day
from app.proof.service import verifying
from tests.support.world import World

PATIENCE = 6_000  # looks, a hundredth of a second apart: an ended backend is gone soon, not at once

# Each returns rows only where a promise is broken.
PROMISES: Mapping[str, str] = {
    "every balance is the sum of its postings": """
        SELECT a.name, a.balance_fen, coalesce(sum(p.fen), 0) FROM account a LEFT JOIN (
            SELECT debit_account AS account, fen FROM posting
            UNION ALL SELECT credit_account, -fen FROM posting) p ON p.account = a.id
         GROUP BY a.id HAVING a.balance_fen <> coalesce(sum(p.fen), 0)""",
    "all balances together are nothing": """
        SELECT sum(balance_fen) FROM account HAVING sum(balance_fen) <> 0""",
    "versions run from one without gaps": """
        SELECT a.name, a.version, count(p.v), max(p.v) FROM account a LEFT JOIN (
            SELECT debit_account AS account, debit_version AS v FROM posting
            UNION ALL SELECT credit_account, credit_version FROM posting) p ON p.account = a.id
         GROUP BY a.id
        HAVING a.version <> count(p.v) OR count(p.v) <> count(DISTINCT p.v)
            OR coalesce(max(p.v), 0) <> count(p.v)""",
    "a message that took effect has its answer and its deed": """
        SELECT party, key, state FROM message
         WHERE state IN ('applied', 'reversed')
           AND (status IS NULL OR body IS NULL OR deed IS NULL OR subject IS NULL)""",
    "a message that took effect is in the trail, once for each deed": """
        SELECT m.party, m.key FROM message m
         WHERE m.state IN ('applied', 'reversed') AND NOT EXISTS (
            SELECT FROM audit_trail t WHERE t.message = m.key AND t.party = m.party
               AND t.action = m.deed AND t.subject = m.subject)
        UNION ALL
        SELECT party, message FROM audit_trail WHERE message IS NOT NULL
         GROUP BY party, message, action, subject, facts HAVING count(*) > 1""",
    "nothing is in the trail that no message did": """
        SELECT t.party, t.message FROM audit_trail t LEFT JOIN message m
            ON m.key = t.message AND m.party = t.party
         WHERE t.message IS NOT NULL
           AND (m.key IS NULL OR m.state NOT IN ('applied', 'reversed'))""",
    "a visit holds what its lines add up to": """
        SELECT v.number, v.line_count, v.total_fen, count(l.serial), sum(l.amount_fen)
          FROM visit v LEFT JOIN fee_line l ON l.visit_id = v.id
         GROUP BY v.id HAVING v.line_count <> count(l.serial)
            OR v.total_fen <> coalesce(sum(l.amount_fen), 0)
            OR count(l.serial) <> count(DISTINCT l.position)""",
    "every settlement is announced once, and nothing else is": """
        SELECT s.number, count(a.seq) FROM settlement s FULL JOIN (
            SELECT * FROM announcement
             WHERE topic IN ('settlement.settled', 'settlement.cancelled')) a
            ON a.subject = s.number
         GROUP BY s.number HAVING count(a.seq) <> 1 OR s.number IS NULL""",
    "every settlement is booked once": """
        SELECT s.number, count(e.id) FROM settlement s LEFT JOIN entry e
            ON e.subject = s.number AND e.event IN ('settlement_booked', 'settlement_cancelled')
         WHERE s.fund_fen <> 0 GROUP BY s.number HAVING count(e.id) <> 1""",
    "every settlement is in one period at most, and its month is the clearing's": """
        SELECT s.number, count(c.clearing) FROM settlement s JOIN cleared_month c
            ON c.scheme = s.scheme AND c.month = s.month
         GROUP BY s.number HAVING count(c.clearing) > 1""",
}
_LOCKS = """
    SELECT (SELECT count(*) FROM pg_locks l JOIN pg_stat_activity a USING (pid)
             WHERE a.datname = current_database() AND a.pid <> pg_backend_pid()
               AND a.application_name = 'hub')
         + (SELECT count(*) FROM pg_stat_activity a
             WHERE a.datname = current_database() AND a.application_name = 'hub'
               AND a.state <> 'idle')
"""
_TABLES = """
    SELECT c.table_name, array_agg(c.column_name::text) FILTER (
               WHERE c.column_name LIKE '%fen' AND c.data_type = 'bigint') AS amounts,
           bool_or(c.column_name = 'state') AS has_state
      FROM information_schema.columns c JOIN information_schema.tables t
            USING (table_schema, table_name)
     WHERE c.table_schema = 'public' AND t.table_type = 'BASE TABLE'
     GROUP BY c.table_name ORDER BY c.table_name
"""


async def broken(world: World) -> list[str]:
    """List the promises that do not hold."""
    async with world.tx() as tx:
        found = {name: list(await tx.exec_driver_sql(sql)) for name, sql in PROMISES.items()}
    return [f"{name}: {rows[:3]}" for name, rows in found.items() if rows]


async def laws_broken(world: World) -> list[str]:
    """List the laws of the hub's own proof that do not hold."""
    async with world.rx() as rx:
        report = await verifying.verify(rx, business_day(world.clock.now))
    return [str(it) for it in report.broken]


async def lent(world: World, connections: int) -> None:
    """Wait until so many connections are out of the pool."""
    pool = world.hub.engine.sync_engine.pool
    for _ in range(PATIENCE):
        if pool.checkedout() == connections:  # type: ignore[attr-defined]  # the queue pool's own figure
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{pool.status()}, wanted {connections}")


async def still(world: World) -> None:
    """Wait until no connection is out and no lock is held; fail if that does not come."""
    pool = world.hub.engine.sync_engine.pool
    for _ in range(PATIENCE):
        async with world.tx() as tx:
            held = await tx.scalar(sa.text(_LOCKS))
        out = pool.checkedout()  # type: ignore[attr-defined]  # the queue pool's own figure
        if not held and not out:
            return
        await asyncio.sleep(0.01)
    raise AssertionError(f"{out} connections are out, {held} locks held")


async def totals_query(tx: AsyncConnection) -> str:
    """Write the query that adds up every table: rows, amounts and states."""
    parts = []
    for row in await tx.exec_driver_sql(_TABLES):
        name = row.table_name
        sums = [f"coalesce(sum({it}), 0)" for it in sorted(row.amounts or ())]
        figures = ", ':', ".join(["count(*)", *sums])
        what = f"'{name} ' || state" if row.has_state else f"'{name}'"
        grouped = " GROUP BY state" if row.has_state else ""
        parts.append(f"SELECT {what} AS what, concat({figures}) AS figure FROM {name}{grouped}")  # noqa: S608 -- names from the catalogue
    return " UNION ALL ".join(parts)


async def totals(world: World, query: str) -> dict[str, str]:
    """Add every table up."""
    async with world.tx() as tx:
        return {row.what: row.figure for row in await tx.exec_driver_sql(query)}
