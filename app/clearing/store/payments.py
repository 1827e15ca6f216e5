"""The bank's lines and what they paid, and what of a year is still open."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.clearing.model import BankOutcome, NoticeKind
from app.clearing.model.paying import BankLine, Call, Payment, YearStanding
from app.clearing.tables import bank_confirmation, claim, notice
from app.kernel.money import ZERO, Money
from app.runtime.auth import Scope
from app.runtime.db import Conn, Tx
from app.runtime.lists import Listing
from app.runtime.paging import PageAsked

_TEXTS = ARRAY(sa.Text)
_REFERENCES = sa.bindparam("references", type_=_TEXTS)
# Imports are few and go one after another: a sheet sent twice at once is known the second time.
_ALONE = sa.text("SELECT pg_advisory_xact_lock(hashtextextended('bank_confirmation', 0))")
# Whoever used a reference before: the wall would hide what is another pair's.
_KNOWN = sa.text("SELECT * FROM bank_lines(:references)").bindparams(_REFERENCES)
# Both notices of a claim are paid as one: they are locked through the claim.
_CALLED = sa.select(notice.c.claim_id).where(notice.c.number == sa.func.any(_REFERENCES))
_LOCK_CALLED = (
    sa.select(claim.c.id).where(claim.c.id.in_(_CALLED)).order_by(claim.c.id).with_for_update()
)
_CALLS: sa.Select[Any] = (
    sa.select(
        claim.c.id,
        claim.c.insured_place,
        claim.c.treatment_place,
        sa.func.array_agg(notice.c.number).label("numbers"),
        sa.func.max(notice.c.number)
        .filter(notice.c.kind == NoticeKind.PAYABLE.value)
        .label("subject"),
        sa.func.max(notice.c.fund_fen).label("fund_fen"),
        sa.func.max(notice.c.paid_fen).label("paid_fen"),
        sa.func.max(notice.c.paid_on).label("paid_on"),
    )
    .join(notice, notice.c.claim_id == claim.c.id)
    .where(claim.c.id == sa.func.any(sa.bindparam("claim_ids", type_=ARRAY(sa.BigInteger))))
    .group_by(claim.c.id)
)
_KEEP = sa.text(
    """
    INSERT INTO bank_confirmation (bank_reference, reference, payer, payee, amount_fen, paid_on,
                                   outcome, claim_id, imported_at, imported_by)
    SELECT t.bank_reference, t.reference, t.payer, t.payee, t.amount, t.paid_on, t.outcome,
           t.claim_id, :at, :client
      FROM unnest(:bank_references, :references, :payers, :payees, :amounts, :days, :outcomes,
                  :claim_ids)
           AS t(bank_reference, reference, payer, payee, amount, paid_on, outcome, claim_id)
    """
).bindparams(
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    sa.bindparam("client", type_=sa.Text),
    *(
        sa.bindparam(name, type_=_TEXTS)
        for name in ("bank_references", "references", "payers", "payees", "outcomes")
    ),
    sa.bindparam("amounts", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("days", type_=ARRAY(sa.Date)),
    sa.bindparam("claim_ids", type_=ARRAY(sa.BigInteger)),
)
_PAY = sa.text(
    """
    UPDATE notice
       SET paid_fen = t.paid, paid_on = t.paid_on, reopened_count = notice.reopened_count
               + (notice.paid_on IS NOT NULL AND t.paid_on IS NULL)::int
      FROM unnest(:claim_ids, :paid, :days) AS t(claim_id, paid, paid_on)
     WHERE notice.claim_id = t.claim_id
    """
).bindparams(
    sa.bindparam("claim_ids", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("paid", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("days", type_=ARRAY(sa.Date)),
)
_LISTING = Listing(
    rows=sa.select(bank_confirmation),
    of=bank_confirmation,
    regions=("payer", "payee"),
    filters={"outcome": bank_confirmation.c.outcome == sa.bindparam("outcome", type_=sa.Text)},
)
_YEAR = sa.text(
    """
    SELECT EXISTS (SELECT FROM clearing_year WHERE year = :year) AS is_closed,
           (SELECT count(*) FROM settlement s
             WHERE business_day BETWEEN :first AND :last
               AND NOT EXISTS (SELECT FROM cleared_month m
                                WHERE m.scheme = s.scheme AND m.month = s.month)) AS uncleared,
           (SELECT count(*) FROM claim c JOIN clearing g ON g.id = c.clearing_id
             WHERE g.period LIKE :years AND c.noticed_at IS NULL) AS unnoticed,
           (SELECT count(*) FROM contest c JOIN settlement s ON s.number = c.settlement
             WHERE s.business_day BETWEEN :first AND :last
               AND (c.state = 'open' OR c.waiting AND coalesce(c.agreed_fen, c.fund_fen) <> 0)
           ) AS open_contests,
           (SELECT count(*) FROM notice n JOIN claim c ON c.id = n.claim_id
              JOIN clearing g ON g.id = c.clearing_id
             WHERE g.period LIKE :years AND n.kind = 'payable' AND n.paid_on IS NULL) AS unpaid
    """
).bindparams(sa.bindparam("first", type_=sa.Date), sa.bindparam("last", type_=sa.Date))
_CLOSE_YEAR = sa.text(
    "INSERT INTO clearing_year (year, closed_at, closed_by) VALUES (:year, :at, :client) "
    "ON CONFLICT DO NOTHING"
).bindparams(sa.bindparam("at", type_=sa.DateTime(timezone=True)))


async def known(tx: Tx, bank_references: Sequence[str]) -> Mapping[str, BankLine]:
    """Read the bank's lines that came before under these references, and let no others come."""
    await tx.execute(_ALONE)
    found = await tx.execute(_KNOWN, {"references": list(bank_references)})
    return {row.bank_reference: line_of(row) for row in found}


