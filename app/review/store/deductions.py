"""Every SQL statement that reads deductions."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel.calendar import Month
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.review.model import DeductionDecision, DeductionReason, DeductionState
from app.review.model.deducting import Deduction, DeductionsAsked
from app.review.tables import deduction
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.lists import Listing, id_of
from app.runtime.paging import PageAsked
from app.settlement.tables import settlement

_WHOLES = ARRAY(sa.BigInteger)
_SEEN = visible(
    regions=(deduction.c.insured_region, deduction.c.treatment_region),
    institution=deduction.c.institution,
)
_of, _twin = deduction.alias("of"), deduction.alias("twin")
_ALL = (
    sa.select(
        deduction,
        settlement.c.month.label("settlement_month"),
        _of.c.number.label("cancels_number"),
        _twin.c.number.label("cancelled_by_number"),
    )
    .join(settlement, settlement.c.id == deduction.c.settlement_id)
    .outerjoin(_of, _of.c.id == deduction.c.cancels)
    .outerjoin(_twin, _twin.c.cancels == deduction.c.id)
)
_ONE = _ALL.where(deduction.c.number == sa.bindparam("number", type_=sa.Text), _SEEN)
_BY_IDS = _ALL.where(deduction.c.id == sa.func.any(sa.bindparam("ids", type_=_WHOLES))).order_by(
    deduction.c.id
)
_LOCK = (
    sa.select(deduction.c.id)
    .where(deduction.c.number == sa.bindparam("number", type_=sa.Text), _SEEN)
    .with_for_update()
)
_LISTING = Listing(
    rows=_ALL,
    of=deduction,
    regions=("insured_region", "treatment_region"),
    institution="institution",
    filters={
        "settlement": deduction.c.settlement_id == id_of(settlement, "settlement"),
        "institution": deduction.c.institution == sa.bindparam("institution", type_=sa.CHAR(12)),
        "state": deduction.c.state == sa.bindparam("state", type_=sa.Text),
        "month": deduction.c.month == sa.bindparam("month", type_=sa.CHAR(7)),
    },
)


async def find(conn: Conn, scope: Scope, number: str) -> Deduction | None:
    """Read a deduction the caller may see."""
    row = (await conn.execute(_ONE, {"number": number} | scope.binds())).one_or_none()
    return None if row is None else _deduction(row)


async def locked(tx: Tx, scope: Scope, number: str) -> Deduction | None:
    """Hold a deduction the caller may see against other writers, and read it."""
    row = {"number": number} | scope.binds()
    if (await tx.execute(_LOCK, row)).one_or_none() is None:
        return None
    return await find(tx, scope, number)


async def page(
    conn: Conn, scope: Scope, asked: DeductionsAsked, wanted: PageAsked
) -> list[Deduction]:
    """Read a page of the deductions the caller may see, and one more."""
    filters = {
        "settlement": asked.settlement,
        "institution": asked.institution,
        "state": asked.state,
        "month": None if asked.month is None else str(asked.month),
    }
    return [_deduction(each) for each in await _LISTING.read(conn, scope, wanted, filters)]


async def by_ids(tx: Tx, ids: Sequence[int]) -> list[Deduction]:
    """Read deductions, in order of their ids."""
    return [_deduction(each) for each in await tx.execute(_BY_IDS, {"ids": list(ids)})]


def _deduction(row: sa.Row[Any]) -> Deduction:
    return Deduction(
        id=row.id,
        number=row.number,
        settlement=row.settlement,
        settlement_month=Month.parse(row.settlement_month),
        serial=row.serial,
        institution=row.institution,
        insured_region=row.insured_region,
        treatment_region=row.treatment_region,
        insured_place=row.insured_place,
        treatment_place=row.treatment_place,
        scheme=Scheme(row.scheme),
        reason=DeductionReason(row.reason),
        note=row.note,
        proposed=Money(row.proposed_fen),
        amount=Money(row.amount_fen),
        state=DeductionState(row.state),
        proposed_at=row.proposed_at,
        appeal_by=row.appeal_by,
        appealed_at=row.appealed_at,
        appeal_note=row.appeal_note,
        decided_at=row.decided_at,
        decision=None if row.decision is None else DeductionDecision(row.decision),
        decision_note=row.decision_note,
        final_at=row.final_at,
        month=None if row.month is None else Month.parse(row.month),
        cancels=row.cancels_number,
        cancelled_by=row.cancelled_by_number,
    )
