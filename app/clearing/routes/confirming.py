"""HTTP for what both sides say of a claim."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Response

from app.clearing.errors import (
    ClaimConfirmed,
    ClaimForeign,
    ClaimNoticed,
    ClaimUnconfirmed,
    ClaimUnknown,
    ClearingUnknown,
    ContestAnswered,
    ContestRefused,
    ContestSideWrong,
    DigestMismatch,
    LinesMismatch,
    TotalrowMismatch,
)
from app.clearing.model.confirming import Pair
from app.clearing.routes.runs import Number, Place
from app.clearing.schemas.confirming import DigestIn, LinesIn, StandingView, WithdrawalIn
from app.clearing.service import confirming
from app.parties.errors import PersonRequired, SecondPersonNeeded
from app.runtime.auth import PartyKind
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

router = APIRouter(prefix="/v1/clearings/{number}/claims", tags=["clearings 清算"])
_CLAIM = "/{insured_place}/{treatment_place}"
# Whoever speaks of a claim may hear these first, and whoever contests in it those last.
SPEAKING = (ClaimUnknown, ClaimForeign, ClaimConfirmed, ClaimNoticed)
CONTESTING = (ContestSideWrong, ContestRefused)


async def pair_of(insured_place: Place, treatment_place: Place) -> Pair:
    """FastAPI dependency: the ordered pair of the path."""
    return Pair(insured_place, treatment_place)


AskedPair = Annotated[Pair, Depends(pair_of)]


@router.get(
    "",
    summary="List the claims and who confirmed them 查询清算对确认情况",
    response_model=PageView[StandingView],
    responses=problems(CursorUnreadable, ClearingUnknown),
    dependencies=[only()],
)
async def standings(
    number: Number, reading: OpenReading, page: AskedPage
) -> PageView[StandingView]:
    """List the caller's claims with what both sides have said of them, in part or whole.

    列出本地区清算对及双方确认情况，含部分确认。
    """
    return PageView.of(await confirming.standings(reading, number, page), StandingView.of)


@router.get(
    _CLAIM,
    summary="Read a claim and who confirmed it 查询单个清算对",
    response_model=StandingView,
    responses=problems(ClearingUnknown, ClaimUnknown),
    dependencies=[only()],
)
async def standing(number: Number, pair: AskedPair, reading: OpenReading) -> StandingView:
    """Read one claim with what both sides have said of it. 查询单个清算对及双方确认情况。"""
    return StandingView.of(await confirming.standing(reading, number, pair))


@router.post(
    _CLAIM + "/confirmations",
    status_code=201,
    summary="Confirm a claim by its digest 按摘要确认清算对",
    response_model=StandingView,
    responses=problems(*SPEAKING, DigestMismatch, *CONTESTING),
    dependencies=[only(PartyKind.AGENCY)],
)
async def confirm(number: Number, pair: AskedPair, body: DigestIn, door: OpenDoor) -> Response:
    """Confirm count, sum and root as the caller recomputed them, but for the items contested.

    Only the agency of the very place speaks for its side. The insured side may contest up to 100
    items in a call, each with a coded reason and evidence; more by lines.
    按笔数、金额、摘要确认；参保地可附异议明细及编码原因，每次至多 100 笔。
    """
    asked, objections = body.read()
    return await door.write(
        lambda work: confirming.confirm(work, number, pair, asked, objections),
        show=StandingView.of,
    )


@router.post(
    _CLAIM + "/lines",
    status_code=201,
    summary="Confirm a page of lines 分页逐笔确认",
    response_model=StandingView,
    responses=problems(*SPEAKING, TotalrowMismatch, LinesMismatch, *CONTESTING),
    dependencies=[only(PartyKind.AGENCY)],
)
async def confirm_lines(number: Number, pair: AskedPair, body: LinesIn, door: OpenDoor) -> Response:
    """Confirm or contest up to 100 items; `totalrow` is the number of items in all pages.

    The claim is confirmed once every item was sent; until then it stays visible in part. A page
    with one bad line keeps nothing; a line sent again counts once.
    每页至多 100 笔，totalrow 为总行数；全部报送后视为确认，此前显示为部分确认。
    """
    asked = body.read()
    return await door.write(
        lambda work: confirming.confirm_lines(work, number, pair, asked), show=StandingView.of
    )


@router.post(
    _CLAIM + "/withdrawals",
    status_code=201,
    summary="Take a confirmation back 撤回确认",
    response_model=StandingView,
    responses=problems(
        ClaimUnknown,
        ClaimForeign,
        PersonRequired,
        SecondPersonNeeded,
        ClaimUnconfirmed,
        ClaimNoticed,
        ContestAnswered,
    ),
    dependencies=[only(PartyKind.AGENCY)],
)
async def withdraw(number: Number, pair: AskedPair, body: WithdrawalIn, door: OpenDoor) -> Response:
    """Take the caller's side's confirmation back, as another person than the one that confirmed.

    Possible until notices are issued; contests raised with it and not answered go with it. What a
    machine confirmed for a party with persons is taken back by two: `withdrawal_asked_by` names
    the first of them.
    通知书下达前由另一人撤回本侧确认，未答复的争议一并撤回。
    已设人员账号的单位撤回系统所作确认，须先后由两人申请。
    """
    return await door.write(
        lambda work: confirming.withdraw(work, number, pair, body.reason), show=StandingView.of
    )
