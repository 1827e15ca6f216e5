"""HTTP for the yearly run of quotas and its worksheet."""

from __future__ import annotations

from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Response

from app.advance import files
from app.advance.errors import (
    AdvanceMoved,
    AdvanceRunExists,
    AdvanceRunUnknown,
    AdvanceYearWrong,
)
from app.advance.routes.callers import READERS
from app.advance.schemas import QuotaRowView, QuotaRun, RunView
from app.advance.service import runs as service
from app.kernel.lifecycle import NoSuchMove
from app.parties.errors import PersonRequired, SecondPersonNeeded
from app.runtime.auth import PartyKind
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems
from app.runtime.sheets import CSV_TYPE, XLSX_TYPE

router = APIRouter(prefix="/v1/advances/runs", tags=["advances 预付金"])
Number = Annotated[
    str,
    Path(max_length=20, description="Run number 核定编号", examples=["Q0000002501060000001"]),
]
_SHEET: dict[int | str, dict[str, Any]] = {
    200: {"content": {CSV_TYPE: {}, XLSX_TYPE: {}}, "description": "Worksheet 工作表"}
}


@router.post(
    "",
    status_code=201,
    summary="Compute a year's quotas 核定年度预付金额度",
    response_model=RunView,
    responses=problems(PersonRequired, AdvanceRunExists, AdvanceYearWrong),
    dependencies=[only(PartyKind.OPERATOR)],
)
async def compute(body: QuotaRun, door: OpenDoor) -> Response:
    """Compute for every pair months of cover × mean monthly fund amount, and what is still to move.

    Nothing is called for before another person issues the run; until then it may be run again.
    按基期月均基金支付额与保障月数核定各地区对额度及应补、应退；另一人下达后方生成通知书。
    """
    return await door.write(
        lambda work: service.compute(work, body.scheme, body.year), show=RunView.of
    )


@router.get(
    "",
    summary="List the runs of quotas 查询额度核定",
    response_model=PageView[RunView],
    responses=problems(CursorUnreadable),
    dependencies=[READERS],
)
async def runs(reading: OpenReading, page: AskedPage) -> PageView[RunView]:
    """List the runs the caller has a part in, over its own pairs. 列出与本地区有关的核定。"""
    return PageView.of(await service.runs(reading, page), RunView.of)


@router.get(
    "/{number}",
    summary="Read a run of quotas 查询单次额度核定",
    response_model=RunView,
    responses=problems(AdvanceRunUnknown),
    dependencies=[READERS],
)
async def run(number: Number, reading: OpenReading) -> RunView:
    """Read one run, summed over the caller's own pairs. 查询单次核定，合计为本地区部分。"""
    return RunView.of(await service.find(reading, number))


@router.get(
    "/{number}/worksheet",
    summary="Read the worksheet of a run 查询核定工作表",
    response_model=PageView[QuotaRowView],
    responses=problems(AdvanceRunUnknown, CursorUnreadable),
    dependencies=[READERS],
)
async def worksheet(
    number: Number, reading: OpenReading, page: AskedPage
) -> PageView[QuotaRowView]:
    """Read every figure on the way to each quota: months, sum, mean, rounding, floor, difference.

    逐对列出各月金额、合计、月均、取整、下限、额度、已有与应补应退。
    """
    return PageView.of(await service.worksheet(reading, number, page), QuotaRowView.of)


@router.get(
    "/{number}/worksheet/file",
    summary="Download the worksheet of a run 下载核定工作表",
    response_class=Response,
    responses=_SHEET | problems(AdvanceRunUnknown),
    dependencies=[READERS],
)
async def worksheet_file(
    number: Number,
    reading: OpenReading,
    form: Annotated[
        str,
        Query(alias="format", pattern="^(csv|xlsx)$", description="csv or xlsx 文件格式"),
    ] = "csv",
) -> Response:
    """Download the whole worksheet as CSV or XLSX. 下载完整工作表。"""
    found, rows = await service.whole_worksheet(reading, number)
    is_csv = form == "csv"
    content = (files.worksheet_csv if is_csv else files.worksheet_xlsx)(found, rows)
    named = {"Content-Disposition": f'attachment; filename="{found.number}.{form}"'}
    return Response(content, 200, named, CSV_TYPE if is_csv else XLSX_TYPE)


@router.post(
    "/{number}/issue",
    status_code=200,
    summary="Issue the notices of a run 下达预付金通知书",
    response_model=RunView,
    responses=problems(
        AdvanceRunUnknown,
        PersonRequired,
        SecondPersonNeeded,
        NoSuchMove,
        AdvanceRunExists,
        AdvanceMoved,
    ),
    dependencies=[only(PartyKind.OPERATOR)],
)
async def issue(number: Number, door: OpenDoor) -> Response:
    """Let another person issue the run: notices go to both sides, and every pair is watched.

    由核定人以外的另一人下达：向双方生成付款、收款通知书，并开始监测各地区对的使用率。
    """
    return await door.write(lambda work: service.issue(work, number), show=RunView.of, status=200)


@router.post(
    "/{number}/withdrawal",
    status_code=200,
    summary="Withdraw a run not issued yet 撤回额度核定",
    response_model=RunView,
    responses=problems(AdvanceRunUnknown, NoSuchMove),
    dependencies=[only(PartyKind.OPERATOR)],
)
async def withdraw(number: Number, door: OpenDoor) -> Response:
    """Take back a run that is not to be issued. 撤回未下达的核定。"""
    return await door.write(
        lambda work: service.withdraw(work, number), show=RunView.of, status=200
    )
