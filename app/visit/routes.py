"""HTTP for visits and fee lines, and for identifying a worker at the desk."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.entitlement.errors import (
    CardMismatch,
    DeterminationMissing,
    EntitlementLost,
    NameMismatch,
    WorkerUnknown,
)
from app.filing.errors import (
    FilingAdmissionDeadline,
    FilingAreaMismatch,
    FilingCostKind,
    FilingExpired,
    FilingMissing,
    FilingNotApproved,
    FilingNotStarted,
    FilingTerminated,
    SchemeNotOpen,
)
from app.institutions.errors import (
    InstitutionNotOnline,
    InstitutionScopeMissing,
    InstitutionTypeMismatch,
    InstitutionUnknown,
)
from app.kernel.lifecycle import NoSuchMove
from app.kernel.parties import PartyKind
from app.runtime.http import OpenArrival, OpenDoor, OpenReading, only, shown
from app.runtime.paging import AskedPage, PageView
from app.runtime.problems import problems
from app.visit import service
from app.visit.errors import (
    AdmissionBeforeDetermination,
    AdmissionInFuture,
    DeterminationNotUsable,
    DischargeOutOfOrder,
    KindMismatch,
    LineHasRefunds,
    LinesClosed,
    LinesRefused,
    LinesRemain,
    LinesTooMany,
    LineUnknown,
    NotElsewhere,
    OutpatientClosed,
    ThirdPartyLiable,
    TransferMismatch,
    VisitOpen,
    VisitUnknown,
)
from app.visit.model import VisitsAsked, VisitState
from app.visit.schemas import (
    AdmissionIn,
    AmendmentIn,
    DischargeIn,
    FeeLinesView,
    IdentificationView,
    IdentityIn,
    LinesIn,
    LinesRemovedView,
    LinesTakenView,
    NamedVisitView,
    PublicNumber,
    Serial,
    VisitView,
)

router = APIRouter(tags=["visits 就诊"])
INSTITUTION = only(PartyKind.INSTITUTION)
READERS = only(PartyKind.INSTITUTION, PartyKind.AGENCY, PartyKind.OPERATOR)
ADMISSION_REFUSALS = (
    WorkerUnknown,
    NameMismatch,
    CardMismatch,
    AdmissionInFuture,
    KindMismatch,
    NotElsewhere,
    SchemeNotOpen,
    OutpatientClosed,
    EntitlementLost,
    DeterminationMissing,
    DeterminationNotUsable,
    AdmissionBeforeDetermination,
    ThirdPartyLiable,
    FilingMissing,
    FilingNotApproved,
    FilingTerminated,
    FilingAreaMismatch,
    FilingCostKind,
    FilingNotStarted,
    FilingExpired,
    FilingAdmissionDeadline,
    InstitutionUnknown,
    InstitutionTypeMismatch,
    InstitutionNotOnline,
    InstitutionScopeMissing,
    TransferMismatch,
    VisitOpen,
)
Number = Annotated[
    PublicNumber,
    Path(description="Visit number 就诊编号", examples=["S3701002509010000001"]),
]


@router.post(
    "/v1/workers/identify",
    response_model=IdentificationView,
    responses=problems(WorkerUnknown, NameMismatch, CardMismatch, InstitutionUnknown),
    dependencies=[INSTITUTION],
    summary="Identify a worker at the desk 身份识别",
    description="Number, name and card must agree. Answers the determinations and filings usable "
    "at this institution today. A look, not a write: it needs no message id and leaves a trace. "
    "社会保障号、姓名、卡三要素须一致；返回当日在本机构可用的认定（确认）与备案；查询留痕。",
)
async def identify(asked: IdentityIn, arrival: OpenArrival) -> Response:
    """Identify a worker."""
    return shown(IdentificationView.of(await service.identify(arrival, asked.claim())))


@router.post(
    "/v1/visits",
    status_code=201,
    response_model=VisitView,
    responses=problems(*ADMISSION_REFUSALS),
    dependencies=[INSTITUTION],
    summary="Admit a worker 入院（就诊）登记",
    description="Every failed check is told at once, the first as the problem and the others in "
    "`also`. The day of admission decides which filing is used. "
    "所有未通过的校验一次性返回；以入院日期判断备案。",
)
async def admit(asked: AdmissionIn, door: OpenDoor) -> Response:
    """Admit a worker."""
    return await door.write(lambda work: service.admit(work, asked.read()), show=VisitView.of)


@router.get(
    "/v1/visits",
    response_model=PageView[NamedVisitView],
    dependencies=[READERS],
    summary="List visits 就诊列表",
    description="The caller's own: an institution's, or those of an agency's workers and "
    "institutions. Names are masked. 仅返回权限范围内的就诊，姓名脱敏。",
)
async def visits(
    reading: OpenReading,
    page: AskedPage,
    state: Annotated[VisitState | None, Query(description="State 就诊状态")] = None,
    worker: Annotated[PublicNumber | None, Query(description="Worker 工伤职工编号")] = None,
    filing: Annotated[PublicNumber | None, Query(description="Filing 备案编号")] = None,
    institution: Annotated[
        str | None, Query(pattern=r"^[HA][0-9]{11}$", description="Institution 机构编码")
    ] = None,
) -> PageView[NamedVisitView]:
    """List visits."""
    asked = VisitsAsked(state=state, worker=worker, filing=filing, institution=institution)
    return PageView.of(await service.visits(reading, asked, page), NamedVisitView.named)


@router.get(
    "/v1/visits/{number}",
    response_model=NamedVisitView,
    responses=problems(VisitUnknown),
    dependencies=[READERS],
    summary="Show a visit 查询就诊",
    description="With the worker's name, which leaves a trace. 含职工姓名，查询留痕。",
)
async def visit(number: Number, reading: OpenReading) -> NamedVisitView:
    """Show a visit."""
    return NamedVisitView.named(await service.find(reading, number))


@router.patch(
    "/v1/visits/{number}",
    response_model=VisitView,
    responses=problems(VisitUnknown, LinesClosed),
    dependencies=[INSTITUTION],
    summary="Change particulars 就诊信息变更",
    description="Ward, bed, department, physician, diagnoses, memo, while the visit is open. "
    "What its admission was decided on does not change: cancel and admit anew. "
    "未结算前可变更病区、床位、科室、医师、诊断等；入院时间、身份、费用类别不可变更。",
)
async def amend(number: Number, asked: AmendmentIn, door: OpenDoor) -> Response:
    """Change particulars."""
    return await door.write(
        lambda work: service.amend(work, number, asked.read()), show=VisitView.of, status=200
    )


@router.post(
    "/v1/visits/{number}/cancel",
    response_model=VisitView,
    responses=problems(VisitUnknown, NoSuchMove, LinesRemain),
    dependencies=[INSTITUTION],
    summary="Cancel an admission 撤销入院（就诊）登记",
    description="Only while admitted and without fee lines. 仅限在院且无费用明细时。",
)
async def cancel(number: Number, door: OpenDoor) -> Response:
    """Cancel an admission."""
    return await door.write(
        lambda work: service.cancel(work, number), show=VisitView.of, status=200
    )


@router.post(
    "/v1/visits/{number}/lines",
    status_code=201,
    response_model=LinesTakenView,
    responses=problems(VisitUnknown, LinesClosed, LinesRefused, LinesTooMany),
    dependencies=[INSTITUTION],
    summary="Upload fee lines 费用明细上传",
    description="1 to 100 lines. A faulty call stores nothing and lists every fault of every line "
    "with index, serial, field and code. A serial sent again with the same content is a "
    "repetition. Refunds are negative and name their line. Answers the running totals. "
    "每次 1–100 条；有误整批不入库并逐条列明；同流水号同内容视为重发；退费为负并注明原流水号。",
)
async def take_lines(number: Number, asked: LinesIn, door: OpenDoor) -> Response:
    """Upload fee lines."""
    call = [line.read() for line in asked.lines]
    return await door.write(
        lambda work: service.take_lines(work, number, call), show=LinesTakenView.of
    )


@router.get(
    "/v1/visits/{number}/lines",
    response_model=FeeLinesView,
    responses=problems(VisitUnknown),
    dependencies=[READERS],
    summary="Show the fee lines 查询费用明细",
    description="All of them, in the order of upload. 按上传顺序返回全部明细。",
)
async def lines(number: Number, reading: OpenReading) -> FeeLinesView:
    """Show the fee lines."""
    return FeeLinesView.of(await service.fee_lines(reading, number))


@router.delete(
    "/v1/visits/{number}/lines",
    response_model=LinesRemovedView,
    responses=problems(VisitUnknown, LinesClosed),
    dependencies=[INSTITUTION],
    summary="Remove all fee lines 删除全部费用明细",
    description="Until the visit is settled. 结算前可删除。",
)
async def remove_lines(number: Number, door: OpenDoor) -> Response:
    """Remove all fee lines."""
    return await door.write(
        lambda work: service.remove_lines(work, number), show=LinesRemovedView.of, status=200
    )


@router.delete(
    "/v1/visits/{number}/lines/{serial}",
    response_model=LinesRemovedView,
    responses=problems(VisitUnknown, LinesClosed, LineUnknown, LineHasRefunds),
    dependencies=[INSTITUTION],
    summary="Remove one fee line 删除单条费用明细",
    description="Until the visit is settled; a line with refunds goes after them. "
    "结算前可删除；有退费的须先删除退费明细。",
)
async def remove_line(
    number: Number,
    serial: Annotated[Serial, Path(description="Serial 明细流水号", examples=["000001"])],
    door: OpenDoor,
) -> Response:
    """Remove one fee line."""
    return await door.write(
        lambda work: service.remove_line(work, number, serial),
        show=LinesRemovedView.of,
        status=200,
    )


@router.post(
    "/v1/visits/{number}/discharge",
    response_model=VisitView,
    responses=problems(VisitUnknown, NoSuchMove, DischargeOutOfOrder),
    dependencies=[INSTITUTION],
    summary="Discharge 出院登记",
    description="Not before the admission or the last charge, not in the future. A fitting or an "
    "outpatient visit has no discharge. 不早于入院与末次费用，不晚于当前；配置与门诊无出院登记。",
)
async def discharge(number: Number, asked: DischargeIn, door: OpenDoor) -> Response:
    """Discharge."""
    return await door.write(
        lambda work: service.discharge(work, number, asked.discharged_at, asked.way),
        show=VisitView.of,
        status=200,
    )


@router.post(
    "/v1/visits/{number}/discharge/undo",
    response_model=VisitView,
    responses=problems(VisitUnknown, NoSuchMove, VisitOpen),
    dependencies=[INSTITUTION],
    summary="Undo the discharge 撤销出院登记",
    description="Before the visit is settled, and not once the worker is admitted elsewhere. "
    "结算前可撤销；职工已在他处入院的不可撤销。",
)
async def undo_discharge(number: Number, door: OpenDoor) -> Response:
    """Undo the discharge."""
    return await door.write(
        lambda work: service.undo_discharge(work, number), show=VisitView.of, status=200
    )
