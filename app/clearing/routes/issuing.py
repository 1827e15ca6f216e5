"""HTTP for notices: issued by the operator, read and printed by their addressees."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from app.clearing import files
from app.clearing.errors import ClaimsUnconfirmed, ClearingUnknown, NoticeUnknown
from app.clearing.routes.runs import Number
from app.clearing.schemas import IssueView, NoticeView
from app.clearing.schemas.paying import AgedView, AgesView
from app.clearing.service import issuing
from app.kernel.lifecycle import NoSuchMove
from app.ledger.errors import AdvanceExhausted
from app.runtime.auth import PartyKind
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems
from app.runtime.sheets import CSV_TYPE
from app.settlement.errors import MonthsClosing

router = APIRouter(prefix="/v1", tags=["clearings 清算"])
HTML_TYPE = "text/html"
_PRINTED: dict[int | str, dict[str, Any]] = {
    200: {"content": {HTML_TYPE: {}}, "description": "Notice 通知书"}
}
_ADVICE: dict[int | str, dict[str, Any]] = {
    200: {"content": {CSV_TYPE: {}}, "description": "Advice 付款清单"}
}
NoticeNumber = Annotated[
    str,
    Path(max_length=20, description="Notice number 通知书编号", examples=["N1100002510310000001"]),
]


@router.post(
    "/clearings/{number}/notices",
    status_code=201,
    summary="Issue the notices of a clearing 下达付款、收款通知书",
    response_model=IssueView,
    responses=problems(
        ClearingUnknown, NoSuchMove, ClaimsUnconfirmed, MonthsClosing, AdvanceExhausted
    ),
    dependencies=[only(PartyKind.OPERATOR)],
)
async def issue_notices(number: Number, door: OpenDoor) -> Response:
    """Issue a payable and a receivable notice for every confirmed claim, and book it as notified.

    Contested items roll forward, at most two periods. Claims not confirmed yet wait; ask again.
    对双方已确认的清算对下达付款、收款通知书并记账；争议明细顺延至多两期；未确认的另行下达。
    """
    return await door.write(lambda work: issuing.issue_notices(work, number), show=IssueView.of)


@router.get(
    "/clearings/{number}/notices",
    summary="List the notices of a clearing 查询通知书",
    response_model=PageView[NoticeView],
    responses=problems(CursorUnreadable, ClearingUnknown),
    dependencies=[only()],
)
async def notices(number: Number, reading: OpenReading, page: AskedPage) -> PageView[NoticeView]:
    """List the notices addressed to the places the caller governs. 列出下达给本辖区的通知书。"""
    return PageView.of(await issuing.notices_of(reading, number, page), NoticeView.of)


@router.get(
    "/clearings/{number}/notices/{notice}",
    summary="Read or print a notice 查询、打印通知书",
    response_model=NoticeView,
    responses=_PRINTED | problems(ClearingUnknown, NoticeUnknown),
    dependencies=[only()],
)
async def notice(
    number: Number, notice: NoticeNumber, request: Request, reading: OpenReading
) -> Response:
    """Read one notice; with `Accept: text/html` as a page that prints to paper or to PDF.

    查询单份通知书；Accept 为 text/html 时返回公文格式的可打印页面，可由浏览器打印为 PDF。
    """
    found = await issuing.notice(reading, number, notice)
    vary = {"Vary": "Accept"}
    if HTML_TYPE in request.headers.get("accept", ""):
        page = files.notice_page(found)
        return Response(page, 200, vary, f"{HTML_TYPE}; charset=utf-8")
    body = NoticeView.of(found).model_dump_json()
    return Response(body, 200, vary, "application/json")


@router.get(
    "/clearings/{number}/payment-advice",
    summary="Download what is to be paid 下载付款清单",
    response_class=Response,
    responses=_ADVICE | problems(ClearingUnknown),
    dependencies=[only()],
)
async def advice(number: Number, reading: OpenReading) -> Response:
    """One row for each payment outstanding, with the reference by which it will be matched.

    逐笔列出待付款项，附核对用付款附言（付款通知书编号）。
    """
    clearing, advised = await issuing.advice(reading, number)
    named = {"Content-Disposition": f'attachment; filename="{clearing.number}.csv"'}
    return Response(files.advice_csv(advised), 200, named, CSV_TYPE)


@router.get(
    "/notices/open",
    summary="List notices not paid in full 查询未办结通知书",
    response_model=PageView[AgedView],
    responses=problems(CursorUnreadable),
    dependencies=[only()],
)
async def open_notices(
    reading: OpenReading,
    page: AskedPage,
    *,
    overdue: Annotated[bool, Query(description="Only overdue ones 仅逾期")] = False,
) -> PageView[AgedView]:
    """List the caller's notices not paid in full, with their age. 列出未足额到账的通知书。"""
    return PageView.of(await issuing.open_notices(reading, page, overdue=overdue), AgedView.of)


@router.get(
    "/notices/ages",
    summary="Sum what is open by age 账龄分析",
    response_model=AgesView,
    dependencies=[only()],
)
async def ages(reading: OpenReading) -> AgesView:
    """Sum the caller's open payable notices by how long they are overdue. 按逾期天数分段合计。"""
    on, sums = await issuing.ages(reading)
    return AgesView.of(on, sums)
