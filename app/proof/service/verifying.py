"""Hold every law against the whole hub: the proof of the road (账账相符、账款相符)."""

from __future__ import annotations

from datetime import date

from app.proof import rules
from app.proof.model.lawbook import LAWS
from app.proof.model.laws import Finding, Report
from app.proof.store import verifying as store
from app.runtime.db import Conn


async def verify(conn: Conn, today: date) -> Report:
    """Add everything up afresh and report each law with its first difference.

    `today` is the hub's day, by which sealing is in time or late.
    """
    async with store.patiently(conn):
        findings = [
            Finding(law, await store.first_difference(conn, law, today, rules.ALARMING_DAYS))
            for law in LAWS
        ]
        return Report(extent=await store.extent(conn), findings=tuple(findings))
