"""HTTP for filings, and for the loss of entitlement that terminates them."""

from __future__ import annotations

from datetime import datetime
from enum import Enum
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from app.entitlement.errors import (
    CardMismatch,
    DeterminationMissing,
    EntitlementLost,
    LossBeforeBirth,
    LossInFuture,
    LossRecorded,
    NameMismatch,
    WorkerUnknown,
)
from app.entitlement.service import LossAsked
from app.filing import files, service
from app.filing.errors import (
    CardRequired,
    FilingBackdated,
    FilingBeforeDetermination,
    FilingForeign,
    FilingLocked,
    FilingOverlap,
    FilingTooFarAhead,
    FilingUnchanged,
    FilingUnknown,
    OverrideForeign,
    ReferralMisplaced,
    SchemeNotOpen,
    TreatmentPlaceAtHome,
    TreatmentPlaceUnknown,
)
from app.filing.model import FilingKind, FilingState
from app.filing.schemas import (
    FILING,
    WORKER,
    ApprovalIn,
    BatchIn,
    BatchView,
    CancellationIn,
    ChangeIn,
    FilingIn,
    FilingStoryView,
    FilingView,
    LossIn,
    LossReportView,
    RejectionIn,
)
from app.kernel.lifecycle import NoSuchMove
from app.kernel.parties import PartyKind
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import ContentTypeUnsupported, problems
from app.runtime.sheets import CSV_TYPE, XLSX_TYPE, SheetTooLong, SheetUnreadable
from app.runtime.uploads import OpenSheetOrJson, Sheet, upload_body
from app.runtime.wire import Day, Instant

router = APIRouter(prefix="/v1")
TAGS: list[str | Enum] = ["filings 备案"]
INSURED_AGENCY = only(PartyKind.AGENCY)
SUBMITTERS = only(PartyKind.AGENCY, PartyKind.CHANNEL)
READERS = only(PartyKind.AGENCY, PartyKind.OPERATOR, PartyKind.CHANNEL)
MEDIA_TYPES = {"csv": CSV_TYPE, "xlsx": XLSX_TYPE}
SHEETS: dict[str, Any] = {"content": {CSV_TYPE: {}, XLSX_TYPE: {}}}
BATCH_ANSWERS: dict[int | str, dict[str, Any]] = {
    200: {**SHEETS, "description": "What became of each row 每行处理结果"}
}
# Why a filing, or what it is changed to, is refused.
FAULTS = (
    TreatmentPlaceUnknown,
    TreatmentPlaceAtHome,
    SchemeNotOpen,
    ReferralMisplaced,
    EntitlementLost,
    DeterminationMissing,
    FilingBackdated,
    FilingTooFarAhead,
    FilingBeforeDetermination,
    FilingOverlap,
)
Number = Annotated[
    str,
    Path(pattern=r"^Y[0-9]{19}$", description="Number of the filing 备案编号", examples=[FILING]),
]
Format = Annotated[str, Query(pattern="^(csv|xlsx)$", description="csv or xlsx 文件格式")]


@router.post(
    "/filings",
    tags=TAGS,
    summary="Submit a filing 提交备案",
    status_code=201,
    response_model=FilingView,
    responses=problems(WorkerUnknown, NameMismatch, CardMismatch, CardRequired, *FAULTS),
    dependencies=[SUBMITTERS],
)
async def submit(body: FilingIn, door: OpenDoor) -> Response:
    """A channel submits with identity and card; the insured agency then approves or rejects.

    A filing the insured agency took in offline is approved at once.
    线上渠道核验身份及社保卡后提交，由参保地经办机构审核；经办机构上传的线下备案即时生效。
    """
    claim = None if body.claim is None else body.claim.claim()
    submission = service.Submission(asked=body.asked(), worker=body.worker, claim=claim)
    return await door.write(lambda work: service.submit(work, submission), show=FilingView.of)


