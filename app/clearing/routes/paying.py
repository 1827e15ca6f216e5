"""HTTP for bank confirmations and for the year's close."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.clearing import files
from app.clearing.errors import (
    BankReferenceReused,
    BankRowsForeign,
    BankRowsUnreadable,
    YearNotClear,
    YearNotOver,
)
from app.clearing.model import BankOutcome
from app.clearing.schemas.paying import PaymentView, TakenInView, YearView
from app.clearing.service import paying, years
from app.runtime.auth import PartyKind
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import ContentTypeUnsupported, problems
from app.runtime.sheets import SheetTooLong, SheetUnreadable
from app.runtime.uploads import OpenSheet, upload_body

router = APIRouter(prefix="/v1", tags=["clearings 清算"])
Year = Annotated[int, Path(ge=2024, le=2999, description="Year 年度", examples=[2025])]


@router.post(
    "/clearing-payments/import",
    status_code=201,
    summary="Import a bank's confirmation 导入银行到账回单",
    response_model=TakenInView,
    responses=problems(
        SheetUnreadable,
        SheetTooLong,
        ContentTypeUnsupported,
        BankRowsUnreadable,
        BankRowsForeign,
        BankReferenceReused,
    ),
    dependencies=[only(PartyKind.AGENCY, PartyKind.OPERATOR)],
    openapi_extra=upload_body(files.BANK_EXAMPLE_CSV),
)
async def take_in(door: OpenDoor, sheet: OpenSheet) -> Response:
    """Match each row to the notice its reference names: matched, partial, misdirected, returned.

    A row with an amount below zero is money that came back. The same `bank_reference` counts
    once. A sheet with one unreadable row changes nothing.
    按付款附言、收付款方、金额核对：核销、部分到账、错汇、退票（负数）；同一银行流水号只计一次。
    """
    rows = await sheet.rows(files.BANK_COLUMNS, files.BANK_ROWS_MAX)
    lines = files.bank_lines([(row.line, row.cells) for row in rows])
    return await door.write(lambda work: paying.take_in(work, lines), show=TakenInView.of)


@router.get(
    "/clearing-payments",
    summary="List bank confirmations 查询银行到账回单",
    response_model=PageView[PaymentView],
    responses=problems(CursorUnreadable),
    dependencies=[only()],
)
async def list_payments(
    reading: OpenReading,
    page: AskedPage,
    outcome: Annotated[BankOutcome | None, Query(description="What it came to 核对结果")] = None,
) -> PageView[PaymentView]:
    """List the bank's lines the caller pays or is paid by. 列出与本地区有关的银行回单。"""
    return PageView.of(await paying.list_payments(reading, page, outcome), PaymentView.of)


@router.get(
    "/clearing-years/{year}",
    summary="Tell what of a year is open 查询年度清算",
    response_model=YearView,
    dependencies=[only(PartyKind.OPERATOR)],
)
async def find_year(year: Year, reading: OpenReading) -> YearView:
    """Tell what of a year is not cleared, noticed, answered or paid. 查询年度清算未了事项。"""
    return YearView.of(await years.year(reading, year))


@router.post(
    "/clearing-years/{year}/close",
    status_code=201,
    summary="Close a year 年度清算关账",
    response_model=YearView,
    responses=problems(YearNotOver, YearNotClear),
    dependencies=[only(PartyKind.OPERATOR)],
)
async def close_year(year: Year, door: OpenDoor) -> Response:
    """Close a year after 31 March of the next, if nothing is open. 次年三月三十一日后关账。"""
    return await door.write(lambda work: years.close_year(work, year), show=YearView.of)
