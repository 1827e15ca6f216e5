"""HTTP for previews, settlements and cancellations."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.entitlement.errors import EntitlementLost
from app.kernel.calendar import Month
from app.kernel.identity import PUBLIC_NUMBER
from app.kernel.lifecycle import NoSuchMove
from app.kernel.parties import PartyKind
from app.ledger.errors import AdvanceExhausted, AdvanceHold
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, PageView
from app.runtime.problems import problems
from app.runtime.wire import MONTH
from app.settlement import service
from app.settlement.errors import (
    AdjustmentReasonMissing,
    DeterminationWithdrawn,
    ListMissing,
    MonthsClosing,
    NotCancellable,
    NothingToSettle,
    SettlementDeducted,
    SettlementForeign,
    SettlementInClearing,
    SettlementUnknown,
    SettleWindowClosed,
    TotalMismatch,
)
from app.settlement.model import SettlementKind, SettlementsAsked
from app.settlement.schemas import (
    CancelIn,
    PreviewView,
    RecomputationView,
    SettledView,
    SettleIn,
    SettlementView,
    SettlementWithLinesView,
)
from app.visit.errors import ThirdPartyLiable, VisitOpen, VisitUnknown

router = APIRouter(tags=["settlements 结算"])
INSTITUTION = only(PartyKind.INSTITUTION)
READERS = only(PartyKind.INSTITUTION, PartyKind.AGENCY, PartyKind.OPERATOR)
GROUNDS = (
    EntitlementLost,
    DeterminationWithdrawn,
    ThirdPartyLiable,
    SettleWindowClosed,
    NothingToSettle,
    ListMissing,
)
VisitNumber = Annotated[
    str,
    Path(
        pattern=PUBLIC_NUMBER.pattern,
        description="Visit number 就诊编号",
        examples=["S3701002509010000001"],
    ),
]
Number = Annotated[
    str,
    Path(
        pattern=PUBLIC_NUMBER.pattern,
        description="Settlement number 结算编号",
        examples=["A3701002509010000001"],
    ),
]


@router.post(
    "/v1/visits/{number}/preview",
    response_model=PreviewView,
    responses=problems(VisitUnknown, NoSuchMove, *GROUNDS),
    dependencies=[INSTITUTION],
    summary="Preview a settlement 预结算",
    description="The settlement's own computation, unbooked, for any open visit: every line with "
    "its shares, reason and clause. Nothing is written, so no message id is needed. "
    "与结算同一计算，不入账；逐条返回基金与个人支付、原因及依据。",
)
async def preview(number: VisitNumber, reading: OpenReading) -> PreviewView:
    """Preview a settlement."""
    return PreviewView.of(await service.preview(reading, number), reading.law.provisions)


@router.post(
    "/v1/visits/{number}/settle",
    status_code=201,
    response_model=SettledView,
    responses=problems(
        VisitUnknown,
        NoSuchMove,
        *GROUNDS,
        TotalMismatch,
        MonthsClosing,
        AdvanceExhausted,
        AdvanceHold,
    ),
    dependencies=[INSTITUTION],
    summary="Settle a visit 结算",
    description="The institution's total must be the hub's. Entitlement and institution are "
    "checked again. Settlement, line results, ledger, message, trail and announcement are "
    "written in one transaction. 机构总额须与系统一致；重新校验待遇资格与机构状态；一次事务入账。",
)
async def settle(number: VisitNumber, asked: SettleIn, door: OpenDoor) -> Response:
    """Settle a visit."""
    return await door.write(
        lambda work: service.settle(work, number, asked.read()), show=SettledView.settled
    )


@router.get(
    "/v1/settlements",
    response_model=PageView[SettlementView],
    dependencies=[READERS],
    summary="List settlements 结算列表",
    description="The caller's own; cancellations are rows of their own with negative amounts. "
    "仅返回权限范围内的结算；撤销为负数记录。",
)
async def settlements(
    reading: OpenReading,
    page: AskedPage,
    month: Annotated[
        str | None,
        Query(pattern=MONTH, description="Month 所属月份"),
    ] = None,
    institution: Annotated[
        str | None, Query(pattern=r"^[HA][0-9]{11}$", description="Institution 机构编码")
    ] = None,
    visit: Annotated[
        str | None, Query(pattern=PUBLIC_NUMBER.pattern, description="Visit 就诊编号")
    ] = None,
    kind: Annotated[SettlementKind | None, Query(description="Kind 结算类型")] = None,
) -> PageView[SettlementView]:
    """List settlements."""
    asked = SettlementsAsked(
        month=None if month is None else Month.parse(month),
        institution=institution,
        visit=visit,
        kind=kind,
    )
    return PageView.of(await service.settlements(reading, asked, page), SettlementView.of)


@router.get(
    "/v1/settlements/{number}",
    response_model=SettlementWithLinesView,
    responses=problems(SettlementUnknown),
    dependencies=[READERS],
    summary="Show a settlement with its lines 查询结算及明细",
    description="Every line with its shares, reason, list version, clause and what it says. "
    "逐条返回核算结果、原因、目录版本与政策依据。",
)
async def settlement(number: Number, reading: OpenReading) -> SettlementWithLinesView:
    """Show a settlement whole."""
    found = await service.find(reading, number)
    return SettlementWithLinesView.whole(found, reading.law.provisions)


@router.get(
    "/v1/settlements/{number}/recomputation",
    response_model=RecomputationView,
    responses=problems(SettlementUnknown),
    dependencies=[READERS],
    summary="Compute a settlement again 重新核算",
    description="From what was stored with it, by the rules of its days; says whether it comes "
    "out the same. 以结算时留存的数据和当时的规则重新核算并比对。",
)
async def recomputation(number: Number, reading: OpenReading) -> RecomputationView:
    """Compute a settlement again."""
    return RecomputationView.of(await service.recompute(reading, number))


@router.post(
    "/v1/settlements/{number}/cancel",
    status_code=201,
    response_model=SettlementView,
    responses=problems(
        SettlementUnknown,
        SettlementForeign,
        NotCancellable,
        SettlementDeducted,
        SettlementInClearing,
        AdjustmentReasonMissing,
        VisitOpen,
        MonthsClosing,
    ),
    dependencies=[only(PartyKind.INSTITUTION, PartyKind.AGENCY)],
    summary="Cancel a settlement 结算撤销",
    description="Books the negative twin under a number of its own and reopens the visit. Free "
    "until the settlement is in a clearing; afterwards an adjustment with a reason, which counts "
    "in the open month. 生成负数记录并恢复就诊；纳入清算后须以跨期调整并说明理由办理。",
)
async def cancel(number: Number, asked: CancelIn, door: OpenDoor) -> Response:
    """Cancel a settlement."""
    return await door.write(
        lambda work: service.cancel(work, number, asked.read()), show=SettlementView.of
    )
