"""HTTP for deductions: agencies propose, decide and give back, institutions see and appeal."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.kernel.calendar import Month
from app.kernel.identity import PUBLIC_NUMBER
from app.kernel.lifecycle import NoSuchMove
from app.kernel.parties import PartyKind
from app.ledger.errors import AdvanceExhausted
from app.review.errors import (
    AppealTermOver,
    DecisionAmountWrong,
    DeductionNotReturnable,
    DeductionsRefused,
    DeductionUnknown,
    ReviewForeign,
)
from app.review.model import DeductionState
from app.review.model.deducting import DeductionsAsked
from app.review.routes.callers import READERS
from app.review.schemas.deducting import (
    AppealIn,
    DecisionIn,
    DeductionsIn,
    DeductionView,
    ProposedView,
    ReturnIn,
)
from app.review.service import deducting
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems
from app.runtime.wire import MONTH
from app.settlement.errors import MonthsClosing

router = APIRouter(prefix="/v1/deductions", tags=["reviews 审核"])
Number = Annotated[
    str,
    Path(
        pattern=PUBLIC_NUMBER.pattern,
        description="Deduction number 扣款编号",
        examples=["K3701002510080000001"],
    ),
]


@router.post(
    "",
    status_code=201,
    response_model=ProposedView,
    responses=problems(DeductionsRefused),
    dependencies=[only(PartyKind.AGENCY)],
    summary="Propose deductions 提出扣款",
    description="From settlements of the caller's region, as a whole or by fee line, with a coded "
    "reason and the evidence; at most what the fund bears, former deductions taken off. All of "
    "them or none; every fault is named. The institution may appeal within five working days. "
    "就医地经办机构对本地区结算整笔或按明细提出扣款，附原因代码与证据；任一项有误则全部不提出并逐项说明。",
)
async def propose(asked: DeductionsIn, door: OpenDoor) -> Response:
    """Propose deductions."""
    return await door.write(
        lambda work: deducting.propose(work, asked.read()), show=ProposedView.of
    )


@router.get(
    "",
    response_model=PageView[DeductionView],
    responses=problems(CursorUnreadable),
    dependencies=[READERS],
    summary="List deductions 查询扣款",
    description="An institution sees its own, an agency those of its region as either side. "
    "机构查询本机构的扣款，经办机构查询与本地区有关的扣款。",
)
async def deductions(
    reading: OpenReading,
    page: AskedPage,
    settlement: Annotated[
        str | None, Query(max_length=20, description="Settlement 结算编号")
    ] = None,
    institution: Annotated[
        str | None, Query(pattern=r"^[HA][0-9]{11}$", description="Institution 机构")
    ] = None,
    state: Annotated[DeductionState | None, Query(description="State 状态")] = None,
    month: Annotated[
        str | None,
        Query(pattern=MONTH, description="Month it counts in 计入月份"),
    ] = None,
) -> PageView[DeductionView]:
    """List deductions."""
    asked = DeductionsAsked(
        settlement=settlement,
        institution=institution,
        state=state,
        month=None if month is None else Month.parse(month),
    )
    return PageView.of(await deducting.deductions(reading, asked, page), DeductionView.of)


@router.get(
    "/{number}",
    response_model=DeductionView,
    responses=problems(DeductionUnknown),
    dependencies=[READERS],
    summary="Show a deduction 查询单笔扣款",
    description="With the appeal, the decision and the month it counts in. "
    "含申诉、裁定与计入月份。",
)
async def deduction(number: Number, reading: OpenReading) -> DeductionView:
    """Show a deduction."""
    return DeductionView.of(await deducting.find(reading, number))


@router.post(
    "/{number}/appeal",
    status_code=201,
    response_model=DeductionView,
    responses=problems(DeductionUnknown, NoSuchMove, AppealTermOver),
    dependencies=[only(PartyKind.INSTITUTION)],
    summary="Appeal against a deduction 申诉",
    description="Up to the last day told with the deduction; what is not appealed against by then "
    "becomes final. 在申诉截止日前提出；逾期未申诉的扣款即生效。",
)
async def appeal(number: Number, asked: AppealIn, door: OpenDoor) -> Response:
    """Appeal."""
    return await door.write(
        lambda work: deducting.appeal(work, number, asked.note), show=DeductionView.of
    )


@router.post(
    "/{number}/decision",
    status_code=201,
    response_model=DeductionView,
    responses=problems(
        DeductionUnknown, ReviewForeign, NoSuchMove, DecisionAmountWrong, MonthsClosing
    ),
    dependencies=[only(PartyKind.AGENCY)],
    summary="Decide on a deduction 裁定扣款",
    description="What was appealed against is upheld, lowered to a new amount, or withdrawn; what "
    "was not may be withdrawn. What stands is final: booked, and counted in the first month of the "
    "place still open. 对申诉维持、部分维持（附新金额）或撤回；未申诉的可撤回。"
    "维持部分即生效、记账，计入就医地当前未结月份。",
)
async def decide(number: Number, asked: DecisionIn, door: OpenDoor) -> Response:
    """Decide."""
    return await door.write(
        lambda work: deducting.decide(
            work, number, asked.decision.event, asked.lowered_to, asked.note
        ),
        show=DeductionView.of,
    )


@router.post(
    "/{number}/return",
    status_code=201,
    response_model=DeductionView,
    responses=problems(
        DeductionUnknown, ReviewForeign, DeductionNotReturnable, MonthsClosing, AdvanceExhausted
    ),
    dependencies=[only(PartyKind.AGENCY)],
    summary="Give a final deduction back 返还扣款",
    description="Books its negative twin, which counts in the first month still open; then the "
    "settlement can be cancelled. "
    "以负数记录返还已生效的扣款，计入当前未结月份；其后方可撤销该结算。",
)
async def give_back(number: Number, asked: ReturnIn, door: OpenDoor) -> Response:
    """Give back."""
    return await door.write(
        lambda work: deducting.give_back(work, number, asked.note), show=DeductionView.of
    )
