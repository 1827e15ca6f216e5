"""Transfers and their notices: called for, confirmed by both sides, read by their addressees."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.advance.model import (
    Direction,
    Draft,
    DueDays,
    Movement,
    Notice,
    NoticeKind,
    Pair,
    Purpose,
    Said,
    Transfer,
    TransferState,
)
from app.advance.tables import advance_transfer
from app.kernel.money import Money
from app.ledger.tables import account, entry, posting
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.paging import PageAsked

_CALL = sa.text(
    """
    INSERT INTO advance_transfer (run_id, change_id, insured_place, treatment_place, direction,
                                  purpose, amount_fen, payer_place, payment_number, receipt_number,
                                  state, issued_at, agency_by, finance_by, announced)
    SELECT :run_id, :change_id, t.insured, t.treatment, t.direction, t.purpose, t.amount, t.payer,
           'F' || t.payer || to_char(CAST(:day AS date), 'YYMMDD')
               || lpad(nextval('advance_notice_serial')::text, 7, '0'),
           'F' || t.receiver || to_char(CAST(:day AS date), 'YYMMDD')
               || lpad(nextval('advance_notice_serial')::text, 7, '0'),
           'called', :at, :agency_by, :finance_by, :announced
      FROM unnest(:insured, :treatment, :directions, :purposes, :amounts, :payers, :receivers)
           AS t(insured, treatment, direction, purpose, amount, payer, receiver)
    RETURNING payment_number, receipt_number
    """
).bindparams(
    sa.bindparam("run_id", type_=sa.BigInteger),
    sa.bindparam("change_id", type_=sa.BigInteger),
    sa.bindparam("day", type_=sa.Date),
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    sa.bindparam("agency_by", type_=sa.Date),
    sa.bindparam("finance_by", type_=sa.Date),
    sa.bindparam("announced", type_=sa.Boolean),
    sa.bindparam("amounts", type_=ARRAY(sa.BigInteger)),
    *(
        sa.bindparam(name, type_=ARRAY(sa.Text))
        for name in ("insured", "treatment", "directions", "purposes", "payers", "receivers")
    ),
)


def _side(kind: NoticeKind) -> sa.Select[Any]:
    """One side's notices; the payment notice sorts before the receipt notice of its transfer."""
    it = advance_transfer.c
    pays = (it.direction == Direction.PAID.value) == (kind is NoticeKind.PAYMENT)
    party = sa.case((pays, it.insured_place), else_=it.treatment_place)
    counter = sa.case((pays, it.treatment_place), else_=it.insured_place)
    number = it.payment_number if kind is NoticeKind.PAYMENT else it.receipt_number
    return sa.select(
        (it.id * 2 + int(kind is NoticeKind.RECEIPT)).label("sort"),
        number.label("number"),
        sa.literal(kind.value).label("kind"),
        party.label("party_place"),
        counter.label("counter_place"),
        advance_transfer,
    )


