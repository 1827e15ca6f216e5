"""3201, 3202, 9101 and 9102: a day's totals and rows beside the hub's."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date, timedelta

from app.gateway import store
from app.gateway.deeds.call import Call
from app.gateway.envelope import sender_code
from app.gateway.errors import FileUnknown
from app.gateway.inputs import FieldFault, Row, refuse_faults
from app.gateway.outputs import Facts, Told
from app.gateway.parcels import unpacked
from app.gateway.store import KeptFile
from app.reference.value_sets import value_sets
from app.review import service as review
from app.review.model import (
    DayAsked,
    DayTotals,
    Difference,
    DifferenceKind,
    Reconciliation,
    ReconciliationAsked,
    SenderRow,
)
from app.runtime.work import Reading, Work

KEPT_DAYS = 30
NOTHING = "null"
VISIT, WORKER = 1, 2  # columns of a day file
RESULTS: Mapping[DifferenceKind, str] = {
    DifferenceKind.ONLY_HUB: "hub_has_more",
    DifferenceKind.ONLY_SENDER: "sender_has_more",
    DifferenceKind.DIFFERENT: "amounts_differ",
}


async def totals(work: Work, call: Call) -> Told:
    """3201 医药机构费用结算对总账."""
    made = await review.reconcile(work, _asked(call.row(), None))
    return {"stmtinfo": [_reconciliation(made.reconciliation, work.caller.region)]}


async def rows(work: Work, call: Call) -> Told:
    """3202 医药机构费用结算对明细账."""
    row = call.row()
    sent = await store.file_of(work.tx, work.caller.party, row.text("file_qury_no"), work.now)
    if sent is None:
        raise FileUnknown
    text = unpacked(sent.content)
    said = review.rows_said(text)
    it = (await review.reconcile(work, _asked(row, said))).reconciliation
    day = DayAsked(
        day=it.day, side=it.side, institution=it.institution, with_cancelled=it.with_cancelled
    )
    found = await review.compare_rows(work.tx, work.caller.scope, day, said)
    named = review.packed(f"{it.number}_diff", _text(found, text))
    kept = await _keep(work, named)
    shown = {
        **_reconciliation(it, work.caller.region),
        **_file(kept),
        "differences": len(found),
    }
    return {"fileinfo": [shown]}


async def upload(work: Work, call: Call) -> Told:
    """9101 文件上传; that it is a readable text is seen at once, not at night."""
    row = call.row()
    content = row.content("in")
    review.rows_said(unpacked(content))
    kept = await _keep(work, (row.text("filename"), content))
    return {"fsUploadOut": [{**_file(kept), "party": work.caller.party}]}


async def download(reading: Reading, call: Call) -> bytes:
    """9102 文件下载."""
    number = call.row().text("file_qury_no")
    found = await store.file_of(reading.rx, reading.caller.party, number, reading.now)
    if found is None:
        raise FileUnknown
    return found.content


async def _keep(work: Work, named: tuple[str, bytes]) -> KeptFile:
    prefix = f"{sender_code(work.caller.party)}{work.today:%Y%m%d}"
    until = work.now + timedelta(days=KEPT_DAYS)
    kept = await store.keep_file(
        work.tx, work.caller.party, prefix, named, at=work.now, until=until
    )
    work.record("file.keep", kept.number, bytes=len(kept.content))
    return kept


def _asked(row: Row, said: tuple[SenderRow, ...] | None) -> ReconciliationAsked:
    count = row.count("fixmedins_setl_cnt")
    assert count is not None, "the mapping asks for it"
    return ReconciliationAsked(
        day=_day(row),
        side=None,
        institution=None,
        with_cancelled=row.flag("refd_setl_flag", default=True),
        totals=DayTotals(count, row.money("medfee_sumamt"), row.money("fund_pay_sumamt")),
        rows=said,
    )


def _day(row: Row) -> date:
    first, last = row.day("stmt_begndate"), row.day("stmt_enddate")
    assert first is not None, "the mapping asks for it"
    if first != last:
        refuse_faults(
            [
                FieldFault(
                    code="FIELD_FORMAT",
                    node="data",
                    field="stmt_enddate",
                    index=None,
                    zh="一次核对一天，起止日期须相同",
                    en="One day is compared at a time",
                )
            ]
        )
    return first


def _reconciliation(it: Reconciliation, region: str) -> Facts:
    known = value_sets()["stmt_rslt"].code(value_sets()["stmt_rslt"].shown(it.result))
    return {
        "number": it.number,
        "region": region,
        "result": it.result,
        "result_zh": known.zh if known is not None else it.result.value,
        "hub_count": it.hub.count,
        "hub_total": it.hub.total,
        "hub_fund": it.hub.fund,
    }


def _file(kept: KeptFile) -> Facts:
    return {"file": kept.number, "file_name": kept.name, "kept_until": kept.kept_until}


def _text(found: Iterable[Difference], sent: str) -> str:
    """Write the differences, one a line; who a row is about is told as the sender told it."""
    told = {cells[0]: cells for cells in (line.split("\t") for line in sent.splitlines())}
    return "".join("\t".join(_cells(it, told.get(it.settlement, ()))) + "\n" for it in found)


def _cells(it: Difference, said: Sequence[str]) -> tuple[str, ...]:
    amounts = it.hub or it.sender
    assert amounts is not None, "a difference is of one side at least"
    result = value_sets()["stmt_rslt"].shown(RESULTS[it.kind])
    known = value_sets()["stmt_rslt"].code(result)
    elsewhere = f"；平台记在 {it.hub_day}" if it.hub_day is not None else ""
    return (
        said[WORKER] if len(said) > WORKER else NOTHING,
        said[VISIT] if len(said) > VISIT else NOTHING,
        it.settlement,
        it.message or NOTHING,
        result,
        "1" if amounts.total.is_negative else "0",
        f"{known.zh if known else it.kind.value}{elsewhere}",
        str(amounts.total),
        str(amounts.fund),
        "0.00",
    )
