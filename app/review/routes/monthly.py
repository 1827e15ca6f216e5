"""HTTP for declarations and for months: closed, uploaded, and their money asked for."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from app.kernel.calendar import Month
from app.kernel.identity import PUBLIC_NUMBER
from app.kernel.lifecycle import NoSuchMove
from app.kernel.parties import PartyKind
from app.kernel.regions import REGION_CODE, Scheme
from app.parties.errors import RegionUnknown
from app.review import files
from app.review.errors import (
    DeclarationMade,
    EarlierMonthsOpen,
    MonthRunning,
    MonthTooEarly,
    NothingToDeclare,
    ReviewExists,
    ReviewForeign,
    ReviewUnknown,
    TotalsDiffer,
)
from app.review.model.monthly import MonthsWanted
from app.review.routes.callers import READERS
from app.review.schemas.monthly import (
    CloseIn,
    DeclarationIn,
    DeclarationView,
    FiguresView,
    FundRequestView,
    OpenReviewsView,
    OpenReviewView,
    ReviewLineView,
    ReviewView,
    UploadIn,
)
from app.review.service import closing, declaring
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems
from app.runtime.wire import MONTH

router = APIRouter(prefix="/v1/reviews", tags=["reviews 审核"])
AGENCIES = only(PartyKind.AGENCY, PartyKind.OPERATOR)
HTML_TYPE = "text/html"
_PRINTED: dict[int | str, dict[str, Any]] = {
    200: {"content": {HTML_TYPE: {}}, "description": "Fund request 用款申请表"}
}
Number = Annotated[
    str,
    Path(
        pattern=PUBLIC_NUMBER.pattern,
        description="Number of the closed month 关账编号",
        examples=["T3700002510120000001"],
    ),
]
Place = Annotated[
    str | None, Query(pattern=REGION_CODE.pattern, description="Treatment place 就医地")
]
Institution = Annotated[
    str | None, Query(pattern=r"^[HA][0-9]{11}$", description="Institution 机构")
]
MonthPicked = Annotated[str | None, Query(pattern=MONTH, description="Month 月份")]


@router.get(
    "/declarations/{month}/figures",
    response_model=PageView[FiguresView],
    responses=problems(ReviewForeign, CursorUnreadable),
    dependencies=[READERS],
    summary="A month's figures as the hub has them 月度申报数据",
    description="What each institution settled in a month, with totals and digest: the figures to "
    "be declared. The rows are those of the settlements of this month. The operator names a place. "
    "各机构该月结算的合计与摘要，即应申报的数据；明细见该月结算列表。部级须指明就医地。",
)
async def figures(
    month: Annotated[str, Path(pattern=MONTH, description="Month 月份", examples=["2025-09"])],
    reading: OpenReading,
    page: AskedPage,
    *,
    scheme: Annotated[Scheme, Query(description="Scheme 结算范围")] = Scheme.CROSS_PROVINCE,
    place: Place = None,
    institution: Institution = None,
) -> PageView[FiguresView]:
    """Show a month's figures."""
    asked = declaring.FiguresAsked(
        month=Month.parse(month), scheme=scheme, place=place, institution=institution
    )
    return PageView.of(await declaring.figures(reading, asked, page), FiguresView.of)


@router.post(
    "/declarations",
    status_code=201,
    response_model=DeclarationView,
    responses=problems(MonthRunning, NothingToDeclare, TotalsDiffer, DeclarationMade),
    dependencies=[only(PartyKind.INSTITUTION)],
    summary="Declare a month 月度申报",
    description="An institution declares a month that is over, with its own count and totals, "
    "which must be the hub's. Who has not declared by the closing is declared by the hub. "
    "机构对已结束月份申报，笔数与金额须与平台一致；关账时仍未申报的由平台代为申报。",
)
async def declare(asked: DeclarationIn, door: OpenDoor) -> Response:
    """Declare a month."""
    return await door.write(
        lambda work: declaring.declare(work, asked.read()), show=DeclarationView.of
    )


@router.get(
    "/declarations",
    response_model=PageView[DeclarationView],
    responses=problems(CursorUnreadable),
    dependencies=[READERS],
    summary="List declarations 查询申报",
    description="An institution's own, and for an agency those of its region. A later one of the "
    "same month stands in place of the earlier. 机构查本机构，经办机构查本地区；同月以后一次为准。",
)
async def declarations(
    reading: OpenReading,
    page: AskedPage,
    *,
    place: Place = None,
    month: MonthPicked = None,
    institution: Institution = None,
) -> PageView[DeclarationView]:
    """List declarations."""
    found = await declaring.declarations(reading, _wanted(place, month, institution), page)
    return PageView.of(found, DeclarationView.of)


@router.get(
    "/open",
    response_model=OpenReviewsView,
    dependencies=[AGENCIES],
    summary="List months that wait 待办月份",
    description="Months over that have something in them and are not closed, or whose money was "
    "not asked for, each with its last day. 已结束但未关账、或未请款的月份及截止日。",
)
async def open_reviews(reading: OpenReading) -> OpenReviewsView:
    """List months that wait."""
    found = await closing.open_reviews(reading)
    return OpenReviewsView(items=[OpenReviewView.of(each) for each in found])


