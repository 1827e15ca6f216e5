"""Every SQL statement that reads settlements."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from app.entitlement.tables import worker
from app.filing.tables import filing
from app.kernel.calendar import Month
from app.kernel.costs import CostKind
from app.kernel.money import Money
from app.kernel.regions import Scheme
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.lists import Listing, id_of
from app.runtime.paging import PageAsked
from app.settlement.model import (
    Circumstances,
    Settlement,
    SettlementKind,
    SettlementsAsked,
)
from app.settlement.tables import cleared_month, settlement
from app.visit.tables import visit

_original, _twin = settlement.alias("original"), settlement.alias("twin")
_SEEN = visible(
    regions=(settlement.c.insured_region, settlement.c.treatment_region),
    institution=settlement.c.institution,
)
_SETTLEMENTS = (
    sa.select(
        settlement,
        visit.c.number.label("visit_number"),
        worker.c.number.label("worker_number"),
        filing.c.number.label("filing_number"),
        _original.c.number.label("cancels_number"),
        _twin.c.number.label("cancelled_by_number"),
        cleared_month.c.clearing,
    )
    .join(visit, visit.c.id == settlement.c.visit_id)
    .join(worker, worker.c.id == settlement.c.worker_id)
    .join(filing, filing.c.id == settlement.c.filing_id)
    .outerjoin(_original, _original.c.id == settlement.c.cancels)
    .outerjoin(_twin, _twin.c.id == settlement.c.cancelled_by)
    .outerjoin(
        cleared_month,
        sa.and_(
            cleared_month.c.scheme == settlement.c.scheme,
            cleared_month.c.month == settlement.c.month,
        ),
    )
)
_BY_NUMBER = _SETTLEMENTS.where(settlement.c.number == sa.bindparam("number", type_=sa.Text), _SEEN)
_LOCKED = _BY_NUMBER.with_for_update(of=settlement)
_LISTING = Listing(
    rows=_SETTLEMENTS,
    of=settlement,
    regions=("insured_region", "treatment_region"),
    institution="institution",
    filters={
        "month": settlement.c.month == sa.bindparam("month", type_=sa.CHAR(7)),
        "institution": settlement.c.institution == sa.bindparam("institution", type_=sa.CHAR(12)),
        "visit": settlement.c.visit_id == id_of(visit, "visit"),
        "kind": settlement.c.kind == sa.bindparam("kind", type_=sa.Text),
    },
)


async def find(conn: Conn, scope: Scope, number: str) -> Settlement | None:
    """Read a settlement the caller may see."""
    row = (await conn.execute(_BY_NUMBER, {"number": number, **scope.binds()})).one_or_none()
    return None if row is None else _settlement(row)


async def locked(tx: Tx, scope: Scope, number: str) -> Settlement | None:
    """Read a settlement and hold it against other writers until the transaction ends."""
    row = (await tx.execute(_LOCKED, {"number": number, **scope.binds()})).one_or_none()
    return None if row is None else _settlement(row)


async def page(
    conn: Conn, scope: Scope, asked: SettlementsAsked, wanted: PageAsked
) -> list[Settlement]:
    """Read a page of the settlements the caller may see, and one more."""
    filters = {
        "month": None if asked.month is None else str(asked.month),
        "institution": asked.institution,
        "visit": asked.visit,
        "kind": asked.kind,
    }
    return [_settlement(each) for each in await _LISTING.read(conn, scope, wanted, filters)]


def _settlement(row: sa.Row[Any]) -> Settlement:
    return Settlement(
        id=row.id,
        number=row.number,
        kind=SettlementKind(row.kind),
        visit_id=row.visit_id,
        visit_number=row.visit_number,
        cancels_id=row.cancels,
        cancels=row.cancels_number,
        cancelled_by=row.cancelled_by_number,
        settled_at=row.settled_at,
        business_day=row.business_day,
        month=Month.parse(row.month),
        institution=row.institution,
        worker_id=row.worker_id,
        worker_number=row.worker_number,
        filing_id=row.filing_id,
        filing_number=row.filing_number,
        circumstances=Circumstances(
            cost_kind=CostKind(row.cost_kind),
            scheme=Scheme(row.scheme),
            insured_region=row.insured_region,
            treatment_region=row.treatment_region,
            entitlement_lost_on=row.entitlement_lost_on,
            confirmed_on=row.confirmed_on,
        ),
        insured_place=row.insured_place,
        treatment_place=row.treatment_place,
        line_count=row.line_count,
        total=Money(row.total_fen),
        fund=Money(row.fund_fen),
        own=Money(row.own_fen),
        policy_version=row.policy_version,
        invoice_no=row.invoice_no,
        adjustment=row.adjustment,
        reason=row.reason,
        conceded=Money(row.conceded_fen),
        conceded_before=Money(row.conceded_before_fen),
        clearing=row.clearing,
        deducted=Money(row.deducted_fen),
    )
