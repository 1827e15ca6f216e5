"""HTTP for contests: both sides read them, the treatment side answers."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.clearing.errors import (
    ClaimForeign,
    ContestDeducted,
    ContestMoot,
    ContestUnknown,
    ContestWasInTime,
    ReplyAmountWrong,
)
from app.clearing.model import ContestState
from app.clearing.model.confirming import ContestsAsked
from app.clearing.schemas.confirming import ContestView, ReplyIn
from app.clearing.service import contests
from app.kernel.lifecycle import NoSuchMove
from app.ledger.errors import AdvanceExhausted
from app.runtime.auth import PartyKind
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems
from app.settlement.errors import MonthsClosing

router = APIRouter(prefix="/v1/contests", tags=["clearings 清算"])
ContestNumber = Annotated[
    str,
    Path(max_length=20, description="Contest number 争议编号", examples=["Z1100002510220000001"]),
]


@router.get(
    "",
    summary="List contests 查询争议",
    response_model=PageView[ContestView],
    responses=problems(CursorUnreadable),
    dependencies=[only()],
)
async def list_contests(
    reading: OpenReading,
    page: AskedPage,
    clearing: Annotated[
        str | None, Query(max_length=20, description="Raised in this clearing 清算编号")
    ] = None,
    state: Annotated[ContestState | None, Query(description="State 状态")] = None,
) -> PageView[ContestView]:
    """List the contests the caller is a side of. 列出与本地区有关的争议。"""
    asked = ContestsAsked(clearing, state)
    return PageView.of(await contests.list_contests(reading, page, asked), ContestView.of)


@router.get(
    "/{contest}",
    summary="Read a contest 查询单个争议",
    response_model=ContestView,
    responses=problems(ContestUnknown),
    dependencies=[only()],
)
async def find(contest: ContestNumber, reading: OpenReading) -> ContestView:
    """Read one contest and its answer. 查询单个争议及答复。"""
    return ContestView.of(await contests.find_contest(reading, contest))


@router.post(
    "/{contest}/reply",
    status_code=201,
    summary="Answer a contest 答复争议",
    response_model=ContestView,
    responses=problems(
        ContestUnknown,
        ClaimForeign,
        NoSuchMove,
        ReplyAmountWrong,
        ContestWasInTime,
        ContestMoot,
        ContestDeducted,
        MonthsClosing,
        AdvanceExhausted,
    ),
    dependencies=[only(PartyKind.AGENCY)],
)
async def reply(contest: ContestNumber, body: ReplyIn, door: OpenDoor) -> Response:
    """Accept, accept in part with a new amount, reject, or find it raised too late.

    What is accepted the insured place no longer owes; it is booked against the institution.
    认可、部分认可（附新金额）、不认可、逾期提出；认可部分冲减应收并向机构扣款。
    """
    asked = body.read()
    return await door.write(lambda work: contests.reply(work, contest, asked), show=ContestView.of)
