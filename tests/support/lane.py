"""What a message leaves behind, in the lane or at the door: every row, made alike to compare."""

from __future__ import annotations

import re
from collections.abc import Collection, Mapping
from typing import Any

import sqlalchemy as sa

from tests.support.world import World

# Every row a settlement leaves, by its number; keys of the rows themselves are left out.
LEFT = {
    "settlement": "SELECT s.* FROM settlement s WHERE s.number = :number",
    "settlement_line": """
        SELECT l.* FROM settlement_line l JOIN settlement s ON s.id = l.settlement_id
         WHERE s.number = :number ORDER BY l.position""",
    "message": "SELECT m.* FROM message m WHERE m.subject = :number ORDER BY m.key",
    "audit_trail": "SELECT t.* FROM audit_trail t WHERE t.subject = :number ORDER BY t.seq",
    "announcement": "SELECT a.* FROM announcement a WHERE a.subject = :number ORDER BY a.seq",
    "entry": "SELECT e.* FROM entry e WHERE e.subject = :number ORDER BY e.id",
    "posting": """
        SELECT p.fen, account_name(p.debit_account) AS debit, account_name(p.credit_account) AS
               credit
          FROM posting p JOIN entry e ON e.id = p.entry_id WHERE e.subject = :number
         ORDER BY p.id""",
    "visit": """
        SELECT v.state, v.discharged_at, v.discharge_way, v.holds_filing, v.line_count, v.total_fen,
               v.revision, v.institution, v.insured_region, v.treatment_region
          FROM visit v JOIN settlement s ON s.visit_id = v.id WHERE s.number = :number""",
    "filing": """
        SELECT f.state, f.open_visits, f.admitted_once, f.revision
          FROM filing f JOIN settlement s ON s.filing_id = f.id WHERE s.number = :number""",
}
KEYS = frozenset(
    (*("id", "seq", "turn", "settlement_id", "visit_id", "worker_id", "filing_id"), "request")
)
NUMBER = re.compile(r"[A-Z]\d{19}")


def carried(world: World, lane: str = "hub_lane") -> tuple[float, float]:
    """How many a lane carried, and how many it left to the door."""
    registry = world.app.state.metrics.registry
    counts = [
        registry.get_sample_value(f"{lane}_total", {"outcome": outcome})
        for outcome in ("carried", "left")
    ]
    return counts[0], counts[1]


async def left(
    world: World,
    number: str,
    rows_of: Mapping[str, str] = LEFT,
    keys: Collection[str] = KEYS,
) -> dict[str, list[dict[str, Any]]]:
    """Read every row of a number, with what differs from one to the next made alike."""
    found: dict[str, list[dict[str, Any]]] = {}
    async with world.tx() as tx:
        for table, statement in rows_of.items():
            rows = (await tx.execute(sa.text(statement), {"number": number})).mappings()
            found[table] = [
                {name: _alike(name, value) for name, value in row.items() if name not in keys}
                for row in rows
            ]
    return found


def _alike(name: str, value: Any) -> Any:
    if name in {"key", "message", "message_key", "fingerprint"}:
        return type(value)
    if isinstance(value, bytes):
        value = value.decode()
    return NUMBER.sub("number", str(value)) if isinstance(value, str | dict) else value
