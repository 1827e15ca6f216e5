"""HTTP for clearings: the operator runs them, every agency reads its own side."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.clearing import service
from app.clearing.errors import (
    ClearingExists,
    ClearingUnknown,
    PeriodCycle,
    PeriodNotOver,
    PeriodTooEarly,
    PeriodUnreadable,
    StatementUnknown,
)
from app.clearing.schemas import (
    ClearingRun,
    ClearingView,
    ItemView,
    NetView,
    StatementView,
)
from app.clearing.schemas.paying import CitySharesView
from app.kernel.regions import REGION_CODE
from app.runtime.auth import PartyKind
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

router = APIRouter(prefix="/v1/clearings", tags=["clearings 清算"])

Number = Annotated[
    str,
    Path(max_length=20, description="Clearing number 清算编号", examples=["C0000002510210000001"]),
]
_PLACE = {"pattern": REGION_CODE.pattern, "examples": ["370000"]}
Place = Annotated[str, Path(description="Place 地区", **_PLACE)]
PlaceAsked = Annotated[str | None, Query(description="Only this side 仅限该地区", **_PLACE)]


@router.post(
    "",
    status_code=201,
    summary="Run the clearing of a period 生成清算",
    response_model=ClearingView,
    responses=problems(
        PeriodUnreadable, PeriodTooEarly, PeriodCycle, PeriodNotOver, ClearingExists
    ),
    dependencies=[only(PartyKind.OPERATOR)],
)
async def run(body: ClearingRun, door: OpenDoor) -> Response:
    """Close the period's months and claim, gross per ordered pair, all that is not cleared yet.

    A settlement is in exactly one clearing: what comes late falls in the next.
    关闭清算期各月，按参保地—就医地逐对全额生成清算；每笔结算只计入一期，迟到的计入下一期。
    """
    return await door.write(lambda work: service.run(work, body.asked()), show=ClearingView.of)


@router.get(
    "",
    summary="List clearings 查询清算",
    response_model=PageView[ClearingView],
    responses=problems(CursorUnreadable),
    dependencies=[only()],
)
async def clearings(reading: OpenReading, page: AskedPage) -> PageView[ClearingView]:
    """List the clearings the caller has a claim in, with totals over its own claims.

    列出与本地区有关的清算，合计仅含本地区的清算对。
    """
    return PageView.of(await service.clearings(reading, page), ClearingView.of)


@router.get(
    "/{number}",
    summary="Read a clearing 查询单期清算",
    response_model=ClearingView,
    responses=problems(ClearingUnknown),
    dependencies=[only()],
)
async def find(number: Number, reading: OpenReading) -> ClearingView:
    """Read one clearing, with totals over the caller's own claims. 查询单期清算及本地区合计。"""
    return ClearingView.of(await service.find(reading, number))


@router.get(
    "/{number}/statements",
    summary="List what each place pays and receives 查询各地应收应付",
    response_model=PageView[NetView],
    responses=problems(CursorUnreadable, ClearingUnknown),
    dependencies=[only()],
)
async def statements(number: Number, reading: OpenReading, page: AskedPage) -> PageView[NetView]:
    """Total the statements of the places the caller governs, with the net as information.

    汇总本辖区各地的应付、应收，并列多边净额供参考。
    """
    return PageView.of(await service.nets(reading, number, page), NetView.of)


@router.get(
    "/{number}/statements/{place}",
    summary="Read a place's statement 查询清算表",
    response_model=StatementView,
    responses=problems(ClearingUnknown, StatementUnknown),
    dependencies=[only()],
)
async def statement(number: Number, place: Place, reading: OpenReading) -> StatementView:
    """Read the claims a place pays and those it receives, each with its digest.

    查询某地应付、应收的全部清算对，各附结算明细摘要。
    """
    return StatementView.of(await service.statement(reading, number, place))


@router.get(
    "/{number}/items",
    summary="List the settlements in a clearing 查询清算结算明细",
    response_model=PageView[ItemView],
    responses=problems(CursorUnreadable, ClearingUnknown),
    dependencies=[only()],
)
async def items(
    number: Number,
    reading: OpenReading,
    page: AskedPage,
    insured_place: PlaceAsked = None,
    treatment_place: PlaceAsked = None,
) -> PageView[ItemView]:
    """List, in the order of their numbers, the settlements the caller is a side of.

    A claim's `root` can be recomputed from them: take the items of one insured and one treatment
    place in this order; write each as `number total fund`, parted by one space, with the amounts
    as whole fen (`18250.00` is `1825000`, a cancellation's are negative); join the lines with a
    newline (U+000A), none after the last; the root is the SHA-256 of that text in UTF-8, in
    hexadecimal.

    摘要重算：取同一参保地、就医地的明细，按本列表顺序，每笔写作“编号 费用总额 基金支付”，
    以一个空格分隔，金额以分为单位的整数，行间以换行符连接，末行无换行，
    UTF-8 编码后求 SHA-256，以十六进制表示。
    """
    page_of = await service.items(
        reading, number, page, insured_place=insured_place, treatment_place=treatment_place
    )
    return PageView.of(page_of, ItemView.of)


@router.get(
    "/{number}/statements/{place}/cities",
    summary="Split a place's statement by its cities 查询清算表分市明细",
    response_model=CitySharesView,
    responses=problems(ClearingUnknown, StatementUnknown),
    dependencies=[only()],
)
async def city_shares(number: Number, place: Place, reading: OpenReading) -> CitySharesView:
    """Split each claim of a place by the cities of its own side, for the second level.

    What it pays falls to the cities insured in, what it receives to the cities treated in.
    按本侧所属市拆分清算对：应付按参保市，应收按就医市，供省内二级清算使用。
    """
    return CitySharesView.of(await service.city_shares(reading, number, place))