@router.post(
    "",
    status_code=201,
    response_model=ReviewView,
    responses=problems(
        ReviewForeign, RegionUnknown, ReviewExists, MonthRunning, MonthTooEarly, EarlierMonthsOpen
    ),
    dependencies=[only(PartyKind.AGENCY)],
    summary="Close a month 月度关账",
    description="No settlement or deduction falls into a closed month any more: it falls into the "
    "next. Months close in order, by the 15th of the next month (a province may say otherwise). "
    "Deductions still open do not hold a month; they count in a later one. "
    "关账后该月不再计入结算与扣款，其后的计入次月；各月依次关账，次月十五日前完成；未了结的扣款计入以后月份。",
)
async def close(asked: CloseIn, door: OpenDoor) -> Response:
    """Close a month."""
    return await door.write(lambda work: closing.close(work, asked.read()), show=ReviewView.of)


@router.get(
    "",
    response_model=PageView[ReviewView],
    responses=problems(CursorUnreadable),
    dependencies=[AGENCIES],
    summary="List closed months 查询已关账月份",
    description="Of the places the caller governs. 本辖区各就医地已关账的月份。",
)
async def reviews(
    reading: OpenReading, page: AskedPage, *, place: Place = None, month: MonthPicked = None
) -> PageView[ReviewView]:
    """List closed months."""
    found = await closing.reviews(reading, _wanted(place, month, None), page)
    return PageView.of(found, ReviewView.of)


@router.get(
    "/{number}",
    response_model=ReviewView,
    responses=problems(ReviewUnknown),
    dependencies=[AGENCIES],
    summary="Show a closed month 查询关账结果",
    description="Its control totals and how far it has come. 控制总数与办理进度。",
)
async def review(number: Number, reading: OpenReading) -> ReviewView:
    """Show a closed month."""
    return ReviewView.of(await closing.find(reading, number))


@router.get(
    "/{number}/institutions",
    response_model=PageView[ReviewLineView],
    responses=problems(ReviewUnknown, CursorUnreadable),
    dependencies=[AGENCIES],
    summary="List a closed month by institution 分机构月度应付",
    description="What is due to each institution. 各机构该月应付。",
)
async def lines(number: Number, reading: OpenReading, page: AskedPage) -> PageView[ReviewLineView]:
    """List a closed month by institution."""
    return PageView.of(await closing.lines(reading, number, page), ReviewLineView.of)


@router.post(
    "/{number}/upload",
    status_code=201,
    response_model=ReviewView,
    responses=problems(ReviewUnknown, NoSuchMove, TotalsDiffer),
    dependencies=[only(PartyKind.AGENCY)],
    summary="Upload a closed month 上传审核结果",
    description="With the agency's own control totals, which must be those the month was closed "
    "with. 附经办机构的控制总数，须与关账结果一致。",
)
async def upload(number: Number, asked: UploadIn, door: OpenDoor) -> Response:
    """Upload a closed month."""
    return await door.write(
        lambda work: closing.upload(work, number, asked.read()), show=ReviewView.of
    )


@router.post(
    "/{number}/fund-request",
    status_code=201,
    response_model=ReviewView,
    responses=problems(ReviewUnknown, NoSuchMove),
    dependencies=[only(PartyKind.AGENCY)],
    summary="Ask for the money of a month 用款申请",
    description="Numbers the fund request of an uploaded month, by the 20th. "
    "对已上传月份编制用款申请，每月二十日前完成。",
)
async def request_funds(number: Number, door: OpenDoor) -> Response:
    """Ask for the money."""
    return await door.write(lambda work: closing.request_funds(work, number), show=ReviewView.of)


@router.get(
    "/{number}/fund-request",
    response_model=FundRequestView,
    responses=_PRINTED | problems(ReviewUnknown),
    dependencies=[AGENCIES],
    summary="Read or print a fund request 查询、打印用款申请表",
    description="With `Accept: text/html` as a page that prints to paper or to PDF. "
    "Accept 为 text/html 时返回公文格式的可打印页面。",
)
async def fund_request(number: Number, request: Request, reading: OpenReading) -> Response:
    """Read or print a fund request."""
    found = await closing.fund_request(reading, number)
    vary = {"Vary": "Accept"}
    if HTML_TYPE in request.headers.get("accept", ""):
        page = files.fund_request_page(found)
        return Response(page, 200, vary, f"{HTML_TYPE}; charset=utf-8")
    body = FundRequestView.of(found).model_dump_json()
    return Response(body, 200, vary, "application/json")


def _wanted(place: str | None, month: str | None, institution: str | None) -> MonthsWanted:
    return MonthsWanted(
        place=place,
        month=None if month is None else Month.parse(month),
        institution=institution,
    )
