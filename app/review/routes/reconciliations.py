"""HTTP for daily reconciliations."""

from __future__ import annotations

from typing import Annotated, Literal

from fastapi import APIRouter, Path, Query, Response

from app.kernel.identity import PUBLIC_NUMBER
from app.kernel.parties import PartyKind
from app.ledger.errors import AdvanceExhausted, AdvanceHold
from app.reversal.errors import DeedNotReversible
from app.review import files, service
from app.review.errors import (
    DayNotCome,
    DifferenceRepaired,
    DifferenceUnknown,
    InstitutionMissing,
    ReconciliationForeign,
    ReconciliationReplaced,
    ReconciliationUnknown,
    RepairMessageMissing,
    RepairMismatch,
    RowsRepeated,
    SideNotOpen,
    SumsMismatch,
)
from app.review.model import DayAsked, DifferenceKind, DifferenceState, ReconciliationState, Side
from app.review.routes.callers import READERS
from app.review.schemas import (
    DayRowView,
    DifferenceView,
    InstitutionCode,
    MessageId,
    ReconciledView,
    ReconciliationIn,
    ReconciliationView,
    RepairIn,
    StandingView,
)
from app.runtime import wire
from app.runtime.door import MessageRunning
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, PageView
from app.runtime.problems import problems
from app.runtime.sheets import CSV_TYPE
from app.settlement.errors import (
    MonthsClosing,
    NotCancellable,
    SettlementDeducted,
    SettlementForeign,
    SettlementInClearing,
    VisitMovedOn,
)

router = APIRouter(prefix="/v1/reconciliations", tags=["reconciliations 对账"])
SENDERS = only(PartyKind.INSTITUTION, PartyKind.AGENCY)
ZIP_TYPE = "application/zip"
Number = Annotated[
    str,
    Path(
        pattern=PUBLIC_NUMBER.pattern,
        description="Reconciliation number 对账编号",
        examples=["R3701002509010000001"],
    ),
]
Day = Annotated[wire.Day, Path(description="Business day 业务日期", examples=["2025-09-01"])]
Institution = Annotated[
    InstitutionCode | None, Query(description="Institution, for agencies 机构编码（经办机构必填）")
]


@router.post(
    "",
    status_code=201,
    response_model=ReconciledView,
    responses=problems(SideNotOpen, DayNotCome, RowsRepeated, SumsMismatch),
    dependencies=[SENDERS],
    summary="Compare a day 日对账",
    description="Totals alone are answered with equal, who has more, or amounts differ; with rows "
    "come three lists: only the hub's, only the sender's, different. A later comparison of the "
    "same day stands in place of the earlier one. An institution compares its own day, an agency "
    "its region's institutions or its insured workers. "
    "仅送总额：返回一致、哪方多或金额不符；送明细：返回三张差异清单。同日再次对账以后一次为准。",
)
async def reconcile(asked: ReconciliationIn, door: OpenDoor) -> Response:
    """Compare a day."""
    return await door.write(
        lambda work: service.reconcile(work, asked.read()), show=ReconciledView.whole
    )


@router.get(
    "",
    response_model=PageView[ReconciliationView],
    dependencies=[READERS],
    summary="List reconciliations 对账记录",
    description="The caller's own, and for an agency those of its region. "
    "本方的对账；经办机构另含本地区机构的对账。",
)
async def reconciliations(
    reading: OpenReading,
    page: AskedPage,
    day: Annotated[wire.Day | None, Query(description="Business day 业务日期")] = None,
    state: Annotated[ReconciliationState | None, Query(description="State 状态")] = None,
) -> PageView[ReconciliationView]:
    """List reconciliations."""
    found = await service.reconciliations(reading, day, state, page)
    return PageView.of(found, ReconciliationView.of)


@router.get(
    "/open",
    response_model=StandingView,
    dependencies=[SENDERS],
    summary="Am I clean? 对账待办",
    description="Open reconciliations, past days with settlements that were not compared since the "
    "last of them, and those of the messages named here that have not come to an end. "
    "未对平的对账、未对账的日期，以及所列报文中尚无结果的。",
)
async def standing(
    reading: OpenReading,
    since: Annotated[
        wire.Day | None,
        Query(description="First day looked at, a month back unless told 起始日期，默认一个月"),
    ] = None,
    message: Annotated[
        list[MessageId] | None,
        Query(max_length=100, description="Own messages in doubt 结果不明的报文编号"),
    ] = None,
) -> StandingView:
    """Tell what is open."""
    return StandingView.of(await service.standing(reading, since, message or []))


