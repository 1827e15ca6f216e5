"""Search the audit trail: by number, party, client, action and time, in pages."""

from __future__ import annotations

from collections.abc import Sequence

import sqlalchemy as sa

from app.proof.model.trail import TrailAsked, TrailLine
from app.runtime.db import Conn
from app.runtime.messages import audit_trail
from app.runtime.paging import PageAsked


async def search(conn: Conn, asked: TrailAsked, page: PageAsked) -> Sequence[TrailLine]:
    """Read a page of the lines looked for, oldest first.

    Only the conditions asked for are in the statement, so that each search has its index.
    """
    trail = audit_trail.c
    conditions: list[sa.ColumnElement[bool]] = []
    if asked.subject is not None:
        conditions.append(trail.subject == asked.subject)
    if asked.party is not None:
        conditions.append(trail.party == asked.party)
    if asked.client is not None:
        conditions.append(trail.client == asked.client)
    if asked.action is not None:
        conditions.append(sa.func.starts_with(trail.action, asked.action))
    if asked.since is not None:
        conditions.append(trail.at >= asked.since)
    if asked.until is not None:
        conditions.append(trail.at < asked.until)
    statement = (
        sa.select(audit_trail)
        .where(trail.seq > page.after_id, *conditions)
        .order_by(trail.seq)
        .limit(page.rows + 1)
    )
    return [
        TrailLine(
            seq=row.seq,
            at=row.at,
            party=row.party,
            client=row.client,
            request=row.request,
            action=row.action,
            subject=row.subject,
            facts=row.facts,
            message=row.message,
        )
        for row in await conn.execute(statement)
    ]
