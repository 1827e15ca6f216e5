"""The notices of a clearing: numbered and kept in one statement, read by their addressees."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.clearing.model import DueDates, Notice, NoticeDraft, NoticeKind
from app.clearing.store.claims import totals_of
from app.clearing.tables import claim, clearing, notice
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.paging import PageAsked

_ISSUE = sa.text(
    """
    INSERT INTO notice (number, claim_id, kind, party_place, counter_place, fund_fen, issued_at,
                        to_finance_by, pay_by, announced)
    SELECT 'N' || t.party || to_char(CAST(:day AS date), 'YYMMDD')
               || lpad(nextval('notice_serial')::text, 7, '0'),
           t.claim_id, t.kind, t.party, t.counter, t.fen, :at, :to_finance_by, :pay_by, :announced
      FROM unnest(:claim_ids, :kinds, :parties, :counters, :amounts)
           AS t(claim_id, kind, party, counter, fen)
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
    sa.bindparam("amounts", type_=ARRAY(sa.BigInteger)),
)
_other = notice.alias("other")
_ALL_NOTICES = sa.select(
    notice,
    _other.c.number.label("counterpart"),
    clearing.c.number.label("clearing"),
    claim.c.settlement_count,
    claim.c.total_fen,
    claim.c.root,
).select_from(
    notice.join(claim, claim.c.id == notice.c.claim_id)
    .join(clearing, clearing.c.id == claim.c.clearing_id)
    .join(_other, sa.and_(_other.c.claim_id == claim.c.id, _other.c.kind != notice.c.kind))
)
_ISSUED = _ALL_NOTICES.where(clearing.c.id == sa.bindparam("clearing_id")).order_by(notice.c.id)
# A notice is read by the place it is addressed to; the other side has its own.
_NOTICES = _ISSUED.where(
    visible(regions=(notice.c.party_place,)),
    notice.c.id > sa.bindparam("after", type_=sa.BigInteger),
).limit(sa.bindparam("rows", type_=sa.BigInteger))


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
        "claim_ids": [draft.claim.id for draft in drafts],
        "kinds": [draft.kind.value for draft in drafts],
        "parties": [draft.party_place for draft in drafts],
        "counters": [draft.counter_place for draft in drafts],
        "amounts": [draft.claim.totals.fund.fen for draft in drafts],
    }
    await tx.execute(_ISSUE, row)


async def issued(tx: Tx, clearing_id: int) -> Sequence[Notice]:
    """Read every notice of a clearing, for the books."""
    return [_notice(row) for row in await tx.execute(_ISSUED, {"clearing_id": clearing_id})]


async def notices(conn: Conn, scope: Scope, page: PageAsked, clearing_id: int) -> Sequence[Notice]:
    """Read a page of the notices addressed to the scope."""
    asked = {"clearing_id": clearing_id, "after": page.after_id, "rows": page.rows + 1}
    return [_notice(row) for row in await conn.execute(_NOTICES, scope.binds() | asked)]


def _notice(row: sa.Row[Any]) -> Notice:
    return Notice(
        id=row.id,
        number=row.number,
        counterpart=row.counterpart,
        clearing=row.clearing,
        kind=NoticeKind(row.kind),
        party_place=row.party_place,
        counter_place=row.counter_place,
        totals=totals_of(row),
        root=row.root,
        issued_at=row.issued_at,
        due=DueDates(to_finance_by=row.to_finance_by, pay_by=row.pay_by, announced=row.announced),
    )
