"""HTTP for the notices of advances, their confirmation, and the statement."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.advance.errors import (
    AdvanceBankReferenceReused,
    AdvanceForeign,
    AdvanceNoticeUnknown,
    AdvanceNotPaidYet,
    ConfirmationMismatch,
    PaidLater,
)
from app.advance.routes.callers import READERS
from app.advance.schemas import AdvanceConfirmation, AdvanceNoticeView, MovementView
from app.advance.service import transfers as service
from app.kernel.lifecycle import NoSuchMove
from app.kernel.regions import REGION_CODE
from app.ledger.errors import AdvanceExhausted
from app.runtime.auth import PartyKind
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

router = APIRouter(prefix="/v1/advances", tags=["advances 预付金"])
Number = Annotated[
    str,
    Path(max_length=20, description="Notice number 通知书编号", examples=["F1100002501060000001"]),
]


@router.get(
    "/notices",
    summary="List the notices of advances 查询预付金通知书",
    response_model=PageView[AdvanceNoticeView],
    responses=problems(CursorUnreadable),
    dependencies=[READERS],
)
async def notices(
    reading: OpenReading,
    page: AskedPage,
    *,
    only_open: Annotated[
        bool, Query(alias="open", description="Only those not booked yet 仅未入账")
    ] = False,
) -> PageView[AdvanceNoticeView]:
    """List the payment and receipt notices addressed to the caller. 列出下达给本地区的通知书。"""
    found = await service.notices(reading, page, only_open=only_open)
    return PageView.of(found, AdvanceNoticeView.of)


@router.get(
    "/notices/{number}",
    summary="Read a notice of an advance 查询单份预付金通知书",
    response_model=AdvanceNoticeView,
    responses=problems(AdvanceNoticeUnknown),
    dependencies=[READERS],
)
async def notice(number: Number, reading: OpenReading) -> AdvanceNoticeView:
    """Read one notice addressed to the caller. 查询下达给本地区的单份通知书。"""
    return AdvanceNoticeView.of(await service.notice(reading, number))


@router.post(
    "/notices/{number}/confirmations",
    status_code=200,
    summary="Confirm a payment or its receipt 确认付款、收款",
    response_model=AdvanceNoticeView,
    responses=problems(
        AdvanceNoticeUnknown,
        AdvanceForeign,
        NoSuchMove,
        AdvanceNotPaidYet,
        AdvanceBankReferenceReused,
        ConfirmationMismatch,
        PaidLater,
        AdvanceExhausted,
    ),
    dependencies=[only(PartyKind.AGENCY)],
)
async def confirm(number: Number, body: AdvanceConfirmation, door: OpenDoor) -> Response:
    """The payer says what it paid, the receiver says the same on its own notice; then it is booked.

    Another amount, reference or date is refused with both figures. The payer may correct itself
    until the receiver agrees.
    付款方凭付款通知书、收款方凭收款通知书分别确认；金额、流水号、日期一致方入账，不一致时返回双方数据。
    """
    return await door.write(
        lambda work: service.confirm(work, number, body.asked()),
        show=AdvanceNoticeView.of,
        status=200,
    )


@router.get(
    "/statement",
    summary="Read the statement of an advance 查询预付金对账单",
    response_model=PageView[MovementView],
    responses=problems(CursorUnreadable),
    dependencies=[READERS],
)
async def statement(
    reading: OpenReading,
    page: AskedPage,
    treatment_place: Annotated[
        str,
        Query(
            pattern=REGION_CODE.pattern, description="Treatment place 就医地", examples=["370000"]
        ),
    ],
    insured_place: Annotated[
        str | None,
        Query(
            pattern=REGION_CODE.pattern,
            description="Insured place; without it the whole pool 参保地；不填为整个资金池",
            examples=["110000"],
        ),
    ] = None,
) -> PageView[MovementView]:
    """List what was paid in and returned, with the balance after each, of a pair or of a pool.

    A pair is read from both its places, a pool where it is.
    列出地区对或就医地资金池的拨付、退回及每笔之后的余额；资金池仅就医地可查。
    """
    found = await service.statement(reading, page, insured_place, treatment_place)
    return PageView.of(found, MovementView.of)
