"""Every SQL statement about clearings, and nothing else.

Statements that count settlements are set-based: a quarter of the nation is one statement.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.dialects.postgresql import insert as pg_insert

from app.clearing.model import (
    Claim,
    Clearing,
    ClearingState,
    DueDates,
    Item,
    Notice,
    NoticeDraft,
    NoticeKind,
    Totals,
)
from app.clearing.tables import claim, clearing, clearing_serial, notice
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.runtime.auth import PartyKind, Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.numbers import next_number
from app.runtime.paging import PageAsked
from app.settlement.tables import settlement

_AFTER = sa.bindparam("after", type_=sa.BigInteger)
_ROWS = sa.bindparam("rows", type_=sa.BigInteger)
_NUMBER = sa.bindparam("number", type_=sa.Text)

_OPEN = (
    pg_insert(clearing)
    .values(
        number=next_number("C", clearing_serial),
        scheme=sa.bindparam("scheme"),
        period=sa.bindparam("period"),
        state=sa.bindparam("state"),
        generated_at=sa.bindparam("at"),
        generated_by=sa.bindparam("by"),
        settlement_count=0,
        total_fen=0,
        fund_fen=0,
        policy_version=sa.bindparam("policy_version"),
    )
    .on_conflict_do_nothing(index_elements=["scheme", "period"])
    .returning(clearing.c.id, clearing.c.number)
)
_OF_PERIOD = sa.select(clearing.c.number).where(
    clearing.c.scheme == sa.bindparam("scheme"), clearing.c.period == sa.bindparam("period")
)
# The root is the SHA-256 of one line a settlement, `number,total,fund` in fen, in the order of
# numbers, the lines parted by a newline: what `GET /v1/clearings/{number}/items` lists.
_CLAIM = sa.text(
    """
    WITH made AS (
        INSERT INTO claim (clearing_id, insured_place, treatment_place, settlement_count,
                           total_fen, fund_fen, root)
        SELECT :id, insured_place, treatment_place, count(*), sum(total_fen), sum(fund_fen),
               sha256(convert_to(string_agg(concat_ws(',', number, total_fen, fund_fen), E'\\n'
                                            ORDER BY number COLLATE "C"), 'UTF8'))
          FROM settlement
         WHERE clearing = :number
         GROUP BY insured_place, treatment_place
         ORDER BY insured_place, treatment_place
        RETURNING settlement_count, total_fen, fund_fen
    )
    UPDATE clearing
       SET settlement_count = made.settlements, total_fen = made.total, fund_fen = made.fund
      FROM (SELECT coalesce(sum(settlement_count), 0) AS settlements,
                   coalesce(sum(total_fen), 0) AS total, coalesce(sum(fund_fen), 0) AS fund
              FROM made) AS made
     WHERE id = :id
    """
).bindparams(sa.bindparam("id", type_=sa.BigInteger), sa.bindparam("number", type_=sa.Text))
_MOVE = (
    sa.update(clearing)
    .where(clearing.c.id == sa.bindparam("clearing_id"), clearing.c.state == sa.bindparam("was"))
    .values(state=sa.bindparam("now"), noticed_at=sa.bindparam("at"))
)

_SEEN = visible(regions=(claim.c.insured_place, claim.c.treatment_place))
_SEES_ALL = sa.bindparam("scope_kind", type_=sa.Text) == PartyKind.OPERATOR.value


def _summed(column: sa.Column[int], name: str) -> sa.Label[int]:
    added = sa.func.coalesce(sa.func.sum(column), 0)
    return sa.cast(added, sa.BigInteger).label(name)


# The operator reads every clearing; an agency those in which it has a claim, and their totals
# over its own claims.
_CLEARINGS = (
    sa.select(
        clearing.c.id,
        clearing.c.number,
        clearing.c.scheme,
        clearing.c.period,
        clearing.c.state,
        clearing.c.generated_at,
        clearing.c.noticed_at,
        clearing.c.policy_version,
        sa.func.count(claim.c.id).label("claims"),
        _summed(claim.c.settlement_count, "settlement_count"),
        _summed(claim.c.total_fen, "total_fen"),
        _summed(claim.c.fund_fen, "fund_fen"),
    )
    .select_from(clearing.outerjoin(claim, sa.and_(claim.c.clearing_id == clearing.c.id, _SEEN)))
    .group_by(clearing.c.id)
    .having(_SEES_ALL | (sa.func.count(claim.c.id) > 0))
)
_PAGE = _CLEARINGS.where(clearing.c.id > _AFTER).order_by(clearing.c.id).limit(_ROWS)
_ONE = _CLEARINGS.where(clearing.c.number == _NUMBER)
_LOCKED = sa.select(clearing.c.id).where(clearing.c.number == _NUMBER).with_for_update()

_CLAIMS = (
    sa.select(claim)
    .where(claim.c.clearing_id == sa.bindparam("clearing_id"), _SEEN)
    .order_by(claim.c.insured_place, claim.c.treatment_place)
)

_INSURED = sa.bindparam("insured_place", type_=sa.Text)
_TREATMENT = sa.bindparam("treatment_place", type_=sa.Text)
_ITEMS = (
    sa.select(
        settlement.c.number,
        settlement.c.insured_place,
        settlement.c.treatment_place,
        settlement.c.kind,
        settlement.c.business_day,
        settlement.c.month,
        settlement.c.total_fen,
        settlement.c.fund_fen,
    )
    .where(
        settlement.c.clearing == _NUMBER,
        visible(regions=(settlement.c.insured_place, settlement.c.treatment_place)),
        _INSURED.is_(None) | (settlement.c.insured_place == _INSURED),
        _TREATMENT.is_(None) | (settlement.c.treatment_place == _TREATMENT),
        settlement.c.number.collate("C") > sa.bindparam("after", type_=sa.Text),
    )
    .order_by(settlement.c.number.collate("C"))
    .limit(_ROWS)
)

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
_NOTICES = _ISSUED.where(visible(regions=(notice.c.party_place,)), notice.c.id > _AFTER).limit(
    _ROWS
)


async def open_clearing(  # noqa: PLR0913 -- a row's columns
    tx: Tx,
    *,
    scheme: Scheme,
    period: str,
    state: ClearingState,
    at: datetime,
    by: str,
    day: object,
    policy_version: str,
) -> tuple[int, str] | None:
    """Make the clearing of a period, empty; None when the period has one.

    A rival that clears the same period waits here for the first to end.
    """
    row = {
        "number_region": "000000",
        "number_day": day,
        "scheme": scheme.value,
        "period": period,
        "state": state.value,
        "at": at,
        "by": by,
        "policy_version": policy_version,
    }
    made = (await tx.execute(_OPEN, row)).one_or_none()
    return None if made is None else (made.id, made.number)


async def number_of_period(conn: Conn, scheme: Scheme, period: str) -> str:
    """Return the number of the clearing a period has."""
    asked = {"scheme": scheme.value, "period": period}
    return str((await conn.execute(_OF_PERIOD, asked)).scalar_one())


async def make_claims(tx: Tx, clearing_id: int, number: str) -> None:
    """Count what was taken in, per ordered pair, and total it."""
    changed = (await tx.execute(_CLAIM, {"id": clearing_id, "number": number})).rowcount
    assert changed == 1, "the clearing was opened in this transaction"


async def clearings(conn: Conn, scope: Scope, page: PageAsked) -> Sequence[Clearing]:
    """Read a page of the clearings the scope has a part in."""
    asked = {"after": page.after_id, "rows": page.rows + 1}
    return [_clearing(row) for row in await conn.execute(_PAGE, scope.binds() | asked)]


async def clearing_by_number(conn: Conn, scope: Scope, number: str) -> Clearing | None:
    """Read one clearing the scope has a part in."""
    row = (await conn.execute(_ONE, scope.binds() | {"number": number})).one_or_none()
    return None if row is None else _clearing(row)


async def locked(tx: Tx, scope: Scope, number: str) -> Clearing | None:
    """Read one clearing and hold it against other writers."""
    await tx.execute(_LOCKED, {"number": number})
    return await clearing_by_number(tx, scope, number)


async def move(tx: Tx, it: Clearing, state: ClearingState, at: datetime) -> None:
    """Change the state, provided it still is what was read."""
    row = {"clearing_id": it.id, "was": it.state.value, "now": state.value, "at": at}
    changed = (await tx.execute(_MOVE, row)).rowcount
    assert changed == 1, "the row was locked, so its state cannot have moved"


async def claims(conn: Conn, scope: Scope, clearing_id: int) -> Sequence[Claim]:
    """Read the claims of a clearing that the scope is a side of."""
    found = await conn.execute(_CLAIMS, scope.binds() | {"clearing_id": clearing_id})
    return [_claim(row) for row in found]


async def items(
    conn: Conn,
    scope: Scope,
    page: PageAsked,
    *,
    number: str,
    insured_place: str | None,
    treatment_place: str | None,
) -> Sequence[Item]:
    """Read a page of the settlements in a clearing, in the order the root digests them."""
    asked = {
        "number": number,
        "insured_place": insured_place,
        "treatment_place": treatment_place,
        "after": page.after,
        "rows": page.rows + 1,
    }
    return [_item(row) for row in await conn.execute(_ITEMS, scope.binds() | asked)]


async def issue(
    tx: Tx, drafts: Sequence[NoticeDraft], due: DueDates, *, at: datetime, day: object
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


def _totals(row: sa.Row[Any]) -> Totals:
    return Totals(row.settlement_count, Money(row.total_fen), Money(row.fund_fen))


def _clearing(row: sa.Row[Any]) -> Clearing:
    return Clearing(
        id=row.id,
        number=row.number,
        scheme=Scheme(row.scheme),
        period=row.period,
        state=ClearingState(row.state),
        generated_at=row.generated_at,
        noticed_at=row.noticed_at,
        claims=row.claims,
        totals=_totals(row),
        policy_version=row.policy_version,
    )


def _claim(row: sa.Row[Any]) -> Claim:
    return Claim(
        id=row.id,
        insured_place=row.insured_place,
        treatment_place=row.treatment_place,
        totals=_totals(row),
        root=row.root,
    )


def _item(row: sa.Row[Any]) -> Item:
    return Item(
        number=row.number,
        insured_place=row.insured_place,
        treatment_place=row.treatment_place,
        kind=row.kind,
        business_day=row.business_day,
        month=row.month,
        total=Money(row.total_fen),
        fund=Money(row.fund_fen),
    )


def _notice(row: sa.Row[Any]) -> Notice:
    return Notice(
        id=row.id,
        number=row.number,
        counterpart=row.counterpart,
        clearing=row.clearing,
        kind=NoticeKind(row.kind),
        party_place=row.party_place,
        counter_place=row.counter_place,
        totals=_totals(row),
        root=row.root,
        issued_at=row.issued_at,
        due=DueDates(to_finance_by=row.to_finance_by, pay_by=row.pay_by, announced=row.announced),
    )
