"""Every SQL statement about the books: one that writes, and the reads."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import DBAPIError

from app.kernel.money import Money
from app.ledger.errors import AdvanceExhausted, AdvanceHold
from app.ledger.model import (
    Account,
    AccountKind,
    Balance,
    Difference,
    Entry,
    Event,
    Posted,
    Proof,
)
from app.ledger.tables import account, entry, posting
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.lists import Listing
from app.runtime.paging import PageAsked

# How the database says that a guarded advance does not allow a booking.
_REFUSALS = {"HAE01": AdvanceExhausted, "HAH01": AdvanceHold}
_TEXTS = ARRAY(sa.Text)
_BOOK = sa.text(
    "SELECT ledger_book(:at, :policy_version, :kinds, :insured_places, :treatment_places, "
    ":institutions, :events, :subjects, :days, :undone, :entry_numbers, :debits, :credits, "
    ":amounts)"
).bindparams(
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    sa.bindparam("policy_version", type_=sa.Text),
    *(
        sa.bindparam(name, type_=_TEXTS)
        for name in ("kinds", "insured_places", "treatment_places", "institutions")
    ),
    *(
        sa.bindparam(name, type_=_TEXTS)
        for name in ("events", "subjects", "undone", "debits", "credits")
    ),
    sa.bindparam("days", type_=ARRAY(sa.Date)),
    sa.bindparam("entry_numbers", type_=ARRAY(sa.Integer)),
    sa.bindparam("amounts", type_=ARRAY(sa.BigInteger)),
)


def _seen(of: sa.FromClause) -> sa.ColumnElement[bool]:
    """An account is seen from both its places, and by the institution it is about."""
    return visible(regions=(of.c.insured_place, of.c.treatment_place), institution=of.c.institution)


_AFTER = sa.bindparam("after", type_=sa.BigInteger)
_ROWS = sa.bindparam("rows", type_=sa.BigInteger)
_ACCOUNTS = Listing(
    rows=sa.select(account),
    of=account,
    regions=("insured_place", "treatment_place"),
    institution="institution",
    filters={
        "kind": account.c.kind == sa.bindparam("kind", type_=sa.Text),
        "place": sa.bindparam("place", type_=sa.Text).in_(
            [account.c.insured_place, account.c.treatment_place]
        ),
    },
)
_ACCOUNT = sa.select(account).where(_seen(account), account.c.name == sa.bindparam("name"))

_debit, _credit = account.alias("debit"), account.alias("credit")
_TOLD = (
    posting.c.id,
    entry.c.event,
    entry.c.subject,
    entry.c.effective_day,
    entry.c.at,
    entry.c.policy_version,
    # the other end of what one sees may be behind the wall: its name is told, no more
    sa.func.account_name(posting.c.debit_account).label("debit"),
    sa.func.account_name(posting.c.credit_account).label("credit"),
    posting.c.fen,
)
_POSTED = (
    posting.join(entry, entry.c.id == posting.c.entry_id)
    .outerjoin(_debit, _debit.c.id == posting.c.debit_account)
    .outerjoin(_credit, _credit.c.id == posting.c.credit_account)
)
_OF_SUBJECT = (
    sa.select(*_TOLD, sa.null().label("version"), sa.null().label("balance_fen"))
    .select_from(_POSTED)
    .where(
        entry.c.subject == sa.bindparam("subject", type_=sa.Text),
        _seen(_debit) | _seen(_credit),
        posting.c.id > _AFTER,
    )
    .order_by(posting.c.id)
    .limit(_ROWS)
)


def _steps(side: str) -> sa.Select[Any]:
    """One side's postings of an account, in its order; both sides share one count of versions."""
    version = posting.c[f"{side}_version"]
    balance = posting.c[f"{side}_balance_fen"].label("balance_fen")
    return (
        sa.select(*_TOLD, version.label("version"), balance)
        .select_from(_POSTED)
        .where(posting.c[f"{side}_account"] == sa.bindparam("account_id"), version > _AFTER)
        .order_by(version)
        .limit(_ROWS)
    )


_BOTH = sa.union_all(_steps("debit").subquery().select(), _steps("credit").subquery().select())
_OF_ACCOUNT = _BOTH.order_by("version").limit(_ROWS)

# Everything is added up from the postings alone and then held against what was kept. One
# statement, so that the proof is of one moment whatever is being booked beside it.
_PROOF = sa.text(
    """
    WITH leg AS (
        SELECT debit_account AS account, debit_version AS version, fen AS delta,
               debit_balance_fen AS balance FROM posting
        UNION ALL
        SELECT credit_account, credit_version, -fen, credit_balance_fen FROM posting
    ), step AS (
        SELECT account, version, balance,
               sum(delta) OVER running AS summed, row_number() OVER running AS counted
          FROM leg WINDOW running AS (PARTITION BY account ORDER BY version
                                      ROWS UNBOUNDED PRECEDING)
    ), total AS (
        SELECT account, sum(delta) AS summed, count(*) AS counted FROM leg GROUP BY account
    ), difference AS (
        SELECT 1 AS rank, 'sum of all balances' AS what, NULL AS account,
               coalesce(sum(balance_fen), 0) AS found, 0 AS expected
          FROM account HAVING coalesce(sum(balance_fen), 0) <> 0
        UNION ALL
        SELECT 2, 'balance', a.name, a.balance_fen, coalesce(t.summed, 0)
          FROM account a LEFT JOIN total t ON t.account = a.id
         WHERE a.balance_fen <> coalesce(t.summed, 0)
        UNION ALL
        SELECT 3, 'version', a.name, a.version, coalesce(t.counted, 0)
          FROM account a LEFT JOIN total t ON t.account = a.id
         WHERE a.version <> coalesce(t.counted, 0)
        UNION ALL
        SELECT 4, 'step', a.name, s.version, s.counted
          FROM step s JOIN account a ON a.id = s.account WHERE s.version <> s.counted
        UNION ALL
        SELECT 5, 'running balance', a.name, s.balance, s.summed
          FROM step s JOIN account a ON a.id = s.account WHERE s.balance <> s.summed
    )
    SELECT (SELECT count(*) FROM account) AS accounts, (SELECT count(*) FROM entry) AS entries,
           (SELECT count(*) FROM posting) AS postings,
           (SELECT coalesce(sum(fen), 0) FROM posting) AS turnover_fen,
           d.what, d.account, d.found, d.expected
      FROM (VALUES (1)) AS always
      LEFT JOIN (SELECT * FROM difference ORDER BY rank, account, found LIMIT 1) AS d ON true
    """
)


