"""Contests: numbered and kept, answered, rolled out of a claim and into the next."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.clearing.model import ContestReason, ContestState
from app.clearing.model.confirming import Answered, Contest, ContestsAsked, Pair, Raised, Standing
from app.clearing.tables import claim, clearing, contest
from app.kernel.calendar import Month, business_day
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.lists import Listing, id_of
from app.runtime.paging import PageAsked
from app.settlement.tables import settlement

_IDS = sa.bindparam("ids", type_=ARRAY(sa.BigInteger))
_AT = sa.bindparam("at", type_=sa.DateTime(timezone=True))
_RAISE = sa.text(
    """
    INSERT INTO contest (number, claim_id, confirmation_id, held_by, settlement, insured_place,
                         treatment_place, fund_fen, reason, proposed_fen, note, raised_at,
                         raised_by, in_time, reply_by, state, rolls, waiting)
    SELECT 'Z' || :insured_place || to_char(CAST(:day AS date), 'YYMMDD')
               || lpad(nextval('contest_serial')::text, 7, '0'),
           :claim_id, :confirmation_id, :claim_id, t.settlement, :insured_place, :treatment_place,
           t.fund, t.reason, t.proposed, t.note, :at, :client, t.in_time, t.reply_by, 'open', 0,
           false
      FROM unnest(:settlements, :funds, :reasons, :proposals, :notes, :in_times, :reply_bys)
           AS t(settlement, fund, reason, proposed, note, in_time, reply_by)
    """
).bindparams(
    _AT,
    sa.bindparam("insured_place", type_=sa.Text),
    sa.bindparam("treatment_place", type_=sa.Text),
    sa.bindparam("client", type_=sa.Text),
    sa.bindparam("day", type_=sa.Date),
    sa.bindparam("claim_id", type_=sa.BigInteger),
    sa.bindparam("confirmation_id", type_=sa.BigInteger),
    sa.bindparam("settlements", type_=ARRAY(sa.Text)),
    sa.bindparam("funds", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("reasons", type_=ARRAY(sa.Text)),
    sa.bindparam("proposals", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("notes", type_=ARRAY(sa.Text)),
    sa.bindparam("in_times", type_=ARRAY(sa.Boolean)),
    sa.bindparam("reply_bys", type_=ARRAY(sa.Date)),
)
_CONTESTED = sa.select(contest.c.settlement).where(
    contest.c.settlement == sa.func.any(sa.bindparam("settlements", type_=ARRAY(sa.Text))),
    contest.c.state != ContestState.WITHDRAWN.value,
)
_CONTESTS: sa.Select[Any] = sa.select(
    contest,
    clearing.c.number.label("clearing"),
    settlement.c.institution,
    settlement.c.business_day,
    settlement.c.cancelled_by.is_not(None).label("is_cancelled"),
    (settlement.c.fund_fen - settlement.c.deducted_fen - settlement.c.conceded_fen).label(
        "left_fen"
    ),
).select_from(
    contest.join(claim, claim.c.id == contest.c.claim_id)
    .join(clearing, clearing.c.id == claim.c.clearing_id)
    .join(settlement, settlement.c.number == contest.c.settlement)
)
_SEEN = visible(regions=(contest.c.insured_place, contest.c.treatment_place))
_NUMBER = sa.bindparam("number", type_=sa.Text)
_ONE = _CONTESTS.where(_SEEN, contest.c.number == _NUMBER)
_LOCK = sa.select(contest.c.id).where(contest.c.number == _NUMBER).with_for_update()
_OF_CLEARING = (
    sa.select(claim.c.id).where(claim.c.clearing_id == id_of(clearing, "clearing")).correlate(None)
)
_LISTING = Listing(
    rows=_CONTESTS,
    of=contest,
    regions=("insured_place", "treatment_place"),
    filters={
        "clearing": contest.c.claim_id.in_(_OF_CLEARING),
        "state": contest.c.state == sa.bindparam("state", type_=sa.Text),
    },
)
_HELD = _CONTESTS.where(contest.c.held_by == sa.func.any(_IDS)).order_by(contest.c.id)
_OF_CONFIRMATION = _CONTESTS.where(
    contest.c.confirmation_id == sa.bindparam("confirmation_id"),
    contest.c.state != ContestState.WITHDRAWN.value,
)
_ANSWER = sa.text(
    """
    UPDATE contest
       SET state = t.state, agreed_fen = t.agreed, reply_note = :note, replied_at = :at,
           replied_by = :client, month = t.month
      FROM unnest(:ids, :states, :amounts, :months) AS t(id, state, agreed, month)
     WHERE contest.id = t.id AND contest.state = 'open'
    """
).bindparams(
    _IDS,
    _AT,
    sa.bindparam("note", type_=sa.Text),
    sa.bindparam("client", type_=sa.Text),
    sa.bindparam("states", type_=ARRAY(sa.Text)),
    sa.bindparam("amounts", type_=ARRAY(sa.BigInteger)),
    sa.bindparam("months", type_=ARRAY(sa.Text)),
)
_WITHDRAW = sa.text(
    "UPDATE contest SET state = 'withdrawn', held_by = NULL "
    "WHERE confirmation_id = :confirmation_id AND state = 'open'"
)
_ROLL = sa.text(
    "UPDATE contest SET held_by = NULL, waiting = true, rolls = rolls + 1 WHERE id = ANY (:ids)"
).bindparams(_IDS)
# Held before they are counted: whoever answers one waits, and what rolls on later is not of them.
_HOLD_WAITING = (
    sa.select(contest.c.id)
    .join(settlement, settlement.c.number == contest.c.settlement)
    .where(contest.c.waiting, settlement.c.scheme == sa.bindparam("scheme", type_=sa.Text))
    .order_by(contest.c.id)
    .with_for_update(of=contest)
)
# Into the claim of the new clearing; what was answered on the way is owed and no longer contested.
_CARRY = sa.text(
    """
    WITH moved AS (
        UPDATE contest c
           SET waiting = false,
               held_by = CASE WHEN c.state = 'open' THEN into_claim.id END
          FROM settlement s, claim into_claim
         WHERE c.id = ANY (:ids) AND s.number = c.settlement
           AND into_claim.clearing_id = :clearing_id
           AND into_claim.insured_place = c.insured_place
           AND into_claim.treatment_place = c.treatment_place
           AND coalesce(c.agreed_fen, c.fund_fen) <> 0
        RETURNING into_claim.id AS claim_id, c.id AS contest_id,
                  coalesce(c.agreed_fen, c.fund_fen) AS fund_fen
    )
    INSERT INTO carried (claim_id, contest_id, fund_fen)
    SELECT claim_id, contest_id, fund_fen FROM moved
    """
).bindparams(_IDS, sa.bindparam("clearing_id", type_=sa.BigInteger))


async def contested(conn: Tx, settlements: Sequence[str]) -> frozenset[str]:
    """Read which of these settlements were contested before."""
    found = await conn.execute(_CONTESTED, {"settlements": list(settlements)})
    return frozenset(found.scalars())


async def keep(
    tx: Tx,
    it: Standing,
    confirmation_id: int,
    raised: Sequence[Raised],
    *,
    at: datetime,
    client: str,
) -> None:
    """Number and keep the contests of a confirmation: one statement."""
    row = {
        "claim_id": it.claim.id,
        "confirmation_id": confirmation_id,
        "insured_place": it.claim.insured_place,
        "treatment_place": it.claim.treatment_place,
        "day": business_day(at),
        "at": at,
        "client": client,
        "settlements": [each.objection.settlement for each in raised],
        "funds": [each.fund.fen for each in raised],
        "reasons": [each.objection.reason.value for each in raised],
        "proposals": [each.objection.proposed.fen for each in raised],
        "notes": [each.objection.note for each in raised],
        "in_times": [each.in_time for each in raised],
        "reply_bys": [each.reply_by for each in raised],
    }
    await tx.execute(_RAISE, row)


async def contests(
    conn: Conn, scope: Scope, page: PageAsked, asked: ContestsAsked
) -> Sequence[Contest]:
    """Read a page of the contests the scope is a side of."""
    filters = {"clearing": asked.clearing, "state": asked.state}
    return [_contest(each) for each in await _LISTING.read(conn, scope, page, filters)]


async def contest_by_number(conn: Conn, scope: Scope, number: str) -> Contest | None:
    """Read one contest the scope is a side of."""
    row = (await conn.execute(_ONE, scope.binds() | {"number": number})).one_or_none()
    return None if row is None else _contest(row)


async def locked(tx: Tx, scope: Scope, number: str) -> Contest | None:
    """Read one contest and hold it against other writers."""
    await tx.execute(_LOCK, {"number": number})
    return await contest_by_number(tx, scope, number)


async def held_by(tx: Tx, claim_ids: Sequence[int]) -> Sequence[Contest]:
    """Read the contests some claims hold; the claims are locked, and so these."""
    return [_contest(row) for row in await tx.execute(_HELD, {"ids": list(claim_ids)})]


async def of_confirmation(tx: Tx, confirmation_id: int) -> Sequence[Contest]:
    """Read the contests raised with a confirmation."""
    found = await tx.execute(_OF_CONFIRMATION, {"confirmation_id": confirmation_id})
    return [_contest(row) for row in found]


async def answer(
    tx: Tx,
    answered: Sequence[tuple[Contest, Answered, Month | None]],
    *,
    note: str | None,
    at: datetime,
    client: str,
) -> None:
    """Keep answers, each with the month that bears what it takes off."""
    row = {
        "ids": [it.id for it, _, _ in answered],
        "states": [said.state.value for _, said, _ in answered],
        "amounts": [said.agreed.fen for _, said, _ in answered],
        "months": [None if month is None else str(month) for _, _, month in answered],
        "note": note,
        "at": at,
        "client": client,
    }
    changed = (await tx.execute(_ANSWER, row)).rowcount
    assert changed == len(answered), "they are locked, and were open"


async def withdraw(tx: Tx, confirmation_id: int) -> None:
    """Take the contests of a confirmation back with it."""
    await tx.execute(_WITHDRAW, {"confirmation_id": confirmation_id})


async def roll(tx: Tx, rolling: Sequence[Contest]) -> None:
    """Take contests out of their claims, to wait for the next clearing."""
    await tx.execute(_ROLL, {"ids": [it.id for it in rolling]})


async def hold_waiting(tx: Tx, scheme: Scheme) -> list[int]:
    """Hold what waits to be counted by the next clearing of a scheme; return the ids."""
    return list((await tx.execute(_HOLD_WAITING, {"scheme": scheme.value})).scalars())


async def carry(tx: Tx, clearing_id: int, waiting: Sequence[int]) -> int:
    """Link what waited to the claims that count it now."""
    row = {"clearing_id": clearing_id, "ids": list(waiting)}
    return (await tx.execute(_CARRY, row)).rowcount


def _contest(row: sa.Row[Any]) -> Contest:
    return Contest(
        id=row.id,
        number=row.number,
        clearing=row.clearing,
        claim_id=row.claim_id,
        held_by=row.held_by,
        pair=Pair(row.insured_place, row.treatment_place),
        settlement=row.settlement,
        institution=row.institution,
        business_day=row.business_day,
        is_cancelled=row.is_cancelled,
        left=Money(row.left_fen),
        fund=Money(row.fund_fen),
        reason=ContestReason(row.reason),
        proposed=Money(row.proposed_fen),
        note=row.note,
        raised_at=row.raised_at,
        in_time=row.in_time,
        reply_by=row.reply_by,
        state=ContestState(row.state),
        agreed=None if row.agreed_fen is None else Money(row.agreed_fen),
        reply_note=row.reply_note,
        replied_at=row.replied_at,
        rolls=row.rolls,
    )
