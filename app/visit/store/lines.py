"""Every SQL statement about fee lines. A call of any length is one statement."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel.money import Money
from app.runtime.db import Conn, Tx
from app.visit.model import FeeCategory, FeeLine, Totals
from app.visit.tables import fee_line

_SAID: dict[str, sa.types.TypeEngine[Any]] = {
    "serial": sa.Text(),
    "refund_of": sa.Text(),
    "category": sa.Text(),
    "item_code": sa.Text(),
    "item_name": sa.Text(),
    "institution_item_code": sa.Text(),
    "specification": sa.Text(),
    "unit": sa.Text(),
    "quantity": sa.Numeric(),
    "unit_price": sa.Numeric(),
    "amount_fen": sa.BigInteger(),
    "occurred_at": sa.DateTime(timezone=True),
    "injury_related": sa.Boolean(),
    "restricted_approved": sa.Boolean(),
    "department": sa.Text(),
    "physician": sa.Text(),
}
_NAMES = ", ".join(_SAID)
_SAID_NAMES = ", ".join(f"said.{name}" for name in _SAID)
_ARRAYS = ", ".join(f":{name}" for name in _SAID)
_KEPT = f"visit_id, position, uploaded_at, {_NAMES}"
_VISIT_ID = sa.bindparam("visit_id", type_=sa.BigInteger)
_SERIALS = sa.bindparam("serials", type_=ARRAY(sa.Text))

_THEIRS = sa.select(fee_line).where(fee_line.c.visit_id == _VISIT_ID)
_OF_VISIT = _THEIRS.order_by(fee_line.c.position)
# Two look-ups, each in its own index: one condition for both would read all of a long bill.
_CONCERNED = sa.union_all(
    _THEIRS.where(fee_line.c.serial == sa.any_(_SERIALS)),
    _THEIRS.where(
        fee_line.c.refund_of == sa.any_(_SERIALS), fee_line.c.serial != sa.all_(_SERIALS)
    ),
).order_by("position")
_LAST_CHARGE = sa.select(sa.func.max(fee_line.c.occurred_at)).where(
    fee_line.c.visit_id == _VISIT_ID
)
_ADD = sa.text(
    f"""
    WITH added AS (
        INSERT INTO fee_line ({_KEPT})
        SELECT :visit_id, said.n + (
                   SELECT coalesce(max(position), 0) FROM fee_line WHERE visit_id = :visit_id
               ), :now, {_SAID_NAMES}
          FROM unnest({_ARRAYS})
               WITH ORDINALITY AS said({_NAMES}, n)
        RETURNING amount_fen
    )
    UPDATE visit
       SET line_count = line_count + (SELECT count(*) FROM added),
           total_fen = total_fen + (SELECT coalesce(sum(amount_fen), 0)::bigint FROM added),
           revision = revision + 1
     WHERE id = :visit_id
    RETURNING line_count, total_fen
    """  # noqa: S608 -- column names of our own
).bindparams(
    _VISIT_ID,
    sa.bindparam("now", type_=sa.DateTime(timezone=True)),
    *(sa.bindparam(name, type_=ARRAY(kind)) for name, kind in _SAID.items()),
)
_REMOVE = sa.text(
    f"""
    WITH gone AS (
        DELETE FROM fee_line
         WHERE visit_id = :visit_id AND (:serial IS NULL OR serial = :serial)
        RETURNING {_KEPT}
    ), kept AS (
        INSERT INTO fee_line_removed ({_KEPT}, removed_at, removed_by)
        SELECT {_KEPT}, :now, :by FROM gone
    )
    UPDATE visit
       SET line_count = line_count - (SELECT count(*) FROM gone),
           total_fen = total_fen - (SELECT coalesce(sum(amount_fen), 0)::bigint FROM gone),
           revision = revision + 1
     WHERE id = :visit_id
    RETURNING line_count, total_fen
    """  # noqa: S608 -- column names of our own
).bindparams(
    _VISIT_ID,
    sa.bindparam("serial", type_=sa.Text),
    sa.bindparam("now", type_=sa.DateTime(timezone=True)),
    sa.bindparam("by", type_=sa.Text),
)


async def of_visit(conn: Conn, visit_id: int) -> list[FeeLine]:
    """Read every line of a visit in the order of upload."""
    return [_line(row) for row in await conn.execute(_OF_VISIT, {"visit_id": visit_id})]


async def concerned(conn: Conn, visit_id: int, serials: Sequence[str]) -> list[FeeLine]:
    """Read the lines of these serials and every refund of them."""
    found = await conn.execute(_CONCERNED, {"visit_id": visit_id, "serials": list(serials)})
    return [_line(row) for row in found]


async def last_charge(conn: Conn, visit_id: int) -> datetime | None:
    """Read when something was last charged."""
    when: datetime | None = (await conn.execute(_LAST_CHARGE, {"visit_id": visit_id})).scalar_one()
    return when


async def add(tx: Tx, visit_id: int, lines: Sequence[FeeLine], now: datetime) -> Totals:
    """Keep new lines and count them into the visit."""
    row: dict[str, object] = {
        name: [getattr(line, name) for line in lines] for name in _SAID if name != "amount_fen"
    }
    row |= {
        "visit_id": visit_id,
        "now": now,
        "amount_fen": [line.amount.fen for line in lines],
    }
    return _totals((await tx.execute(_ADD, row)).one())


async def remove(tx: Tx, visit_id: int, serial: str | None, *, now: datetime, by: str) -> Totals:
    """Move one line, or all, to those removed, and count them out of the visit."""
    row = {"visit_id": visit_id, "serial": serial, "now": now, "by": by}
    return _totals((await tx.execute(_REMOVE, row)).one())


def _totals(row: sa.Row[Any]) -> Totals:
    return Totals(row.line_count, Money(row.total_fen))


def _line(row: sa.Row[Any]) -> FeeLine:
    return FeeLine(
        serial=row.serial,
        refund_of=row.refund_of,
        category=FeeCategory(row.category),
        item_code=row.item_code,
        item_name=row.item_name,
        institution_item_code=row.institution_item_code,
        specification=row.specification,
        unit=row.unit,
        quantity=row.quantity,
        unit_price=row.unit_price,
        amount=Money(row.amount_fen),
        occurred_at=row.occurred_at,
        injury_related=row.injury_related,
        restricted_approved=row.restricted_approved,
        department=row.department,
        physician=row.physician,
    )
