"""HTTP for the calendar of deadlines."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query

from app.deadlines.model import DeadlineKind, DeadlinesAsked, DeadlineState
from app.deadlines.schemas import DeadlineView
from app.deadlines.service import calendar
from app.runtime.http import OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

router = APIRouter(prefix="/v1/deadlines", tags=["deadlines 期限"])
DAYS_USUAL, DAYS_MAX = 30, 400


@router.get(
    "",
    summary="List deadlines 查询期限日历",
    description="What is to be done until when, by whom, for which number, and which clause says "
    "so: what is overdue, however long, and what falls due in the next days; what is done, until "
    "its day has passed. By day. A party sees its own; an agency those of its region, the operator "
    "all. 列出期限日历：事项、截止日期、责任方、业务编号与依据条款；含全部逾期及近期到期事项，"
    "已完成的保留至截止日。各方可见本方期限，经办机构可见本辖区，部级可见全部。",
    response_model=PageView[DeadlineView],
    responses=problems(CursorUnreadable),
    dependencies=[only()],
)
async def deadlines(
    reading: OpenReading,
    page: AskedPage,
    days: Annotated[
        int, Query(ge=0, le=DAYS_MAX, description="Days ahead 未来天数", examples=[30])
    ] = DAYS_USUAL,
    state: Annotated[
        DeadlineState | None, Query(description="Only these 状态", examples=["overdue"])
    ] = None,
    kind: Annotated[
        DeadlineKind | None, Query(description="Only these 类型", examples=["filing_term"])
    ] = None,
    party: Annotated[
        str | None,
        Query(max_length=40, description="Whose: a region, a code 责任方", examples=["110000"]),
    ] = None,
) -> PageView[DeadlineView]:
    """List the deadlines of those the caller answers for."""
    asked = DeadlinesAsked(days=days, state=state, kind=kind, party=party)
    found = await calendar.deadlines(reading, asked, page)
    provisions = reading.law.provisions
    return PageView.of(found, lambda it: DeadlineView.of(it, reading.today, provisions))
