"""HTTP for misdirected payments: the operator puts them to their notices, by two persons."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.clearing.errors import (
    NoticeUnknown,
    PaymentMisfit,
    PaymentPlaced,
    PaymentUnknown,
    ReassignmentUnknown,
)
from app.clearing.model.reassigning import ReassignmentState
from app.clearing.schemas.reassigning import DecisionIn, ReassignmentIn, ReassignmentView
from app.clearing.service import reassigning
from app.kernel.lifecycle import NoSuchMove
from app.parties.errors import PersonRequired, SecondPersonNeeded
from app.runtime.auth import PartyKind
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

router = APIRouter(prefix="/v1/clearing-reassignments", tags=["clearings 清算"])
Number = Annotated[
    str,
    Path(max_length=20, description="Number 更正编号", examples=["G0000002511210000001"]),
]


@router.post(
    "",
    status_code=201,
    summary="Propose a misdirected payment's notice 申请错汇更正",
    response_model=ReassignmentView,
    responses=problems(PersonRequired, PaymentUnknown, PaymentPlaced, NoticeUnknown, PaymentMisfit),
    dependencies=[only(PartyKind.OPERATOR)],
)
async def propose(body: ReassignmentIn, door: OpenDoor) -> Response:
    """Propose which notice a misdirected payment was meant for; a second person decides.

    Payer and payee must lie within the notice's places, and no more is placed than is open on it.
    Money that reached another province is returned by its bank and paid again instead.
    为错汇回单申请归属通知书，由另一人复核；收付款方须属该清算对辖区，且不超过未到账金额；
    汇入其他省份的应退回重汇。
    """
    asked = body.read()
    return await door.write(lambda work: reassigning.propose(work, asked), show=ReassignmentView.of)


@router.post(
    "/{reassignment}/decision",
    status_code=201,
    summary="Decide a reassignment 复核错汇更正",
    response_model=ReassignmentView,
    responses=problems(
        ReassignmentUnknown, NoSuchMove, PersonRequired, SecondPersonNeeded, PaymentMisfit
    ),
    dependencies=[only(PartyKind.OPERATOR)],
)
async def decide(reassignment: Number, body: DecisionIn, door: OpenDoor) -> Response:
    """Approve, as another person than the one that proposed it, or reject.

    An approved payment is matched to its notice and booked once, on the day the money moved.
    由另一人复核；通过后按到账日入账一次，驳回则仍为错汇。
    """
    asked = body.read()
    return await door.write(
        lambda work: reassigning.decide(work, reassignment, asked), show=ReassignmentView.of
    )


@router.get(
    "",
    summary="List reassignments 查询错汇更正",
    response_model=PageView[ReassignmentView],
    responses=problems(CursorUnreadable),
    dependencies=[only()],
)
async def reassignments(
    reading: OpenReading,
    page: AskedPage,
    state: Annotated[ReassignmentState | None, Query(description="State 状态")] = None,
) -> PageView[ReassignmentView]:
    """List those of payments the caller pays or is paid by. 列出与本地区有关的错汇更正。"""
    return PageView.of(await reassigning.reassignments(reading, page, state), ReassignmentView.of)


@router.get(
    "/{reassignment}",
    summary="Read a reassignment 查询单笔错汇更正",
    response_model=ReassignmentView,
    responses=problems(ReassignmentUnknown),
    dependencies=[only()],
)
async def find(reassignment: Number, reading: OpenReading) -> ReassignmentView:
    """Read one reassignment and its payment. 查询单笔错汇更正及回单。"""
    return ReassignmentView.of(await reassigning.find(reading, reassignment))