_notice = sa.union_all(_side(NoticeKind.PAYMENT), _side(NoticeKind.RECEIPT)).subquery("notice")
# A notice is read by the place it is addressed to; the other side has its own.
_ADDRESSED = visible(regions=(_notice.c.party_place,))
_AFTER = sa.bindparam("after", type_=sa.BigInteger)
_ROWS = sa.bindparam("rows", type_=sa.BigInteger)
_NUMBER = sa.bindparam("number", type_=sa.Text)
_ONLY_OPEN = sa.bindparam("only_open", type_=sa.Boolean)
_UNBOOKED = _notice.c.state != TransferState.RECEIVED.value
_PAGE = (
    sa.select(_notice)
    .where(_ADDRESSED, _notice.c.sort > _AFTER, ~_ONLY_OPEN | _UNBOOKED)
    .order_by(_notice.c.sort)
    .limit(_ROWS)
)
_ONE = sa.select(_notice).where(_ADDRESSED, _notice.c.number == _NUMBER)
_LOCK = (
    sa.select(advance_transfer.c.id)
    .where(
        (advance_transfer.c.payment_number == _NUMBER)
        | (advance_transfer.c.receipt_number == _NUMBER)
    )
    .with_for_update()
)
# Whoever says so of the same reference at the same time waits for the first.
_REUSED = (
    sa.select(sa.func.count())
    .select_from(advance_transfer)
    .where(
        advance_transfer.c.payer_place == sa.bindparam("payer", type_=sa.Text),
        advance_transfer.c.bank_reference == sa.bindparam("reference", type_=sa.Text),
        advance_transfer.c.id != sa.bindparam("transfer_id"),
    )
)
_ALONE = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('advance payments', 0))")
_PAID = (
    sa.update(advance_transfer)
    .where(
        advance_transfer.c.id == sa.bindparam("transfer_id"),
        advance_transfer.c.state != TransferState.RECEIVED.value,
    )
    .values(
        state=TransferState.PAID.value,
        bank_reference=sa.bindparam("reference"),
        paid_on=sa.bindparam("day"),
        # Who first said it, and when, is said once; the trail has every correction.
        paid_at=sa.func.coalesce(
            advance_transfer.c.paid_at, sa.bindparam("at", type_=sa.DateTime(timezone=True))
        ),
        paid_by=sa.func.coalesce(advance_transfer.c.paid_by, sa.bindparam("by", type_=sa.Text)),
    )
)
_RECEIVED = (
    sa.update(advance_transfer)
    .where(
        advance_transfer.c.id == sa.bindparam("transfer_id"),
        advance_transfer.c.state == TransferState.PAID.value,
    )
    .values(
        state=TransferState.RECEIVED.value,
        received_at=sa.bindparam("at"),
        received_by=sa.bindparam("by"),
    )
)

_INSURED = sa.bindparam("insured_place", type_=sa.Text)


def _legs(side: str, sign: int) -> sa.Select[Any]:
    """What one side of the postings did to advances, as an increase of the advance."""
    return (
        sa.select(
            posting.c.id,
            posting.c.entry_id,
            account.c.insured_place,
            account.c.treatment_place,
            (sign * posting.c.fen).label("change_fen"),
        )
        .select_from(posting.join(account, account.c.id == posting.c[f"{side}_account"]))
        .where(
            account.c.kind == "advance",
            account.c.treatment_place == sa.bindparam("treatment_place"),
            _INSURED.is_(None) | (account.c.insured_place == _INSURED),
        )
    )