def columns(entries: Sequence[Entry]) -> dict[str, list[Any]]:
    """Write entries as the arrays that `ledger_book` takes, in the order it takes them."""
    postings = [(n, p) for n, each in enumerate(entries, 1) for p in each.postings]
    accounts = {end: None for _, p in postings for end in (p.debit, p.credit)}
    return {
        "kinds": [each.kind.value for each in accounts],
        "insured_places": [each.insured_place for each in accounts],
        "treatment_places": [each.treatment_place for each in accounts],
        "institutions": [each.institution for each in accounts],
        "events": [each.event.value for each in entries],
        "subjects": [each.subject for each in entries],
        "days": [each.day for each in entries],
        "undone": [each.reverses for each in entries],
        "entry_numbers": [number for number, _ in postings],
        "debits": [p.debit.name for _, p in postings],
        "credits": [p.credit.name for _, p in postings],
        "amounts": [p.amount.fen for _, p in postings],
    }


async def book(tx: Tx, entries: Sequence[Entry], at: datetime, policy_version: str) -> None:
    """Write entries, postings and balances: one round trip whatever their number."""
    row = {"at": at, "policy_version": policy_version, **columns(entries)}
    try:
        await tx.execute(_BOOK, row)
    except DBAPIError as error:
        refuse(error)
        raise


def refuse(error: DBAPIError) -> None:
    """Refuse where the database refused to book for want of an advance; else return."""
    refusal = _REFUSALS.get(getattr(error.orig, "sqlstate", None) or "")
    if refusal is None:
        return
    assert error.orig is not None, "the state was read from it"
    said = json.loads(getattr(error.orig.__cause__, "detail", "{}"))
    raise refusal(
        insured_place=said["insured_place"],
        treatment_place=said["treatment_place"],
        used=Money(int(said["used_fen"])),
        advance=Money(int(said["advance_fen"])),
    ) from error


async def accounts(
    conn: Conn, scope: Scope, page: PageAsked, *, kind: AccountKind | None, place: str | None
) -> Sequence[Balance]:
    """Read a page of the accounts the scope may see."""
    found = await _ACCOUNTS.read(conn, scope, page, {"kind": kind, "place": place})
    return [_balance(row) for row in found]


async def account_named(conn: Conn, scope: Scope, name: str) -> Balance | None:
    """Read one account the scope may see."""
    row = (await conn.execute(_ACCOUNT, scope.binds() | {"name": name})).one_or_none()
    return None if row is None else _balance(row)


async def postings_of_account(conn: Conn, seen: Balance, page: PageAsked) -> Sequence[Posted]:
    """Read a page of the postings of an account that the caller was allowed to see."""
    asked = {"account_id": seen.id, "after": page.after_id, "rows": page.rows + 1}
    return [_posted(row) for row in await conn.execute(_OF_ACCOUNT, asked)]


async def postings_of_subject(
    conn: Conn, scope: Scope, page: PageAsked, subject: str
) -> Sequence[Posted]:
    """Read a page of what a number did to the accounts the scope may see."""
    asked = {"subject": subject, "after": page.after_id, "rows": page.rows + 1}
    return [_posted(row) for row in await conn.execute(_OF_SUBJECT, scope.binds() | asked)]


async def proof(conn: Conn) -> Proof:
    """Add the books up afresh and return the first difference."""
    row = (await conn.execute(_PROOF)).one()
    difference = None
    if row.what is not None:
        difference = Difference(
            what=row.what,
            account=row.account,
            found=int(row.found),
            expected=int(row.expected),
        )
    return Proof(
        accounts=row.accounts,
        entries=row.entries,
        postings=row.postings,
        turnover=Money(int(row.turnover_fen)),
        difference=difference,
    )


def _balance(row: sa.Row[Any]) -> Balance:
    return Balance(
        id=row.id,
        account=Account(
            AccountKind(row.kind), row.insured_place, row.treatment_place, row.institution
        ),
        balance=Money(row.balance_fen),
        version=row.version,
    )


def _posted(row: sa.Row[Any]) -> Posted:
    return Posted(
        id=row.id,
        event=Event(row.event),
        subject=row.subject,
        day=row.effective_day,
        at=row.at,
        policy_version=row.policy_version,
        debit=row.debit,
        credit=row.credit,
        amount=Money(row.fen),
        version=row.version,
        balance=None if row.balance_fen is None else Money(row.balance_fen),
    )
