"""HTTP for institutions. A route names its shapes and its refusals, and passes the door."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.institutions import service
from app.institutions.errors import (
    InstitutionCodeMismatch,
    InstitutionGradeMismatch,
    InstitutionScopeOverlap,
    InstitutionStateDay,
    InstitutionTypeMismatch,
    InstitutionUnknown,
    InstitutionUsccFault,
)
from app.institutions.files import COLUMNS, EXAMPLE, EXAMPLE_CSV, ROWS_MAX
from app.institutions.model import (
    Grade,
    InstitutionEvent,
    InstitutionsAsked,
    InstitutionType,
    StateChange,
)
from app.institutions.schemas import (
    CoverageListView,
    CoverageView,
    InstitutionIn,
    InstitutionView,
    StateChangeIn,
    TakenInView,
)
from app.kernel.costs import CostKind
from app.kernel.lifecycle import NoSuchMove
from app.kernel.parties import PartyKind
from app.kernel.regions import Scheme
from app.parties.errors import ForbiddenRegion, RegionUnknown
from app.runtime.at_hand import same_while
from app.runtime.etags import NOT_MODIFIED, tagged
from app.runtime.http import FrontDoor, OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import ContentTypeUnsupported, problems
from app.runtime.sheets import CSV_TYPE, XLSX_TYPE, SheetTooLong, SheetUnreadable, write_csv
from app.runtime.sheets import write_xlsx as write_workbook
from app.runtime.uploads import OpenSheet, upload_body
from app.runtime.wire import Day

router = APIRouter(prefix="/v1/institutions", tags=["institutions 协议机构"])
KEEPERS = only(PartyKind.AGENCY, PartyKind.OPERATOR)
PLAIN = r"^[^\x00-\x1f\x7f]+$"
Code = Annotated[
    str,
    Path(
        pattern=r"^[HA][0-9]{11}$",
        description="Code of the institution: H or A, division, sequence 机构编码",
        examples=["H37010000001"],
    ),
]
# Query models must be spelled parameter by parameter to be described one by one.
Place = Annotated[
    str | None,
    Query(
        pattern=r"^[1-9][0-9]{5}$",
        description="Province or city 省或市区划代码",
        examples=["370000"],
    ),
]
Words = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=50,
        pattern=PLAIN,
        description="Part of a name or an address, past ones too 名称或地址中的任意字段",
        examples=["中医药"],
    ),
]
Speciality = Annotated[
    str | None,
    Query(max_length=50, pattern=PLAIN, description="Speciality 专科", examples=["骨科"]),
]
On = Annotated[
    Day | None,
    Query(
        description="Only what is online on that day, for the scheme and cost kind if named "
        "仅列出该日已上线者（并符合所给结算范围、费用类别）",
        examples=["2025-09-01"],
    ),
]
Since = Annotated[
    int | None,
    Query(
        ge=0,
        le=2**62,
        description="Only what changed after this revision, in the order of change; keep the "
        "largest `revision` seen for the next time 仅列出该修订号之后的变化，按变化先后排列",
        examples=[0],
    ),
]


@router.get(
    "",
    summary="Search the institutions 查询协议机构",
    response_model=PageView[InstitutionView],
    responses=NOT_MODIFIED | problems(CursorUnreadable),
    dependencies=[only()],
)
@same_while(service.REVISION)
async def find(  # noqa: PLR0913 -- one argument per filter
    request: Request,
    reading: OpenReading,
    page: AskedPage,
    *,
    place: Place = None,
    type: Annotated[  # noqa: A002 -- the wire's name
        InstitutionType | None, Query(description="Type 机构类别")
    ] = None,
    grade: Annotated[Grade | None, Query(description="Grade 医疗等级")] = None,
    scheme: Annotated[Scheme | None, Query(description="Scheme 结算范围")] = None,
    cost_kind: Annotated[CostKind | None, Query(description="Cost kind 费用类别")] = None,
    speciality: Speciality = None,
    q: Words = None,
    on: On = None,
    since: Since = None,
) -> Response:
    """Open to every party. Send the ETag back in If-None-Match to learn that nothing changed.

    To keep a copy, ask without filters from `since=0` and go on from the largest revision seen.
    对所有接入方开放；可用 If-None-Match 与 since 增量同步全部机构。
    """
    asked = InstitutionsAsked(
        place=place,
        type=type,
        grade=grade,
        scheme=scheme,
        cost_kind=cost_kind,
        speciality=speciality,
        q=q,
        on=on,
        since=since,
    )
    found = await service.find(reading, asked, page)
    return tagged(request, PageView.of(found, InstitutionView.of))


@router.get(
    "/coverage",
    summary="Coverage by province beside the targets 各省上线率与目标",
    response_model=CoverageListView,
    responses=NOT_MODIFIED,
    dependencies=[only()],
)
async def coverage(request: Request, reading: OpenReading, on: On = None) -> Response:
    """Grade-3 hospitals, rehabilitation and device institutions online across provinces on a day.

    The share is of all agreement institutions of the kind, suspended and offline ones included.
    统计三级医院、康复机构、辅助器具配置机构的跨省直接结算上线率；分母含暂停与下线机构。
    """
    day = on or reading.today
    found = await service.coverage(reading, day)
    shown = CoverageListView(day=day, items=[CoverageView.of(province) for province in found])
    return tagged(request, shown)


@router.get(
    "/import/template",
    summary="The sheet to fill in 下载导入模板",
    response_class=Response,
    responses={200: {"content": {CSV_TYPE: {}, XLSX_TYPE: {}}, "description": "Template 模板"}},
    dependencies=[only()],
)
async def template(
    format: Annotated[  # noqa: A002 -- the wire's name
        str, Query(pattern="^(csv|xlsx)$", description="csv or xlsx 文件格式")
    ] = "csv",
) -> Response:
    """The columns of the import, with one row as an example 含列名与一行示例."""
    is_csv = format == "csv"
    write = write_csv if is_csv else write_workbook
    kind = CSV_TYPE if is_csv else XLSX_TYPE
    named = {"Content-Disposition": f'attachment; filename="institutions.{format}"'}
    return Response(write(COLUMNS, [EXAMPLE]), 200, named, kind)


@router.post(
    "/import",
    summary="Import a sheet of institutions 导入协议机构",
    response_model=TakenInView,
    responses=problems(SheetUnreadable, SheetTooLong, ContentTypeUnsupported),
    dependencies=[KEEPERS],
    openapi_extra=upload_body(EXAMPLE_CSV),
)
async def take_in(door: OpenDoor, sheet: OpenSheet) -> Response:
    """Each row stands alone: accepted, or refused with all its errors and its line number.

    A row states the whole entry of an institution of the caller's own region, and each of its
    types is offered under each of its schemes; the same sheet again changes nothing. A sheet that
    cannot be read as rows is refused as a whole.
    逐行独立处理：接受或列出全部错误；每行为一家机构的完整登记信息，重复导入不产生变化。
    """
    rows = await sheet.rows(COLUMNS, ROWS_MAX, ignored=("errors",))
    cells = [(row.line, row.cells) for row in rows]
    return await door.write(
        lambda work: service.take_in(work, cells), show=TakenInView.of, status=200
    )


@router.get(
    "/{code}",
    summary="Look an institution up 查询单个协议机构",
    response_model=InstitutionView,
    responses=NOT_MODIFIED | problems(InstitutionUnknown),
    dependencies=[only()],
)
@same_while(service.REVISION)
async def look(request: Request, reading: OpenReading, code: Code) -> Response:
    """Its entry, its service scopes and its states by date 登记信息、服务范围与历次状态."""
    return tagged(request, InstitutionView.of(await service.look(reading, code)))


@router.put(
    "/{code}",
    summary="State an institution's entry 登记或更新协议机构",
    response_model=InstitutionView,
    responses=problems(
        ForbiddenRegion,
        RegionUnknown,
        InstitutionCodeMismatch,
        InstitutionGradeMismatch,
        InstitutionUsccFault,
        InstitutionTypeMismatch,
        InstitutionScopeOverlap,
    ),
    dependencies=[KEEPERS],
)
async def put(code: Code, body: InstitutionIn, door: OpenDoor) -> Response:
    """The treatment agency states the whole entry of an institution of its own region.

    A new institution is online from its first scope on; the state changes by suspend, resume and
    offline only. 由就医地经办机构登记本地区机构的完整信息；新机构自服务范围起始日上线。
    """
    entry = body.entry(code)
    return await door.write(
        lambda work: service.put(work, entry), show=InstitutionView.of, status=200
    )


STATE_PROBLEMS = problems(InstitutionUnknown, ForbiddenRegion, InstitutionStateDay, NoSuchMove)


@router.post(
    "/{code}/suspend",
    summary="Suspend an institution 暂停协议机构",
    response_model=InstitutionView,
    responses=STATE_PROBLEMS,
    dependencies=[KEEPERS],
)
async def suspend(code: Code, body: StateChangeIn, door: OpenDoor) -> Response:
    """It admits nobody from the day on; open visits go on 自该日起不再新收，在院者照常结算."""
    return await _happen(door, code, InstitutionEvent.SUSPEND, body)


@router.post(
    "/{code}/resume",
    summary="Bring an institution back online 恢复协议机构",
    response_model=InstitutionView,
    responses=STATE_PROBLEMS,
    dependencies=[KEEPERS],
)
async def resume(code: Code, body: StateChangeIn, door: OpenDoor) -> Response:
    """It is online again from the day on; on the day a planned change begins, this calls it off.

    自该日起恢复直接结算；与计划中的变更同日则撤回该变更。
    """
    return await _happen(door, code, InstitutionEvent.RESUME, body)


@router.post(
    "/{code}/offline",
    summary="Take an institution offline 下线协议机构",
    response_model=InstitutionView,
    responses=STATE_PROBLEMS,
    dependencies=[KEEPERS],
)
async def take_offline(code: Code, body: StateChangeIn, door: OpenDoor) -> Response:
    """It admits nobody from the day on; open visits may settle for the days policy gives (60).

    自该日起不再新收；在院者可在规定期限（60日）内继续直接结算。
    """
    return await _happen(door, code, InstitutionEvent.TAKE_OFFLINE, body)


async def _happen(
    door: FrontDoor, code: str, event: InstitutionEvent, body: StateChangeIn
) -> Response:
    asked = StateChange(event=event, first_day=body.first_day, reason=body.reason)
    return await door.write(
        lambda work: service.happen(work, code, asked), show=InstitutionView.of, status=200
    )
