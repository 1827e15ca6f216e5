"""2303 to 2305, 5203 and 5204: previews, settlements, cancellations."""

from __future__ import annotations

from app.gateway.deeds import facts
from app.gateway.deeds.call import Call, require_worker
from app.gateway.outputs import Facts, Told
from app.policy.provisions import Provisions
from app.runtime.work import Reading, Work
from app.settlement import service as settlements
from app.settlement.model import Bill, CancelAsked, SettleAsked, SettlementWithLines
from app.visit import service as visits
from app.visit.model import Course

SETTLE = "bills.settle"


async def preview(reading: Reading, call: Call) -> Told:
    """2303 住院预结算."""
    row = call.row()
    visit = await visits.seen(reading.rx, reading.caller.scope, row.text("mdtrt_id"))
    require_worker(row.text("psn_no"), visit.worker_number)
    found = await settlements.preview(reading, visit.number)
    return _told(facts.of_preview(found, visit), found.bill, reading.law.provisions)


async def settle(work: Work, call: Call) -> Told:
    """2304 住院结算."""
    row = call.row()
    visit = await visits.locked(work, row.text("mdtrt_id"), work.caller.scope)
    require_worker(row.text("psn_no"), visit.worker_number)
    made = await settlements.settle(work, visit.number, settle_asked(call))
    return settled(made, visit, call, work.law.provisions)


def settle_asked(call: Call) -> SettleAsked:
    """Read what a 2304 asks for."""
    row = call.row()
    return SettleAsked(
        total=row.money("medfee_sumamt"),
        line_count=row.count("line_count"),
        invoice_no=row.text_or("invono"),
    )


def settled(made: SettlementWithLines, visit: Course, call: Call, provisions: Provisions) -> Told:
    """Tell a settlement to whoever asked for it."""
    shown = {
        **facts.of_settlement(made.settlement, visit, made.bill),
        "message": call.envelope.message,
    }
    return _told(shown, made.bill, provisions)


async def cancel(work: Work, call: Call) -> Told:
    """2305 住院结算撤销."""
    row = call.row()
    visit = await visits.locked(work, row.text("mdtrt_id"), work.caller.scope)
    require_worker(row.text("psn_no"), visit.worker_number)
    asked = CancelAsked(
        adjustment=row.flag("adjustment_flag", default=False), reason=row.text_or("memo")
    )
    twin = await settlements.cancel(work, row.text("setl_id"), asked)
    require_worker(visit.number, twin.visit_number)
    shown = {**facts.of_settlement(twin, visit, None), "message": call.envelope.message}
    return {"setlinfo": [shown], "setldetail": [facts.of_fund(twin.fund)]}


async def find(reading: Reading, call: Call) -> Told:
    """5203 结算信息查询."""
    row = call.row()
    found = await settlements.find(reading, row.text("setl_id"))
    require_worker(row.text("psn_no"), found.settlement.worker_number)
    visit = await visits.seen(reading.rx, reading.caller.scope, found.settlement.visit_number)
    shown = facts.of_settlement(found.settlement, visit, found.bill)
    return {"setlinfo": [shown], "setldetail": [facts.of_fund(found.settlement.fund)]}


async def lines(reading: Reading, call: Call) -> Told:
    """5204 费用明细查询: decided lines of a settlement, or the lines of a visit as uploaded."""
    row = call.row()
    visit = await visits.seen(reading.rx, reading.caller.scope, row.text("mdtrt_id"))
    require_worker(row.text("psn_no"), visit.worker_number)
    number = row.text_or("setl_id")
    if number is None:
        uploaded = await visits.fee_lines(reading, visit.number)
        return {"feedetail": [facts.of_line(it) for it in uploaded]}
    found = await settlements.find(reading, number)
    require_worker(visit.number, found.settlement.visit_number)
    return {"feedetail": _lines(found.bill, reading.law.provisions)}


def _told(shown: Facts, bill: Bill, provisions: Provisions) -> Told:
    return {
        "setlinfo": [shown],
        "setldetail": [facts.of_fund(bill.fund)],
        "feedetail": _lines(bill, provisions),
    }


def _lines(bill: Bill, provisions: Provisions) -> list[Facts]:
    return [facts.of_result(it, provisions) for it in bill.lines]