@router.get(
    "/filings",
    tags=TAGS,
    summary="List filings 查询备案列表",
    response_model=PageView[FilingView],
    responses=problems(CursorUnreadable),
    dependencies=[READERS],
)
async def list_filings(  # noqa: PLR0913 -- one argument per filter
    reading: OpenReading,
    page: AskedPage,
    *,
    worker: Annotated[
        str | None,
        Query(
            pattern=r"^W[0-9]{19}$",
            description="Number of the worker 工伤职工编号",
            examples=[WORKER],
        ),
    ] = None,
    state: Annotated[FilingState | None, Query(description="State 备案状态")] = None,
    kind: Annotated[FilingKind | None, Query(description="Kind 备案类型")] = None,
    place: Annotated[
        str | None,
        Query(
            pattern=r"^[1-9][0-9]{5}$",
            description="Treatment place, cities of a province included 就医地（省含其城市）",
            examples=["370000"],
        ),
    ] = None,
    on: Annotated[
        Day | None,
        Query(description="Day within the term 有效期内的日期", examples=["2025-09-01"]),
    ] = None,
) -> PageView[FilingView]:
    """Agencies see filings out of and into their region; a channel sees what it submitted.

    经办机构可见本辖区参保或在本辖区就医的备案；渠道仅可见自身提交的备案。
    """
    asked = service.FilingsAsked(worker=worker, state=state, kind=kind, place=place, day=on)
    return PageView.of(await service.list_filings(reading, asked, page), FilingView.of)


@router.get(
    "/filings/batch/template",
    tags=TAGS,
    summary="The sheet to fill in 下载批量备案模板",
    response_class=Response,
    responses={200: {**SHEETS, "description": "Template 模板"}},
    dependencies=[INSURED_AGENCY],
)
async def template(format: Format = "csv") -> Response:  # noqa: A002 -- the wire's name
    """The columns of a batch, with one row as an example 含列名与一行示例."""
    return _file(files.template(format), "filings", format)


@router.post(
    "/filings/batch",
    tags=TAGS,
    summary="Upload a batch of filings 批量上传备案",
    response_model=BatchView,
    responses=BATCH_ANSWERS | problems(SheetUnreadable, SheetTooLong, ContentTypeUnsupported),
    dependencies=[INSURED_AGENCY],
    openapi_extra=upload_body(
        files.EXAMPLE_CSV,
        BatchIn,
        {
            "rows": [
                {
                    "certificate_number": "11000019600101001X",
                    "name": "赵例甲甲",
                    "kind": "residence",
                    "treatment_region": "370100",
                    "cost_kinds": ["medical"],
                }
            ]
        },
    ),
)
async def file_batch(
    door: OpenDoor,
    sheet: OpenSheetOrJson,
    answer: Annotated[
        str | None,
        Query(
            pattern="^(csv|xlsx)$",
            description="Answer with a sheet of the refused rows, to mend and send again "
            "以表格返回未受理行，修正后可直接再次上传",
        ),
    ] = None,
) -> Response:
    """Up to 1,000 filings taken in offline, as JSON, CSV or XLSX; each row stands alone.

    A row is accepted, or refused with all its errors; the same batch again changes nothing. The
    errors file has the columns that were sent and one more, which is ignored when it comes back.
    每次至多 1000 行，逐行受理或列出全部错误；重复上传不产生变化；错误文件修正后可直接再次上传。
    """
    cells = await _cells(sheet)
    rows = [files.read_row(row, each) for row, each in cells]
    done = await door.write(
        lambda work: service.file_batch(work, rows), show=BatchView.of, status=200
    )
    if answer is None:
        return done
    refused = BatchView.model_validate_json(bytes(done.body)).refused
    sent = dict(cells)
    mended = [(sent[it.row], [_sentence(e.code, e.detail_zh) for e in it.errors]) for it in refused]
    return _file(files.errors_file(answer, mended), "filing-errors", answer)


@router.get(
    "/filings/{number}",
    tags=TAGS,
    summary="Look a filing up, with its history 查询备案及历史",
    response_model=FilingStoryView,
    responses=problems(FilingUnknown),
    dependencies=[READERS],
)
async def find(
    reading: OpenReading,
    number: Number,
    as_of: Annotated[
        Instant | None,
        Query(
            description="As it stood at that instant 查询该时刻的备案状态",
            examples=["2025-09-01T12:00:00+08:00"],
        ),
    ] = None,
) -> FilingStoryView:
    """Who, when, from which state and why; today, or as it stood at any past instant.

    完整备案历史：何人、何时、由何状态、因何变动；可查询任意历史时刻。
    """
    instant: datetime | None = as_of
    return FilingStoryView.told(await service.find(reading, number, instant))


