"""Every SQL statement that makes or moves deductions; any number of them is one statement."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import date
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel.calendar import Month
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.review.model import DeductionState
from app.review.model.deducting import Decided, Deductible, Deduction, DeductionAsked, Proposal
from app.review.store.deductions import by_ids
from app.review.store.stamp import Stamp
from app.review.tables import deduction
from app.runtime.auth import Scope, visible
from app.runtime.db import Tx
from app.settlement.model import SettlementKind
from app.settlement.tables import settlement, settlement_line

_TEXTS, _WHOLES = ARRAY(sa.Text), ARRAY(sa.BigInteger)
_NUMBERS = sa.bindparam("numbers", type_=_TEXTS)
_OWN = visible(regions=(settlement.c.treatment_region,))
# Held first and looked at after: what rivals took off meanwhile is then seen.
_HOLD = (
    sa.select(settlement.c.id)
    .where(settlement.c.number == sa.func.any(_NUMBERS), _OWN)
    .order_by(settlement.c.id)
    .with_for_update()
)
_wanted = (
    sa.func.unnest(sa.bindparam("settlements", type_=_TEXTS), sa.bindparam("serials", type_=_TEXTS))
    .table_valued(sa.column("number", sa.Text), sa.column("serial", sa.Text))
    .render_derived(name="wanted")
)
_line = (
    sa.select(
        sa.func.bool_or(settlement_line.c.serial == _wanted.c.serial).label("is_line"),
        sa.func.coalesce(sa.func.sum(settlement_line.c.fund_fen), 0).label("line_fund_fen"),
    )
    .where(
        settlement_line.c.settlement_id == settlement.c.id,
        (settlement_line.c.serial == _wanted.c.serial)
        | (settlement_line.c.refund_of == _wanted.c.serial),
    )
    .lateral("line")
)
_before = (
    sa.select(sa.func.coalesce(sa.func.sum(deduction.c.amount_fen), 0).label("line_deducted_fen"))
    .where(
        deduction.c.settlement_id == settlement.c.id,
        deduction.c.serial == _wanted.c.serial,
        deduction.c.state != DeductionState.WITHDRAWN.value,
    )
    .lateral("before")
)
_DEDUCTIBLE = sa.select(settlement, _wanted.c.serial, _line, _before).select_from(
    _wanted.join(settlement, (settlement.c.number == _wanted.c.number) & _OWN)
    .join(_line, sa.true())
    .join(_before, sa.true())
)
_PROPOSE = sa.text(
    """
    INSERT INTO deduction (number, settlement_id, settlement, serial, institution, insured_region,
        treatment_region, insured_place, treatment_place, scheme, reason, note, proposed_fen,
        amount_fen, state, proposed_at, proposed_by, appeal_by, policy_version)
    SELECT 'K' || s.treatment_region || to_char(:today, 'YYMMDD')
               || lpad(nextval('deduction_serial')::text, 7, '0'),
           s.id, s.number, t.serial, s.institution, s.insured_region, s.treatment_region,
           s.insured_place, s.treatment_place, s.scheme, t.reason, t.note, t.amount, t.amount,
           'proposed', :at, :client, t.appeal_by, :policy_version
      FROM unnest(:settlement_ids, :serials, :reasons, :notes, :amounts, :days)
           WITH ORDINALITY AS t(settlement_id, serial, reason, note, amount, appeal_by, n)
      JOIN settlement s ON s.id = t.settlement_id
     ORDER BY t.n
    RETURNING id
    """
).bindparams(
    sa.bindparam("today", type_=sa.Date),
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    sa.bindparam("client", type_=sa.Text),
    sa.bindparam("policy_version", type_=sa.Text),
    sa.bindparam("settlement_ids", type_=_WHOLES),
    *(sa.bindparam(name, type_=_TEXTS) for name in ("serials", "reasons", "notes")),
    sa.bindparam("amounts", type_=_WHOLES),
    sa.bindparam("days", type_=ARRAY(sa.Date)),
)
_RETURN = sa.text(
    """
    INSERT INTO deduction (number, settlement_id, settlement, serial, institution, insured_region,
        treatment_region, insured_place, treatment_place, scheme, reason, note, proposed_fen,
        amount_fen, state, proposed_at, proposed_by, appeal_by, final_at, month, cancels,
        policy_version)
    SELECT 'K' || treatment_region || to_char(:today, 'YYMMDD')
               || lpad(nextval('deduction_serial')::text, 7, '0'),
           settlement_id, settlement, serial, institution, insured_region, treatment_region,
           insured_place, treatment_place, scheme, reason, :note, -amount_fen, -amount_fen,
           'final', :at, :client, :today, :at, :month, id, :policy_version
      FROM deduction WHERE id = :of
    RETURNING id
    """
).bindparams(
    sa.bindparam("today", type_=sa.Date),
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    *(sa.bindparam(n, type_=sa.Text) for n in ("note", "client", "month", "policy_version")),
    sa.bindparam("of", type_=sa.BigInteger),
)
_APPEAL = (
    sa.update(deduction)
    .where(
        deduction.c.id == sa.bindparam("of", type_=sa.BigInteger),
        deduction.c.state == sa.bindparam("was", type_=sa.Text),
    )
    .values(
        state=sa.bindparam("then", type_=sa.Text),
        appealed_at=sa.bindparam("at", type_=sa.DateTime(timezone=True)),
        appealed_by=sa.bindparam("client", type_=sa.Text),
        appeal_note=sa.bindparam("said", type_=sa.Text),
    )
)
_DECIDE = sa.text(
    """
    UPDATE deduction
       SET state = t.state, amount_fen = t.amount, decision = t.decision, decided_at = :at,
           decided_by = :client, decision_note = :note, month = t.month,
           final_at = CASE WHEN t.month IS NOT NULL THEN cast(:at AS timestamptz) END
      FROM unnest(:ids, :was, :states, :amounts, :decisions, :months)
           AS t(id, was, state, amount, decision, month)
     WHERE deduction.id = t.id AND deduction.state = t.was
    """
).bindparams(
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
    sa.bindparam("client", type_=sa.Text),
    sa.bindparam("note", type_=sa.Text),
    sa.bindparam("ids", type_=_WHOLES),
    *(sa.bindparam(name, type_=_TEXTS) for name in ("was", "states", "decisions", "months")),
    sa.bindparam("amounts", type_=_WHOLES),
)
# Two at once share the work; what is being appealed against this moment waits for the next time.
_UNAPPEALED = (
    sa.select(deduction.c.id)
    .where(
        deduction.c.state == sa.literal_column("'proposed'"),
        deduction.c.appeal_by < sa.bindparam("today", type_=sa.Date),
    )
    .order_by(deduction.c.id)
    .limit(sa.bindparam("rows", type_=sa.BigInteger))
    .with_for_update(skip_locked=True)
)


async def held(
    tx: Tx, scope: Scope, asked: Sequence[DeductionAsked]
) -> Mapping[tuple[str, str | None], Deductible]:
    """Hold settlements of the caller's place, and read what may be taken off them."""
    numbers = sorted({it.settlement for it in asked})
    await tx.execute(_HOLD, {"numbers": numbers} | scope.binds())
    keys = sorted({(it.settlement, it.serial) for it in asked}, key=str)
    row = {"settlements": [key[0] for key in keys], "serials": [key[1] for key in keys]}
    found = await tx.execute(_DEDUCTIBLE, row | scope.binds())
    return {(each.number, each.serial): _deductible(each) for each in found}