_leg = sa.union_all(_legs("credit", 1), _legs("debit", -1)).subquery("leg")
_moved = (
    sa.select(
        _leg,
        entry.c.subject,
        entry.c.effective_day,
        entry.c.at,
        sa.cast(sa.func.sum(_leg.c.change_fen).over(order_by=_leg.c.id), sa.BigInteger).label(
            "balance_fen"
        ),
    )
    .join_from(_leg, entry, entry.c.id == _leg.c.entry_id)
    .subquery("moved")
)
# The statement of a pair is read from both its places, that of a pool where the pool is.
_STATEMENT = (
    sa.select(_moved)
    .where(
        _moved.c.id > _AFTER,
        visible(regions=(_moved.c.treatment_place,))
        | (_INSURED.is_not(None) & visible(regions=(_moved.c.insured_place,))),
    )
    .order_by(_moved.c.id)
    .limit(_ROWS)
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Cause:
    """What calls for transfers: a run or a change."""

    run_id: int | None = None
    change_id: int | None = None


async def call(
    tx: Tx, drafts: Sequence[Draft], cause: Cause, due: DueDays, *, at: datetime, day: date
) -> list[tuple[str, str]]:
    """Number and keep transfers: one statement; return each payment and receipt notice."""
    row = {
        "run_id": cause.run_id,
        "change_id": cause.change_id,
        "day": day,
        "at": at,
        "agency_by": due.agency_by,
        "finance_by": due.finance_by,
        "announced": due.announced,
        "insured": [it.pair.insured_place for it in drafts],
        "treatment": [it.pair.treatment_place for it in drafts],
        "directions": [it.direction.value for it in drafts],
        "purposes": [it.purpose.value for it in drafts],
        "amounts": [it.amount.fen for it in drafts],
        "payers": [it.payer for it in drafts],
        "receivers": [it.receiver for it in drafts],
    }
    made = await tx.execute(_CALL, row)
    return [(it.payment_number, it.receipt_number) for it in made]


async def notices(
    conn: Conn, scope: Scope, page: PageAsked, *, only_open: bool
) -> Sequence[Notice]:
    """Read a page of the notices addressed to the scope."""
    asked = {"after": page.after_id, "rows": page.rows + 1, "only_open": only_open}
    return [_of(row) for row in await conn.execute(_PAGE, scope.binds() | asked)]


async def notice_by_number(conn: Conn, scope: Scope, number: str) -> Notice | None:
    """Read one notice addressed to the scope."""
    row = (await conn.execute(_ONE, scope.binds() | {"number": number})).one_or_none()
    return None if row is None else _of(row)


async def locked(tx: Tx, scope: Scope, number: str) -> Notice | None:
    """Read one notice addressed to the scope, its transfer held until the transaction ends."""
    await tx.execute(_LOCK, {"number": number})
    return await notice_by_number(tx, scope, number)


async def is_reused(tx: Tx, it: Transfer, bank_reference: str) -> bool:
    """Say whether the payer used a bank reference before; it stays so until this ends."""
    await tx.execute(_ALONE)
    asked = {"transfer_id": it.id, "payer": it.payer, "reference": bank_reference}
    return bool((await tx.execute(_REUSED, asked)).scalar_one())


async def say_paid(tx: Tx, transfer_id: int, said: Said, *, at: datetime, by: str) -> None:
    """Keep what the payer says, in place of what it said before."""
    row = {
        "transfer_id": transfer_id,
        "reference": said.bank_reference,
        "day": said.paid_on,
        "at": at,
        "by": by,
    }
    changed = (await tx.execute(_PAID, row)).rowcount
    assert changed == 1, "it is locked, and not booked"


async def say_received(tx: Tx, transfer_id: int, *, at: datetime, by: str) -> None:
    """Keep that the receiver says the same."""
    changed = (
        await tx.execute(_RECEIVED, {"transfer_id": transfer_id, "at": at, "by": by})
    ).rowcount
    assert changed == 1, "it is locked, and the payer has spoken"


async def statement(
    conn: Conn, scope: Scope, page: PageAsked, insured_place: str | None, treatment_place: str
) -> Sequence[Movement]:
    """Read a page of what moved the advance of a pair, or of a pool, with the balance after it."""
    asked = {
        "insured_place": insured_place,
        "treatment_place": treatment_place,
        "after": page.after_id,
        "rows": page.rows + 1,
    }
    return [
        Movement(
            id=row.id,
            pair=Pair(row.insured_place, row.treatment_place),
            day=row.effective_day,
            at=row.at,
            subject=row.subject,
            direction=Direction.PAID if row.change_fen > 0 else Direction.RETURNED,
            change=Money(row.change_fen),
            balance=Money(row.balance_fen),
        )
        for row in await conn.execute(_STATEMENT, scope.binds() | asked)
    ]


def _of(row: sa.Row[Any]) -> Notice:
    transfer = Transfer(
        id=row.id,
        pair=Pair(row.insured_place, row.treatment_place),
        direction=Direction(row.direction),
        purpose=Purpose(row.purpose),
        amount=Money(row.amount_fen),
        payment_number=row.payment_number,
        receipt_number=row.receipt_number,
        state=TransferState(row.state),
        issued_at=row.issued_at,
        due=DueDays(agency_by=row.agency_by, finance_by=row.finance_by, announced=row.announced),
        bank_reference=row.bank_reference,
        paid_on=row.paid_on,
        received_at=row.received_at,
    )
    return Notice(
        sort=row.sort,
        number=row.number,
        kind=NoticeKind(row.kind),
        party_place=row.party_place,
        counter_place=row.counter_place,
        transfer=transfer,
    )