async def locked_calls(tx: Tx, references: Sequence[str]) -> Sequence[Call]:
    """Read what some references call for, and hold it against other payments."""
    locked = await tx.execute(_LOCK_CALLED, {"references": list(references)})
    claim_ids = list(locked.scalars())
    return [
        Call(
            claim_id=row.id,
            subject=row.subject,
            references=frozenset(row.numbers),
            insured_place=row.insured_place,
            treatment_place=row.treatment_place,
            amount=Money(row.fund_fen),
            paid=Money(row.paid_fen),
            paid_on=row.paid_on,
        )
        for row in await tx.execute(_CALLS, {"claim_ids": claim_ids})
    ]


async def keep(tx: Tx, payments: Sequence[Payment], *, at: datetime, client: str) -> None:
    """Keep the bank's lines with what each came to."""
    lines = [it.line for it in payments]
    row = {
        "bank_references": [it.bank_reference for it in lines],
        "references": [it.reference for it in lines],
        "payers": [it.payer for it in lines],
        "payees": [it.payee for it in lines],
        "amounts": [it.amount.fen for it in lines],
        "days": [it.paid_on for it in lines],
        "outcomes": [it.outcome.value for it in payments],
        "claim_ids": [it.claim_id for it in payments],
        "at": at,
        "client": client,
    }
    await tx.execute(_KEEP, row)


async def pay(tx: Tx, calls: Sequence[Call]) -> None:
    """Let both notices of each claim show what has been paid."""
    row = {
        "claim_ids": [it.claim_id for it in calls],
        "paid": [it.paid.fen for it in calls],
        "days": [it.paid_on for it in calls],
    }
    await tx.execute(_PAY, row)


async def payments(
    conn: Conn, scope: Scope, page: PageAsked, outcome: BankOutcome | None
) -> Sequence[tuple[int, Payment]]:
    """Read a page of the bank's lines the scope pays or is paid by, with their ids."""
    found = await _LISTING.read(conn, scope, page, {"outcome": outcome})
    return [
        (
            each.id,
            Payment(
                line=line_of(each),
                outcome=BankOutcome(each.outcome),
                claim_id=each.claim_id,
                booked=ZERO if each.claim_id is None else Money(each.amount_fen),
            ),
        )
        for each in found
    ]


async def year_standing(conn: Conn, year: int, closes_on: date) -> YearStanding:
    """Count what of a year is still open: the nation's figures, for the operator alone."""
    row = {
        "year": year,
        "years": f"{year:04d}%",
        "first": date(year, 1, 1),
        "last": date(year, 12, 31),
    }
    found = (await conn.execute(_YEAR, row)).one()
    return YearStanding(year=year, closes_on=closes_on, **found._mapping)  # noqa: SLF001 -- public


async def close_year(tx: Tx, year: int, at: datetime, client: str) -> None:
    """Note that a year is closed; once."""
    await tx.execute(_CLOSE_YEAR, {"year": year, "at": at, "client": client})


def line_of(row: sa.Row[Any]) -> BankLine:
    """Read the bank's own words out of a row of its columns."""
    return BankLine(
        line=0,
        bank_reference=row.bank_reference,
        reference=row.reference,
        payer=row.payer,
        payee=row.payee,
        amount=Money(row.amount_fen),
        paid_on=row.paid_on,
    )
