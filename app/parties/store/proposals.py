"""Every SQL statement about proposals."""

from __future__ import annotations

from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import JSONB

from app.parties.model import Asked, Proposal, ProposalState
from app.parties.tables import proposal, proposal_serial
from app.runtime.db import Conn, Tx
from app.runtime.numbers import next_number
from app.runtime.paging import PageAsked

NATIONWIDE = "000000"
_ADD = (
    proposal.insert()
    .values(number=next_number("P", proposal_serial), state=ProposalState.OPEN)
    .returning(proposal)
)
# Of a party, or of all.
_OF_PARTY = sa.or_(
    sa.bindparam("party", type_=sa.Text).is_(None),
    proposal.c.party == sa.bindparam("party", type_=sa.Text),
)
# The text of a policy book is long, and nobody is shown it: it is read to be adopted, alone.
_TOLD = sa.literal_column("proposal.details - CAST('book' AS TEXT)", JSONB).label("details")
_SHOWN = (*(it for it in proposal.c if it.name != "details"), _TOLD)
_NUMBERED = sa.and_(proposal.c.number == sa.bindparam("number", type_=sa.Text), _OF_PARTY)
_ONE = sa.select(*_SHOWN).where(_NUMBERED)
_LOCKED = sa.select(proposal).where(_NUMBERED).with_for_update()
_LIST = (
    sa.select(*_SHOWN)
    .where(
        proposal.c.id > sa.bindparam("after"),
        _OF_PARTY,
        sa.or_(
            sa.bindparam("state", type_=sa.Text).is_(None),
            proposal.c.state == sa.bindparam("state", type_=sa.Text),
        ),
    )
    .order_by(proposal.c.id)
    .limit(sa.bindparam("rows"))
)
_DECIDE = sa.text(
    """
    UPDATE proposal SET state = :state, decided_by = :decided_by, decided_at = :decided_at,
                        decision = :decision
     WHERE number = :number AND state = 'open'
    """
)


async def add(tx: Tx, made: Proposal, day: date) -> Proposal:
    """Keep a new proposal and return it with its number."""
    row = {
        "number_region": NATIONWIDE,
        "number_day": day,
        "party": made.party,
        "invitation": made.invitation,
        "act": made.asked.act,
        "subject": made.asked.subject,
        "details": dict(made.asked.details),
        "reason": made.reason,
        "proposed_by": made.proposed_by,
        "proposed_at": made.proposed_at,
        "expires_at": made.expires_at,
    }
    return _proposal((await tx.execute(_ADD, row)).one())


async def locked(tx: Tx, number: str, of: str | None) -> Proposal | None:
    """Read a proposal of a party, or of any, and hold it until the transaction ends."""
    row = (await tx.execute(_LOCKED, {"number": number, "party": of})).one_or_none()
    return None if row is None else _proposal(row)


async def by_number(conn: Conn, number: str, of: str | None) -> Proposal | None:
    """Read a proposal of a party, or of any."""
    row = (await conn.execute(_ONE, {"number": number, "party": of})).one_or_none()
    return None if row is None else _proposal(row)


async def page(
    conn: Conn, of: str | None, state: ProposalState | None, asked: PageAsked
) -> list[tuple[int, Proposal]]:
    """Read a page of proposals (one row more than asked), oldest first, each with its place."""
    row = {"party": of, "after": asked.after_id, "state": state, "rows": asked.rows + 1}
    found = await conn.execute(_LIST, row)
    return [(row.id, _proposal(row)) for row in found]


async def decide(tx: Tx, decided: Proposal) -> None:
    """Keep the verdict."""
    row = {
        "number": decided.number,
        "state": decided.state,
        "decided_by": decided.decided_by,
        "decided_at": decided.decided_at,
        "decision": decided.decision,
    }
    changed = (await tx.execute(_DECIDE, row)).rowcount
    assert changed == 1, "the row is locked"


def _proposal(row: sa.Row[Any]) -> Proposal:
    return Proposal(
        number=row.number,
        party=row.party,
        asked=Asked(act=row.act, subject=row.subject, details=row.details),
        reason=row.reason,
        state=ProposalState(row.state),
        proposed_by=row.proposed_by,
        proposed_at=row.proposed_at,
        expires_at=row.expires_at,
        decided_by=row.decided_by,
        decided_at=row.decided_at,
        decision=row.decision,
        invitation=row.invitation,
    )
