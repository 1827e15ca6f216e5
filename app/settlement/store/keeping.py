"""Every SQL statement that keeps a settlement or its twin. A bill of any length is one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.runtime.db import Tx
from app.runtime.numbers import next_number
from app.settlement.model import (
    Bill,
    Settlement,
)
from app.settlement.store.lines import LINE, line_row
from app.settlement.tables import (
    settlement,
    settlement_line,
    settlement_serial,
)

_LATER = frozenset({"id", "number", "cancelled_by", "deducted_fen"})
_TURNED = frozenset({"quantity", "amount_fen", "fund_fen", "own_fen"})
_MADE = (
    sa.insert(settlement)
    .values(
        number=next_number("A", settlement_serial),
        **{
            column.name: sa.bindparam(f"s_{column.name}", type_=column.type)
            for column in settlement.columns
            if column.name not in _LATER
        },
    )
    .returning(settlement.c.id, settlement.c.number)
    .cte("made")
)
_SAID = (
    sa.func.unnest(*(sa.bindparam(f"l_{name}", type_=ARRAY(kind)) for name, kind in LINE.items()))
    .table_valued(*(sa.column(name, kind) for name, kind in LINE.items()))
    .render_derived(name="said")
)
_KEPT_LINES = (
    sa.insert(settlement_line)
    .from_select(
        ["settlement_id", *LINE],
        sa.select(_MADE.c.id, *(_SAID.c[name] for name in LINE)).select_from(
            _MADE.join(_SAID, sa.true())
        ),
    )
    .cte("kept")
)
_KEEP = sa.select(_MADE.c.id, _MADE.c.number).add_cte(_KEPT_LINES)
_ORIGINAL = sa.bindparam("original_id", type_=sa.BigInteger)
_TURNED_LINES = (
    sa.insert(settlement_line)
    .from_select(
        ["settlement_id", *LINE],
        sa.select(
            _MADE.c.id,
            *(
                -settlement_line.c[name] if name in _TURNED else settlement_line.c[name]
                for name in LINE
            ),
        )
        .select_from(_MADE.join(settlement_line, sa.true()))
        .where(settlement_line.c.settlement_id == _ORIGINAL),
    )
    .cte("kept")
)
_MARKED = (
    sa.update(settlement)
    .where(settlement.c.id == _ORIGINAL, settlement.c.cancelled_by.is_(None))
    .values(cancelled_by=sa.select(_MADE.c.id).scalar_subquery())
    .returning(settlement.c.id)
    .cte("marked")
)
_CANCEL = (
    sa.select(_MADE.c.id, _MADE.c.number, _MARKED.c.id.label("original"))
    .select_from(_MADE.join(_MARKED, sa.true()))
    .add_cte(_TURNED_LINES)
)


async def keep(tx: Tx, it: Settlement, bill: Bill, message: str) -> Settlement:
    """Keep a settlement and the decisions on its lines, and give it its number.

    `message` is the sender's id of the message that booked it.
    """
    values: list[Mapping[str, object]] = [line_row(line) for line in bill.lines]
    lines = {f"l_{name}": [each[name] for each in values] for name in LINE}
    made = (await tx.execute(_KEEP, {**_row(it, message), **lines})).one()
    return replace(it, id=made.id, number=made.number)


async def keep_cancellation(tx: Tx, it: Settlement, original_id: int, message: str) -> Settlement:
    """Keep the negative twin of a settlement and mark the original as cancelled by it."""
    made = (await tx.execute(_CANCEL, {**_row(it, message), "original_id": original_id})).one()
    return replace(it, id=made.id, number=made.number)


def _row(it: Settlement, message: str) -> dict[str, object]:
    at = it.circumstances
    return {
        "s_visit_id": it.visit_id,
        "s_kind": it.kind,
        "s_cancels": it.cancels_id,
        "s_settled_at": it.settled_at,
        "s_business_day": it.business_day,
        "s_month": str(it.month),
        "s_institution": it.institution,
        "s_worker_id": it.worker_id,
        "s_filing_id": it.filing_id,
        "s_insured_region": at.insured_region,
        "s_treatment_region": at.treatment_region,
        "s_insured_place": it.insured_place,
        "s_treatment_place": it.treatment_place,
        "s_scheme": at.scheme,
        "s_cost_kind": at.cost_kind,
        "s_entitlement_lost_on": at.entitlement_lost_on,
        "s_confirmed_on": at.confirmed_on,
        "s_line_count": it.line_count,
        "s_total_fen": it.total.fen,
        "s_fund_fen": it.fund.fen,
        "s_own_fen": it.own.fen,
        "s_policy_version": it.policy_version,
        "s_message_key": message,
        "s_invoice_no": it.invoice_no,
        "s_adjustment": it.adjustment,
        "s_reason": it.reason,
        "s_conceded_fen": it.conceded.fen,
        "s_conceded_before_fen": it.conceded_before.fen,
        "number_region": at.treatment_region,
        "number_day": it.business_day,
    }
