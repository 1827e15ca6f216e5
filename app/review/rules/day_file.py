"""The text of a day file: UTF-8 lines of seven columns parted by TAB, no header, `null` if empty.

Columns: settlement, visit, worker, total, fund share, paid from the personal account (work injury
has none), refund flag (1 on a cancellation, whose amounts are negative).
"""

from __future__ import annotations

import re
from collections.abc import Iterable

from app.kernel.basis import basis
from app.kernel.money import ZERO, Money
from app.review.errors import DayFileUnreadable
from app.review.model import ROWS_MAX, DayRow, SenderRow
from app.settlement.model import SettlementKind

COLUMNS = 7
AMOUNT = re.compile(r"-?[0-9]{1,13}(\.[0-9]{1,2})?")
NUMBER = re.compile(r"[!-~]{1,30}")
FAULTS_MAX = 100


@basis("hub-default/reconciliation")
def day_text(rows: Iterable[DayRow]) -> str:
    """Write a day as hospitals read it; a cancelled settlement and its twin are two lines."""
    return "".join("\t".join(_cells(row)) + "\n" for row in rows)


@basis("hub-default/reconciliation")
def read_day_text(text: str) -> tuple[SenderRow, ...]:
    """Read a sender's day from the same columns; further columns are its own affair."""
    rows: list[SenderRow] = []
    faults: list[dict[str, object]] = []
    for line, content in enumerate(text.removeprefix("\ufeff").splitlines(), start=1):
        if not content.strip():
            continue
        cells = [cell.strip() for cell in content.split("\t")]
        fault = _fault(cells)
        if fault is not None:
            faults.append({"line": line, "detail": fault})
        else:
            rows.append(SenderRow(cells[0], Money.yuan(cells[3]), Money.yuan(cells[4])))
    if len(rows) > ROWS_MAX:
        faults.append({"line": ROWS_MAX + 1, "detail": f"more than {ROWS_MAX} rows 行数超出上限"})
    if faults:
        raise DayFileUnreadable(errors=faults[:FAULTS_MAX])
    return tuple(rows)


def _cells(row: DayRow) -> tuple[str, ...]:
    refund = "1" if row.kind is SettlementKind.CANCELLATION else "0"
    amounts = (str(row.total), str(row.fund), str(ZERO))
    return (row.settlement, row.visit, row.worker, *amounts, refund)


def _fault(cells: list[str]) -> str | None:
    if len(cells) < COLUMNS:
        return f"{len(cells)} columns, {COLUMNS} are needed 列数不足"
    if not NUMBER.fullmatch(cells[0]) or cells[0] == "null":
        return "column 1 is no settlement number 第 1 列不是结算编号"
    wrong = [str(n) for n in (4, 5) if not AMOUNT.fullmatch(cells[n - 1])]
    return f"no amount in column {', '.join(wrong)} 金额格式错误" if wrong else None
