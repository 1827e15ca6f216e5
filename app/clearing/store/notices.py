"""The notices of a clearing: numbered and kept in one statement, read by their addressees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.clearing.model import DueDates, Notice, NoticeDraft, NoticeKind, Part, Totals
from app.clearing.tables import claim, clearing, notice
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.parties.tables import region
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.lists import Listing
from app.runtime.paging import PageAsked

_ISSUE = sa.text(
    """
    INSERT INTO notice (number, claim_id, kind, party_place, counter_place, fund_fen, issued_at,
                        to_finance_by, pay_by, announced,
                        deducted_count, deducted_fen, rolled_count, rolled_fen, paid_fen)
    SELECT 'N' || t.party || to_char(CAST(:day AS date), 'YYMMDD')
               || lpad(nextval('notice_serial')::text, 7, '0'),
           t.claim_id, t.kind, t.party, t.counter, t.fen, :at, :to_finance_by, :pay_by, :announced,
           t.deducted, t.deducted_fen, t.rolled, t.rolled_fen, 0
      FROM unnest(:claim_ids, :kinds, :parties, :counters, :amounts,
                  :deducted, :deducted_amounts, :rolled, :rolled_amounts)
           AS t(claim_id, kind, party, counter, fen, deducted, deducted_fen, rolled, rolled_fen)
    """
).bindparams(
    sa.bindparam("day", type_=sa.Date),
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    sa.bindparam("to_finance_by", type_=sa.Date),
    sa.bindparam("pay_by", type_=sa.Date),
    sa.bindparam("announced", type_=sa.Boolean),
    sa.bindparam("claim_ids", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("kinds", type_=ARRAY(sa.Text)),
    sa.bindparam("parties", type_=ARRAY(sa.Text)),
    sa.bindparam("counters", type_=ARRAY(sa.Text)),
    *(
        sa.bindparam(name, type_=ARRAY(sa.BigInteger))
        for name in ("amounts", "deducted", "deducted_amounts", "rolled", "rolled_amounts")
    ),
)
_other = notice.alias("other")
_party, _counter = region.alias("party_region"), region.alias("counter_region")
_ALL_NOTICES = sa.select(
    notice,
    _other.c.number.label("counterpart"),
    clearing.c.number.label("clearing"),
    clearing.c.period,
    clearing.c.scheme,
    claim.c.settlement_count,
    claim.c.total_fen,
    claim.c.fund_fen.label("claimed_fen"),
    claim.c.reviewed_count,
    claim.c.reviewed_fen,
    claim.c.root,
    sa.func.coalesce(_party.c.name, notice.c.party_place).label("party_name"),
    sa.func.coalesce(_counter.c.name, notice.c.counter_place).label("counter_name"),
).select_from(
    notice.join(claim, claim.c.id == notice.c.claim_id)
    .join(clearing, clearing.c.id == claim.c.clearing_id)
    .join(_other, sa.and_(_other.c.claim_id == claim.c.id, _other.c.kind != notice.c.kind))
    .outerjoin(_party, _party.c.code == notice.c.party_place)
    .outerjoin(_counter, _counter.c.code == notice.c.counter_place)
)
_ISSUED = _ALL_NOTICES.where(
    claim.c.id == sa.func.any(sa.bindparam("claim_ids", type_=ARRAY(sa.BigInteger)))
).order_by(notice.c.id)
# A notice is read by the place it is addressed to; the other side has its own.
_ADDRESSED = visible(regions=(notice.c.party_place,))
_IN_CLEARING = _ALL_NOTICES.where(
    _ADDRESSED, clearing.c.id == sa.bindparam("clearing_id")
).order_by(notice.c.id)
_PAGE = notice.c.id > sa.bindparam("after", type_=sa.BigInteger)
_ROWS = sa.bindparam("rows", type_=sa.BigInteger)
_NOTICES = _IN_CLEARING.where(_PAGE).limit(_ROWS)
_NOTICE = _IN_CLEARING.where(notice.c.number == sa.bindparam("number", type_=sa.Text))
_DUE_BEFORE = sa.and_(
    notice.c.paid_on.is_(None), notice.c.pay_by < sa.bindparam("due_before", type_=sa.Date)
)
_OPEN_LISTING = Listing(
    rows=_ALL_NOTICES, of=notice, regions=("party_place",), filters={"due_before": _DUE_BEFORE}
)
_OPEN_PAYABLE = _ALL_NOTICES.where(
    _ADDRESSED, _DUE_BEFORE, notice.c.kind == NoticeKind.PAYABLE.value
).order_by(notice.c.id)
_ALERT = sa.text(
    """
    UPDATE notice SET alerted_at = :at, alerted_count = reopened_count + 1
     WHERE paid_on IS NULL AND alerted_count <= reopened_count AND pay_by < :today
       AND kind = 'payable'
    RETURNING number, party_place, counter_place
    """
).bindparams(
    sa.bindparam("at", type_=sa.DateTime(timezone=True)), sa.bindparam("today", type_=sa.Date)
)
_NOTICED = sa.text(
    "UPDATE claim SET noticed_at = :at WHERE id = ANY (:claim_ids) AND noticed_at IS NULL"
).bindparams(
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    sa.bindparam("claim_ids", type_=ARRAY(sa.BigInteger)),
)
FOREVER = date.max


async def issue(
    tx: Tx, drafts: Sequence[NoticeDraft], due: DueDates, *, at: datetime, day: date
) -> None:
    """Number and keep the notices: one statement."""
    row = {
        "day": day,
        "at": at,
        "to_finance_by": due.to_finance_by,
        "pay_by": due.pay_by,
        "announced": due.announced,
        "claim_ids": [draft.due.claim.id for draft in drafts],
        "kinds": [draft.kind.value for draft in drafts],
        "parties": [draft.party_place for draft in drafts],
        "counters": [draft.counter_place for draft in drafts],
        "amounts": [draft.due.amount.fen for draft in drafts],
        "deducted": [draft.due.deducted.items for draft in drafts],
        "deducted_amounts": [draft.due.deducted.fund.fen for draft in drafts],
        "rolled": [draft.due.rolled.items for draft in drafts],
        "rolled_amounts": [draft.due.rolled.fund.fen for draft in drafts],
    }
    await tx.execute(_ISSUE, row)


async def mark_noticed(tx: Tx, claim_ids: Sequence[int], at: datetime) -> None:
    """Let nothing more be said of some claims."""
    changed = (await tx.execute(_NOTICED, {"claim_ids": list(claim_ids), "at": at})).rowcount
    assert changed == len(claim_ids), "they are locked, and were not noticed"


async def issued(tx: Tx, claim_ids: Sequence[int]) -> Sequence[Notice]:
    """Read every notice of some claims, for the books."""
    return [_notice(row) for row in await tx.execute(_ISSUED, {"claim_ids": list(claim_ids)})]


async def notices(conn: Conn, scope: Scope, page: PageAsked, clearing_id: int) -> Sequence[Notice]:
    """Read a page of the notices addressed to the scope."""
    asked = {"clearing_id": clearing_id, "after": page.after_id, "rows": page.rows + 1}
    return [_notice(row) for row in await conn.execute(_NOTICES, scope.binds() | asked)]


async def all_notices(conn: Conn, scope: Scope, clearing_id: int) -> Sequence[Notice]:
    """Read every notice of a clearing addressed to the scope."""
    asked = {"clearing_id": clearing_id}
    return [_notice(row) for row in await conn.execute(_IN_CLEARING, scope.binds() | asked)]


async def notice_by_number(
    conn: Conn, scope: Scope, clearing_id: int, number: str
) -> Notice | None:
    """Read one notice addressed to the scope."""
    asked = {"clearing_id": clearing_id, "number": number}
    row = (await conn.execute(_NOTICE, scope.binds() | asked)).one_or_none()
    return None if row is None else _notice(row)


async def open_notices(
    conn: Conn, scope: Scope, page: PageAsked, due_before: date
) -> Sequence[Notice]:
    """Read a page of the notices addressed to the scope, not paid in full, due before a day."""
    found = await _OPEN_LISTING.read(conn, scope, page, {"due_before": due_before})
    return [_notice(row) for row in found]


async def open_payable(conn: Conn, scope: Scope) -> Sequence[Notice]:
    """Read every payable notice addressed to the scope that is not paid in full."""
    asked = {"due_before": FOREVER}
    return [_notice(row) for row in await conn.execute(_OPEN_PAYABLE, scope.binds() | asked)]


async def alert(tx: Tx, today: date, at: datetime) -> list[tuple[str, tuple[str, str]]]:
    """Mark what became overdue since last asked; return each number and the places concerned."""
    found = await tx.execute(_ALERT, {"today": today, "at": at})
    return [(row.number, (row.party_place, row.counter_place)) for row in found]


def _notice(row: sa.Row[Any]) -> Notice:
    return Notice(
        id=row.id,
        number=row.number,
        counterpart=row.counterpart,
        clearing=row.clearing,
        kind=NoticeKind(row.kind),
        party_place=row.party_place,
        counter_place=row.counter_place,
        party_name=row.party_name,
        counter_name=row.counter_name,
        period=row.period,
        scheme=Scheme(row.scheme),
        totals=Totals(row.settlement_count, Money(row.total_fen), Money(row.claimed_fen)),
        reviewed=Part(row.reviewed_count, Money(row.reviewed_fen)),
        deducted=Part(row.deducted_count, Money(row.deducted_fen)),
        rolled=Part(row.rolled_count, Money(row.rolled_fen)),
        amount=Money(row.fund_fen),
        paid=Money(row.paid_fen),
        paid_on=row.paid_on,
        root=row.root,
        issued_at=row.issued_at,
        due=DueDates(to_finance_by=row.to_finance_by, pay_by=row.pay_by, announced=row.announced),
    )