async def propose(tx: Tx, made: Sequence[Proposal], by: Stamp) -> Sequence[Deduction]:
    """Keep deductions and give them their numbers."""
    row = {
        "settlement_ids": [it.of.settlement_id for it in made],
        "serials": [it.asked.serial for it in made],
        "reasons": [it.asked.reason.value for it in made],
        "notes": [it.asked.note for it in made],
        "amounts": [it.asked.amount.fen for it in made],
        "days": [it.appeal_by for it in made],
        "today": by.today,
        "at": by.at,
        "client": by.client,
        "policy_version": by.policy_version,
    }
    kept = (await tx.execute(_PROPOSE, row)).scalars().all()
    return await by_ids(tx, kept)


async def give_back(tx: Tx, it: Deduction, month: Month, note: str, by: Stamp) -> Deduction:
    """Keep the negative twin of a deduction."""
    row = {
        "of": it.id,
        "month": str(month),
        "note": note,
        "client": by.client,
        "at": by.at,
        "today": by.today,
        "policy_version": by.policy_version,
    }
    kept = (await tx.execute(_RETURN, row)).scalar_one()
    return (await by_ids(tx, [kept]))[0]


async def appeal(tx: Tx, it: Deduction, then: DeductionState, note: str, by: Stamp) -> None:
    """Note an appeal."""
    row = {
        "of": it.id,
        "was": it.state.value,
        "then": then.value,
        "at": by.at,
        "client": by.client,
        "said": note,
    }
    moved = await tx.execute(_APPEAL, row)
    assert moved.rowcount == 1, "it is held"


async def decide(
    tx: Tx,
    decided: Sequence[tuple[Deduction, Decided, Month | None]],
    note: str | None,
    by: Stamp,
) -> Sequence[Deduction]:
    """Write how deductions ended, final ones with the month they fall into."""
    ids = [it.id for it, _, _ in decided]
    row = {
        "ids": ids,
        "was": [it.state.value for it, _, _ in decided],
        "states": [said.state.value for _, said, _ in decided],
        "amounts": [said.amount.fen for _, said, _ in decided],
        "decisions": [said.decision.value for _, said, _ in decided],
        "months": [None if month is None else str(month) for _, _, month in decided],
        "at": by.at,
        "client": by.client,
        "note": note,
    }
    moved = await tx.execute(_DECIDE, row)
    assert moved.rowcount == len(ids), "they are held"
    return await by_ids(tx, ids)


async def unappealed(tx: Tx, today: date, limit: int) -> Sequence[Deduction]:
    """Hold and read the deductions whose term has ended without an appeal."""
    found = (await tx.execute(_UNAPPEALED, {"today": today, "rows": limit})).scalars().all()
    return await by_ids(tx, found) if found else []


def _deductible(row: sa.Row[Any]) -> Deductible:
    return Deductible(
        settlement_id=row.id,
        settlement=row.number,
        serial=row.serial,
        is_line=bool(row.is_line),
        stands=row.kind == SettlementKind.SETTLEMENT.value and row.cancelled_by is None,
        month=Month.parse(row.month),
        institution=row.institution,
        insured_region=row.insured_region,
        treatment_region=row.treatment_region,
        insured_place=row.insured_place,
        treatment_place=row.treatment_place,
        scheme=Scheme(row.scheme),
        fund=Money(row.fund_fen - row.conceded_fen),
        deducted=Money(row.deducted_fen),
        line_fund=Money(int(row.line_fund_fen)),
        line_deducted=Money(int(row.line_deducted_fen)),
    )
