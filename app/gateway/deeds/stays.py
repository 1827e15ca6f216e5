"""2401 to 2405 and 5303: admissions, discharges and what is undone of them."""

from __future__ import annotations

from app.gateway.deeds import facts
from app.gateway.deeds.call import Call, require_worker
from app.gateway.deeds.people import claim_of
from app.gateway.inputs import FieldFault, Row, missing, refuse_faults
from app.gateway.outputs import Told
from app.kernel.costs import CostKind
from app.runtime.paging import PageAsked
from app.runtime.work import Reading, Work
from app.visit import service as visits
from app.visit.model import (
    Admission,
    Amendment,
    Diagnosis,
    DischargeWay,
    Visit,
    VisitKind,
    VisitsAsked,
)

USUAL_COST = {VisitKind.INPATIENT: CostKind.MEDICAL, VisitKind.FITTING: CostKind.DEVICE}
ROWS_MAX = 100
MAIN_COUNT = FieldFault(
    code="MAIN_DIAGNOSIS_COUNT",
    node="diseinfo",
    field="maindiag_flag",
    index=None,
    zh="须且仅须一个主要诊断",
    en="Exactly one diagnosis is the main one",
)


async def admit(work: Work, call: Call) -> Told:
    """2401 入院办理."""
    row = call.row()
    kind, cost_kind = VisitKind(row.text("med_type")), row.text_or("cost_kind")
    diagnoses = _diagnoses(call)
    if not diagnoses:
        zh = "诊断（diseinfo 或住院主诊断）"
        refuse_faults([missing("mdtrtinfo", "dscg_maindiag_code", zh)])
    asked = Admission(
        kind=kind,
        cost_kind=USUAL_COST[kind] if cost_kind is None else CostKind(cost_kind),
        claim=await claim_of(work, row),
        admitted_at=row.instant("begntime"),
        admission_no=row.text("ipt_no"),
        department=row.text("adm_dept_name"),
        ward=row.text_or("wardarea_name"),
        bed=row.text_or("adm_bed"),
        physician=row.text("chfpdr_name"),
        diagnoses=diagnoses,
        memo=row.text_or("main_cond_dscr"),
        determination=row.text_or("injury_id"),
        transfer_from=row.text_or("refl_old_mdtrt_id"),
    )
    return _told(await visits.admit(work, asked))


async def amend(work: Work, call: Call) -> Told:
    """2403 入院信息变更."""
    row = call.row()
    asked = Amendment(
        admission_no=row.text_or("ipt_no"),
        department=row.text_or("adm_dept_name"),
        ward=row.text_or("wardarea_name"),
        bed=row.text_or("adm_bed"),
        physician=row.text_or("chfpdr_name"),
        diagnoses=_diagnoses(call) or None,
        memo=row.text_or("main_cond_dscr"),
    )
    return _told(await visits.amend(work, await _own(work, row), asked))


async def cancel(work: Work, call: Call) -> Told:
    """2404 入院撤销."""
    return _told(await visits.cancel(work, await _own(work, call.row())))


async def discharge(work: Work, call: Call) -> Told:
    """2402 出院办理; diagnoses sent with it replace the admission's."""
    row = call.row()
    number = await _own(work, row)
    diagnoses = _diagnoses(call)
    if diagnoses:
        await visits.amend(work, number, Amendment(diagnoses=diagnoses))
    way = DischargeWay(row.text("dscg_way"))
    return _told(await visits.discharge(work, number, row.instant("endtime"), way))


async def undo_discharge(work: Work, call: Call) -> Told:
    """2405 出院撤销."""
    return _told(await visits.undo_discharge(work, await _own(work, call.row())))


async def list_visits(reading: Reading, call: Call) -> Told:
    """5303 在院信息查询."""
    asked = VisitsAsked(worker=call.row().text("psn_no"))
    found = await visits.visits(reading, asked, PageAsked("", ROWS_MAX))
    return {"data": [facts.of_visit(it.visit) for it in found.rows]}


def _told(visit: Visit) -> Told:
    return {"result": [facts.of_visit(visit)]}


async def _own(work: Work, row: Row) -> str:
    """Return the number of the visit the row names, held, when it is of the worker named."""
    number = row.text("mdtrt_id")
    visit = await visits.locked(work, number, work.caller.scope)
    require_worker(row.text("psn_no"), visit.worker_number)
    return number


def _diagnoses(call: Call) -> tuple[Diagnosis, ...]:
    """Read the diagnoses; the main one is marked, or named in the header, or the only one."""
    row, rows = call.row(), call.input.rows("diseinfo")
    named = row.text_or("dscg_maindiag_code")
    found = [
        Diagnosis(
            code=each.text("diag_code"),
            name=each.text("diag_name"),
            main=each.flag("maindiag_flag", default=len(rows) == 1),
        )
        for each in rows
    ]
    if named is not None and not any(it.main for it in found):
        name = row.text_or("dscg_maindiag_name") or named
        others = [it for it in found if it.code != named]
        found = [Diagnosis(code=named, name=name, main=True), *others]
    if found and sum(it.main for it in found) != 1:
        refuse_faults([MAIN_COUNT])
    return tuple(found)
