"""Misdirected payments put to their notices: proposed, decided, and the bank's line moved once."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.clearing.model import BankOutcome
from app.clearing.model.paying import Payment
from app.clearing.model.reassigning import (
    Reassignment,
    ReassignmentAsked,
    ReassignmentState,
    Stray,
)
from app.clearing.store.payments import line_of
from app.clearing.store.runs import NATION
from app.clearing.tables import bank_confirmation, reassignment, reassignment_serial
from app.kernel.calendar import business_day
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.numbers import next_number
from app.runtime.paging import PageAsked

_NUMBER = sa.bindparam("number", type_=sa.Text)
_STRAY: sa.Select[Any] = (
    sa.select(bank_confirmation)
    .where(bank_confirmation.c.bank_reference == sa.bindparam("bank_reference", type_=sa.Text))
    .with_for_update()
)
_IS_OPEN = sa.select(
    sa.exists().where(
        reassignment.c.payment_id == sa.bindparam("payment_id", type_=sa.BigInteger),
        reassignment.c.state == ReassignmentState.PROPOSED.value,
    )
)
_PROPOSE = (
    sa.insert(reassignment)
    .values(
        number=next_number("G", reassignment_serial),
        payment_id=sa.bindparam("payment_id"),
        notice=sa.bindparam("notice"),
        note=sa.bindparam("note"),
        state=sa.bindparam("state"),
        proposed_at=sa.bindparam("at"),
        proposed_by=sa.bindparam("client"),
    )
    .returning(reassignment.c.number)
)
_ALL: sa.Select[Any] = sa.select(
    reassignment,
    *(
        bank_confirmation.c[name]
        for name in (
            "bank_reference",
            "reference",
            "payer",
            "payee",
            "amount_fen",
            "paid_on",
            "outcome",
        )
    ),
).select_from(
    reassignment.join(bank_confirmation, bank_confirmation.c.id == reassignment.c.payment_id)
)
_SEEN = visible(regions=(bank_confirmation.c.payer, bank_confirmation.c.payee))
_ONE = _ALL.where(_SEEN, reassignment.c.number == _NUMBER)
_LOCKED = _ONE.with_for_update()
_STATE = sa.bindparam("state", type_=sa.Text)
_PAGE = (
    _ALL.where(
        _SEEN,
        reassignment.c.id > sa.bindparam("after", type_=sa.BigInteger),
        _STATE.is_(None) | (reassignment.c.state == _STATE),
    )
    .order_by(reassignment.c.id)
    .limit(sa.bindparam("rows", type_=sa.BigInteger))
)
_DECIDE = sa.text(
    "UPDATE reassignment SET state = :state, decided_at = :at, decided_by = :client, "
    "decision_note = :note WHERE id = :id AND state = 'proposed'"
).bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True)))
_PLACE = sa.text(
    "UPDATE bank_confirmation SET outcome = :outcome, claim_id = :claim_id "
    "WHERE id = :id AND outcome = 'misdirected'"
).bindparams(sa.bindparam("claim_id", type_=sa.BigInteger))


async def locked_stray(tx: Tx, bank_reference: str) -> Stray | None:
    """Read a line of the bank's and hold it against others who would place it."""
    row = (await tx.execute(_STRAY, {"bank_reference": bank_reference})).one_or_none()
    return None if row is None else Stray(row.id, line_of(row), BankOutcome(row.outcome))


async def is_open(tx: Tx, payment_id: int) -> bool:
    """Say whether somebody proposed already to place a line; it is held."""
    return bool((await tx.execute(_IS_OPEN, {"payment_id": payment_id})).scalar_one())


async def propose(
    tx: Tx, stray: Stray, asked: ReassignmentAsked, *, at: datetime, client: str
) -> str:
    """Keep a proposal; return its number."""
    row = {
        "number_region": NATION,
        "number_day": business_day(at),
        "payment_id": stray.id,
        "notice": asked.notice,
        "note": asked.note,
        "state": ReassignmentState.PROPOSED.value,
        "at": at,
        "client": client,
    }
    return str((await tx.execute(_PROPOSE, row)).scalar_one())


async def reassignment_by_number(conn: Conn, scope: Scope, number: str) -> Reassignment | None:
    """Read one reassignment of a payment the scope pays or is paid by."""
    row = (await conn.execute(_ONE, scope.binds() | {"number": number})).one_or_none()
    return None if row is None else _reassignment(row)


async def locked(tx: Tx, scope: Scope, number: str) -> Reassignment | None:
    """Read one reassignment and hold it and its payment against other writers."""
    row = (await tx.execute(_LOCKED, scope.binds() | {"number": number})).one_or_none()
    return None if row is None else _reassignment(row)


async def reassignments(
    conn: Conn, scope: Scope, page: PageAsked, state: ReassignmentState | None
) -> Sequence[Reassignment]:
    """Read a page of the reassignments of payments the scope pays or is paid by."""
    row = {"state": state, "after": page.after_id, "rows": page.rows + 1}
    return [_reassignment(each) for each in await conn.execute(_PAGE, scope.binds() | row)]


async def decide(
    tx: Tx, it: Reassignment, state: ReassignmentState, *, at: datetime, client: str, note: str
) -> None:
    """Keep the second person's decision."""
    row = {"id": it.id, "state": state.value, "at": at, "client": client, "note": note}
    changed = (await tx.execute(_DECIDE, row)).rowcount
    assert changed == 1, "it is held, and was proposed"


async def place(tx: Tx, payment_id: int, payment: Payment) -> None:
    """Let a misdirected line pay the claim it was meant for."""
    row = {"id": payment_id, "outcome": payment.outcome.value, "claim_id": payment.claim_id}
    changed = (await tx.execute(_PLACE, row)).rowcount
    assert changed == 1, "it is held, and was misdirected"


def _reassignment(row: sa.Row[Any]) -> Reassignment:
    return Reassignment(
        id=row.id,
        number=row.number,
        payment_id=row.payment_id,
        line=line_of(row),
        outcome=BankOutcome(row.outcome),
        notice=row.notice,
        note=row.note,
        state=ReassignmentState(row.state),
        proposed_at=row.proposed_at,
        proposed_by=row.proposed_by,
        decided_at=row.decided_at,
        decided_by=row.decided_by,
        decision_note=row.decision_note,
    )
