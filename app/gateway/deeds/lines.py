"""2301 and 2302: fee lines."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from app.catalogues import service as catalogues
from app.catalogues.model import CatalogueItem, CatalogueKind, Wanted
from app.gateway.deeds import facts
from app.gateway.deeds.call import Call, require_worker
from app.gateway.inputs import FieldFault, Row, refuse_faults
from app.gateway.outputs import Facts, Told
from app.kernel.calendar import business_day
from app.kernel.refusal import Refusal
from app.runtime.db import Conn
from app.runtime.work import Work
from app.settlement import service as settlements
from app.visit import service as visits
from app.visit.model import FeeCategory, FeeLine, LinesRemoved, Visit, VisitKind

EVERY_LINE = "0000"


async def upload(work: Work, call: Call) -> Told:
    """2301 住院费用明细上传."""
    rows = call.input.rows("feedetail")
    visit = await _visit(work, "feedetail", rows)
    listed = await _listed(work.tx, rows, visit)
    lines = [_line(row, visit, listed) for row in rows]
    taken = await visits.take_lines(work, visit.number, lines)
    totals = {
        "accepted": taken.accepted,
        "replayed": taken.replayed,
        "line_count": taken.totals.line_count,
        "total": taken.totals.total,
    }
    return {"result": await _split(work, visit.number, lines), "totals": [totals]}


async def remove(work: Work, call: Call) -> Told:
    """2302 住院费用明细撤销: the lines named, or every line."""
    rows = call.input.rows("data")
    visit = await _visit(work, "data", rows)
    serials = [row.text("feedetl_sn") for row in rows]
    if EVERY_LINE in serials:
        done = [await visits.remove_lines(work, visit.number)]
    else:
        done = [await visits.remove_line(work, visit.number, serial) for serial in serials]
    return {"totals": [_removed(done)]}


def _removed(done: Sequence[LinesRemoved]) -> Mapping[str, object]:
    held = done[-1].totals
    removed = sum(each.removed for each in done)
    return {"removed": removed, "line_count": held.line_count, "total": held.total}


async def _split(work: Work, visit: str, lines: Sequence[FeeLine]) -> list[Facts]:
    """Tell how the lines just taken would be split today."""
    try:
        decided = await settlements.split(work, visit, lines)
    except Refusal as refusal:
        return [facts.of_undecided(line, refusal) for line in lines]
    provisions = work.law.provisions
    return [facts.of_result(decided[line.serial], provisions) for line in lines]


async def _visit(work: Work, node: str, rows: Sequence[Row]) -> Visit:
    """Return the one visit all rows name, held."""
    number, worker = rows[0].text("mdtrt_id"), rows[0].text("psn_no")
    refuse_faults(
        [
            FieldFault(
                code="FIELD_FORMAT",
                node=node,
                field="mdtrt_id",
                index=index,
                zh="一次只能办理一个就诊的明细",
                en="One call is about one visit",
            )
            for index, row in enumerate(rows)
            if (row.text("mdtrt_id"), row.text("psn_no")) != (number, worker)
        ]
    )
    visit = await visits.locked(work, number, work.caller.scope)
    require_worker(worker, visit.worker_number)
    return visit


async def _listed(
    conn: Conn, rows: Sequence[Row], visit: Visit
) -> Mapping[str, tuple[CatalogueKind, CatalogueItem]]:
    """Find the list that holds each item whose kind or name the message leaves out."""
    wanted = [
        Wanted(kind, place, row.text("med_list_codg"), business_day(row.instant("fee_ocur_time")))
        for row in rows
        if row.has("med_list_codg") and (_category(row) is None or not row.has("medins_list_name"))
        for kind, place in _lists(visit)
    ]
    found = await catalogues.look_up(conn, list(dict.fromkeys(wanted))) if wanted else {}
    return {asked.code: (asked.kind, it.item) for asked, it in found.items() if it.item is not None}


def _lists(visit: Visit) -> list[tuple[CatalogueKind, str]]:
    if visit.kind is VisitKind.FITTING:
        return [(CatalogueKind.DEVICE, visit.insured_region)]
    kinds = [kind for kind in CatalogueKind if kind is not CatalogueKind.DEVICE]
    return [(kind, visit.treatment_region) for kind in kinds]


def _category(row: Row) -> str | None:
    return row.text_or("fee_category", "list_type", "med_chrgitm_type")


def _line(
    row: Row, visit: Visit, listed: Mapping[str, tuple[CatalogueKind, CatalogueItem]]
) -> FeeLine:
    """Put a line together; an item in no list is charged as the visit's usual kind."""
    code, category = row.text_or("med_list_codg"), _category(row)
    kind, item = listed.get(code or "", (None, None))
    usual = "device" if visit.kind is VisitKind.FITTING else "service"
    own_code = row.text("medins_list_codg")
    return FeeLine(
        serial=row.text("feedetl_sn"),
        refund_of=row.text_or("init_feedetl_sn"),
        category=FeeCategory(category or (kind.value if kind is not None else usual)),
        item_code=code,
        item_name=row.text_or("medins_list_name") or (item.name if item else own_code),
        institution_item_code=own_code,
        specification=row.text_or("spec"),
        unit=row.text_or("prcunt"),
        quantity=row.number("cnt"),
        unit_price=row.number("pric"),
        amount=row.money("det_item_fee_sumamt"),
        occurred_at=row.instant("fee_ocur_time"),
        injury_related=row.flag("injury_flag", default=True),
        restricted_approved=row.flag("hosp_appr_flag", default=False),
        department=row.text_or("bilg_dept_name", "bilg_dept_codg"),
        physician=row.text_or("bilg_dr_name", "bilg_dr_codg"),
    )