@router.get(
    "/days/{day}",
    response_model=PageView[DayRowView],
    responses=problems(SideNotOpen),
    dependencies=[READERS],
    summary="A day as the hub has it 平台日结算明细",
    description="The rows a comparison of this day would be made with. 对账所依据的平台明细。",
)
async def day_rows(
    day: Day,
    reading: OpenReading,
    page: AskedPage,
    institution: Institution = None,
    side: Annotated[Side | None, Query(description="Side 对账身份")] = None,
) -> PageView[DayRowView]:
    """List a day."""
    own = service.side_of(reading, side)
    asked = DayAsked(day=day, side=own, institution=institution)
    return PageView.of(await service.day_rows(reading, asked, page), DayRowView.of)


@router.get(
    "/files/{day}",
    response_class=Response,
    responses={
        200: {"content": {ZIP_TYPE: {}, CSV_TYPE: {}}},
        **problems(InstitutionMissing),
    },
    dependencies=[READERS],
    summary="The hub's own day file of an institution 日对账文件",
    description="zip: UTF-8 text of seven columns parted by TAB, no header, `null` for empty: "
    "settlement, visit, worker, total, fund share, account (0.00), refund flag. csv: with a header "
    "and message ids. Made from what is kept, so it can be had for any day. "
    "zip 内为 UTF-8 文本，七列 TAB 分隔，无表头；csv 带表头及报文编号。",
)
async def day_file(
    day: Day,
    reading: OpenReading,
    institution: Institution = None,
    form: Annotated[
        Literal["zip", "csv"], Query(alias="format", description="Format 文件格式")
    ] = "zip",
) -> Response:
    """Hand out a day file."""
    if form == "csv":
        rows = await service.whole_day(reading, day, institution)
        name, content = f"{day:%Y%m%d}.csv", files.day_csv(rows)
    else:
        name, content = await service.day_file(reading, day, institution)
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    return Response(content, 200, headers, CSV_TYPE if form == "csv" else ZIP_TYPE)


@router.get(
    "/{number}",
    response_model=ReconciledView,
    responses=problems(ReconciliationUnknown),
    dependencies=[READERS],
    summary="Show a reconciliation 查询对账",
    description="As it stands now, with the first 200 differences of each kind. "
    "当前状态，各类差异至多列 200 条。",
)
async def reconciliation(number: Number, reading: OpenReading) -> ReconciledView:
    """Show a reconciliation."""
    return ReconciledView.whole(await service.find(reading, number))


@router.get(
    "/{number}/differences",
    response_model=PageView[DifferenceView],
    responses=problems(ReconciliationUnknown),
    dependencies=[READERS],
    summary="List the differences 差异清单",
    description="Every difference as it stands now. 全部差异及其当前状态。",
)
async def differences(
    number: Number,
    reading: OpenReading,
    page: AskedPage,
    kind: Annotated[DifferenceKind | None, Query(description="Kind 差异类型")] = None,
    state: Annotated[DifferenceState | None, Query(description="State 差异状态")] = None,
) -> PageView[DifferenceView]:
    """List differences."""
    found = await service.differences_of(reading, number, kind, state, page)
    return PageView.of(found, DifferenceView.of)


@router.post(
    "/{number}/repairs",
    status_code=201,
    response_model=DifferenceView,
    responses=problems(
        ReconciliationUnknown,
        ReconciliationForeign,
        ReconciliationReplaced,
        DifferenceUnknown,
        DifferenceRepaired,
        RepairMismatch,
        RepairMessageMissing,
        SettlementForeign,
        SettlementDeducted,
        SettlementInClearing,
        NotCancellable,
        VisitMovedOn,
        DeedNotReversible,
        MessageRunning,
        MonthsClosing,
        AdvanceExhausted,
        AdvanceHold,
    ),
    dependencies=[SENDERS],
    summary="Repair a difference 差异处理",
    description="adopt: the sender takes the hub's side into its books. reverse: the hub undoes "
    "what only it has, as a reversal does. resend: the sender will send it under the message id "
    "named; open until that took effect. Every act is kept. "
    "以平台为准、平台冲正或补发（列明报文编号，到达前保持待处理）；每次处理均留痕。",
)
async def repair(number: Number, asked: RepairIn, door: OpenDoor) -> Response:
    """Repair a difference."""
    return await door.write(
        lambda work: service.repair(work, number, asked.read()), show=DifferenceView.of
    )
