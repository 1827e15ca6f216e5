"""Every SQL statement and row about the decided lines of a bill."""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from app.catalogues.tables import catalogue_version
from app.kernel.money import Money
from app.runtime.db import Conn
from app.settlement.model import (
    Bill,
    Charge,
    LineResult,
    Listing,
    Reason,
)
from app.settlement.tables import (
    settlement_line,
)
from app.visit.model import FeeCategory

_LINES = (
    sa.select(settlement_line, catalogue_version.c.place, catalogue_version.c.label)
    .outerjoin(catalogue_version, catalogue_version.c.id == settlement_line.c.catalogue_version)
    .where(settlement_line.c.settlement_id == sa.bindparam("settlement_id", type_=sa.BigInteger))
    .order_by(settlement_line.c.position)
)
LINE: dict[str, sa.types.TypeEngine[Any]] = {
    "serial": sa.Text(),
    "position": sa.Integer(),
    "refund_of": sa.Text(),
    "category": sa.Text(),
    "item_code": sa.Text(),
    "item_name": sa.Text(),
    "quantity": sa.Numeric(),
    "unit_price": sa.Numeric(),
    "amount_fen": sa.BigInteger(),
    "service_day": sa.Date(),
    "injury_related": sa.Boolean(),
    "restricted_approved": sa.Boolean(),
    "catalogue_version": sa.BigInteger(),
    "listed": sa.Boolean(),
    "cap_fen": sa.BigInteger(),
    "item_restricted": sa.Boolean(),
    "minimum_life_months": sa.Integer(),
    "fitted_before": sa.Date(),
    "fund_fen": sa.BigInteger(),
    "own_fen": sa.BigInteger(),
    "reason": sa.Text(),
    "clause": sa.Text(),
}


async def bill_of(conn: Conn, settlement_id: int) -> Bill:
    """Read the decisions on the lines of a settlement, in order."""
    found = await conn.execute(_LINES, {"settlement_id": settlement_id})
    return Bill(tuple(_result(row) for row in found))


def line_row(it: LineResult) -> dict[str, object]:
    """Write a decided line as a row."""
    charge, listing = it.charge, it.charge.listing
    return {
        "serial": charge.serial,
        "position": charge.position,
        "refund_of": charge.refund_of,
        "category": charge.category,
        "item_code": charge.item_code,
        "item_name": charge.item_name,
        "quantity": charge.quantity,
        "unit_price": charge.unit_price,
        "amount_fen": charge.amount.fen,
        "service_day": charge.day,
        "injury_related": charge.injury_related,
        "restricted_approved": charge.restricted_approved,
        "catalogue_version": None if listing is None else listing.version,
        "listed": listing is not None and listing.listed,
        "cap_fen": None if listing is None or listing.cap is None else listing.cap.fen,
        "item_restricted": listing is not None and listing.restricted,
        "minimum_life_months": None if listing is None else listing.minimum_life_months,
        "fitted_before": charge.fitted_before,
        "fund_fen": it.fund.fen,
        "own_fen": it.own.fen,
        "reason": it.reason,
        "clause": it.clause,
    }


def _result(row: sa.Row[Any]) -> LineResult:
    listing: Listing | None = None
    if row.catalogue_version is not None:
        listing = Listing(
            place=row.place,
            version=row.catalogue_version,
            label=row.label,
            listed=row.listed,
            cap=None if row.cap_fen is None else Money(row.cap_fen),
            restricted=row.item_restricted,
            minimum_life_months=row.minimum_life_months,
        )
    charge = Charge(
        serial=row.serial,
        position=row.position,
        refund_of=row.refund_of,
        category=FeeCategory(row.category),
        item_code=row.item_code,
        item_name=row.item_name,
        quantity=row.quantity,
        unit_price=row.unit_price,
        amount=Money(row.amount_fen),
        day=row.service_day,
        injury_related=row.injury_related,
        restricted_approved=row.restricted_approved,
        listing=listing,
        fitted_before=row.fitted_before,
    )
    return LineResult(
        charge=charge,
        fund=Money(row.fund_fen),
        own=Money(row.own_fen),
        reason=None if row.reason is None else Reason(row.reason),
        clause=row.clause,
    )