@router.post(
    "/filings/{number}/approve",
    tags=TAGS,
    summary="Approve a filing 审核通过备案",
    response_model=FilingView,
    responses=problems(FilingUnknown, FilingForeign, *FAULTS, NoSuchMove),
    dependencies=[INSURED_AGENCY],
)
async def approve(number: Number, body: ApprovalIn, door: OpenDoor) -> Response:
    """In force from approval, unless the agency names a day that policy allows.

    自审核通过之日起生效；经办机构可按政策指定生效日期。
    """
    return await door.write(
        lambda work: service.approve(work, number, body.first_day),
        show=FilingView.of,
        status=200,
    )


@router.post(
    "/filings/{number}/reject",
    tags=TAGS,
    summary="Reject a filing 不予通过备案",
    response_model=FilingView,
    responses=problems(FilingUnknown, FilingForeign, NoSuchMove),
    dependencies=[INSURED_AGENCY],
)
async def reject(number: Number, body: RejectionIn, door: OpenDoor) -> Response:
    """With a reason that the worker is told 须说明原因并告知职工."""
    return await door.write(
        lambda work: service.reject(work, number, body.reason), show=FilingView.of, status=200
    )


@router.post(
    "/filings/{number}/change",
    tags=TAGS,
    summary="Change a filing 变更备案",
    status_code=201,
    response_model=FilingView,
    responses=problems(
        FilingUnknown, FilingForeign, *FAULTS, FilingLocked, FilingUnchanged, NoSuchMove
    ),
    dependencies=[INSURED_AGENCY],
)
async def change(number: Number, body: ChangeIn, door: OpenDoor) -> Response:
    """Closes the filing and opens the one that takes its place; open visits keep the old one.

    关闭原备案并生成关联的新备案；在院就诊仍适用原备案。
    """
    asked = service.Change(asked=body.asked(), reason=body.reason, override=body.override)
    return await door.write(lambda work: service.change(work, number, asked), show=FilingView.of)


@router.post(
    "/filings/{number}/cancel",
    tags=TAGS,
    summary="Cancel a filing 取消备案",
    response_model=FilingView,
    responses=problems(FilingUnknown, FilingForeign, FilingLocked, OverrideForeign, NoSuchMove),
    dependencies=[SUBMITTERS],
)
async def cancel(number: Number, body: CancellationIn, door: OpenDoor) -> Response:
    """By the insured agency, or by the channel that submitted it; open visits still settle.

    由参保地经办机构或原提交渠道取消；在院就诊仍可结算。
    """
    asked = service.Cancellation(reason=body.reason, override=body.override)
    return await door.write(
        lambda work: service.cancel(work, number, asked), show=FilingView.of, status=200
    )


@router.post(
    "/entitlement-losses",
    tags=["entitlement-losses 丧失待遇资格"],
    summary="Record a loss of entitlement 登记丧失待遇资格",
    status_code=201,
    response_model=LossReportView,
    responses=problems(WorkerUnknown, LossInFuture, LossBeforeBirth, LossRecorded),
    dependencies=[INSURED_AGENCY],
)
async def lose(body: LossIn, door: OpenDoor) -> Response:
    """Terminates every approved filing of the worker at that instant 即时终止该职工全部有效备案."""
    asked = LossAsked(worker=body.worker, kind=body.kind, lost_on=body.lost_on, reason=body.reason)
    return await door.write(lambda work: service.lose(work, asked), show=LossReportView.of)


async def _cells(sheet: Sheet) -> list[tuple[int, files.Cells]]:
    """Read the rows of a batch, whatever form they were sent in, with their numbers."""
    if sheet.is_json:
        batch = sheet.read_json(BatchIn)
        return [(row, each.cells()) for row, each in enumerate(batch.rows, start=1)]
    read = await sheet.rows(files.COLUMNS, files.ROWS_MAX, ignored=(files.ERRORS,))
    return [(each.line, each.cells) for each in read]


def _sentence(code: str, detail: str) -> str:
    return f"{code}: {detail}"


def _file(content: bytes, name: str, extension: str) -> Response:
    named = {"Content-Disposition": f'attachment; filename="{name}.{extension}"'}
    return Response(content, 200, named, MEDIA_TYPES[extension])
