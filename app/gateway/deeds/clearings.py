"""3260: the settlements of a clearing, in pages of 100."""

from __future__ import annotations

from app.clearing import service as clearings
from app.clearing.model import Clearing, Item, ItemKind
from app.clearing.service import lookups
from app.gateway.deeds.call import Call
from app.gateway.errors import RowsBeyond
from app.gateway.inputs import Row
from app.gateway.outputs import Facts, Told
from app.kernel.regions import Scheme
from app.runtime.auth import Scope
from app.runtime.db import Conn
from app.runtime.paging import PageAsked
from app.runtime.work import Reading

ROWS_MAX = 100
ROW_MAX = 10_000


async def extract(reading: Reading, call: Call) -> Told:
    """3260 提取异地清分明细."""
    row = call.row()
    clearing = await clearing_of(reading.rx, reading.caller.scope, row)
    first = row.count("startrow") or 1
    if first > ROW_MAX:
        raise RowsBeyond(row_max=ROW_MAX)
    cursor = row.text_or("start_setl_sn")
    skipped = 0 if cursor else max(first - 1, 0)
    page = PageAsked(cursor or "", skipped + ROWS_MAX)
    found = await clearings.items(
        reading, clearing.number, page, insured_place=None, treatment_place=None
    )
    totals = {
        "clearing": clearing.number,
        "period": clearing.period,
        "rows": clearing.totals.settlements,
        "total": clearing.totals.total,
        "fund": clearing.totals.fund,
    }
    shown = [
        _item(it, None if cursor else str(at))
        for at, it in enumerate(found.rows, 1)
        if at > skipped
    ]
    return {"totals": [totals], "data": shown}


async def clearing_of(conn: Conn, scope: Scope, row: Row) -> Clearing:
    """Find the clearing that covers the month a message names."""
    year, month = int(row.number("trt_year")), int(row.number("trt_month"))
    scheme = row.text_or("scheme") or Scheme.CROSS_PROVINCE
    return await lookups.of_month(conn, scope, scheme, year, month)


def _item(it: Item, row: str | None) -> Facts:
    return {
        "row": row,
        "settlement": it.number,
        "treatment_place": it.treatment_place,
        "insured_place": it.insured_place,
        "institution": it.institution,
        "visit": it.visit,
        "business_day": it.business_day,
        "cancellation": "1" if it.kind is ItemKind.CANCELLATION else "0",
        "kind": it.kind.value,
        "deducts": it.deducts,
        "total": it.total,
        "fund": it.fund,
    }
