"""HTTP for usage and crossings."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.advance.errors import AdvanceForeign, CrossingUnknown
from app.advance.routes.callers import READERS
from app.advance.schemas.watching import CrossingView, UsageView
from app.advance.service import watching as service
from app.kernel.regions import REGION_CODE
from app.runtime.auth import PartyKind
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

router = APIRouter(prefix="/v1/advances", tags=["advances 预付金"])


@router.get(
    "/usage",
    summary="Read how far advances are used 查询预付金使用率",
    response_model=PageView[UsageView],
    responses=problems(CursorUnreadable),
    dependencies=[READERS],
)
async def usage(
    reading: OpenReading,
    page: AskedPage,
    place: Annotated[
        str | None,
        Query(
            pattern=REGION_CODE.pattern,
            description="Only this place, on either side 仅限该地区",
            examples=["370000"],
        ),
    ] = None,
    *,
    pools: Annotated[
        bool, Query(description="Pools of treatment places instead of pairs 按就医地资金池")
    ] = False,
) -> PageView[UsageView]:
    """(Uncleared + notified) ÷ advance of each pair or pool, exact at every commit; the days left.

    各地区对或资金池的使用率（待清算＋已通知）÷预付金，逐笔实时准确，并给出可用天数。
    """
    found = await service.usages(reading, page, pools=pools, place=place)
    return PageView.of(found, UsageView.of)


@router.get(
    "/crossings",
    summary="List crossings of a line of usage 查询预付金预警",
    response_model=PageView[CrossingView],
    responses=problems(CursorUnreadable),
    dependencies=[READERS],
)
async def crossings(
    reading: OpenReading,
    page: AskedPage,
    *,
    only_open: Annotated[
        bool, Query(alias="open", description="Only those not acknowledged 仅未签收")
    ] = False,
) -> PageView[CrossingView]:
    """List what the caller was told, once a crossing, and again daily until it acknowledges.

    列出下达给本地区的预警；每次越线预警一次，签收前每日提醒。
    """
    found = await service.crossings(reading, page, only_open=only_open)
    return PageView.of(found, CrossingView.of)


@router.post(
    "/crossings/{number}/acknowledgement",
    status_code=200,
    summary="Acknowledge a crossing 签收预警",
    response_model=CrossingView,
    responses=problems(CrossingUnknown, AdvanceForeign),
    dependencies=[only(PartyKind.AGENCY)],
)
async def acknowledge(
    number: Annotated[
        str,
        Path(max_length=20, description="Crossing 预警编号", examples=["X3700002509010000001"]),
    ],
    door: OpenDoor,
) -> Response:
    """Say that the crossing was read; the first who says so is kept. 签收预警，以首次签收为准。"""
    return await door.write(
        lambda work: service.acknowledge(work, number), show=CrossingView.of, status=200
    )
