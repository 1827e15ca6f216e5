"""HTTP for what two persons change: modes, quotas, increases, held settlements."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.advance.errors import (
    AdvanceChangeOpen,
    AdvanceChangeUnknown,
    AdvanceForeign,
    AdvanceNotRed,
    AdvancePairWrong,
    AdvanceUnchanged,
    HoldOpen,
    HoldUnknown,
)
from app.advance.model.watching import HoldEvent
from app.advance.routes.callers import READERS
from app.advance.schemas.watching import (
    AdvanceRejection,
    ChangeView,
    HoldRequest,
    HoldView,
    IncreaseDecision,
    IncreaseRequest,
    ModeProposal,
    QuotaProposal,
)
from app.advance.service import changing as service
from app.kernel.lifecycle import NoSuchMove
from app.kernel.money import Money
from app.parties.errors import PersonRequired, SecondPersonNeeded
from app.runtime.auth import PartyKind
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems
from app.visit.errors import VisitUnknown

router = APIRouter(prefix="/v1/advances", tags=["advances 预付金"])
ChangeNumber = Annotated[
    str,
    Path(max_length=20, description="Change number 变更编号", examples=["M3700002509010000001"]),
]
HoldNumber = Annotated[
    str,
    Path(max_length=20, description="Hold number 待批编号", examples=["V3700002509010000001"]),
]
Operator = only(PartyKind.OPERATOR)
Agency = only(PartyKind.AGENCY)
HOLD_SIDES = only(PartyKind.OPERATOR, PartyKind.AGENCY, PartyKind.INSTITUTION)


@router.post(
    "/modes",
    status_code=201,
    summary="Propose another mode 提出处理方式变更",
    response_model=ChangeView,
    responses=problems(PersonRequired, AdvanceChangeOpen, AdvancePairWrong, AdvanceUnchanged),
    dependencies=[Operator],
)
async def propose_mode(body: ModeProposal, door: OpenDoor) -> Response:
    """Propose what an empty advance of a pair does: warn, hold or hard. Another person approves.

    提出地区对预付金不足时的处理方式：预警、暂停或禁止透支；须另一人批准。
    """
    return await door.write(lambda work: service.propose(work, body.asked()), show=ChangeView.of)


@router.post(
    "/quotas",
    status_code=201,
    summary="Propose another quota 提出额度调整",
    response_model=ChangeView,
    responses=problems(PersonRequired, AdvanceChangeOpen, AdvancePairWrong, AdvanceUnchanged),
    dependencies=[Operator],
)
async def propose_quota(body: QuotaProposal, door: OpenDoor) -> Response:
    """Propose another quota of a pair; once approved, the difference is called for or returned.

    提出地区对新额度；另一人批准后按差额下达补付或退回通知书。
    """
    return await door.write(lambda work: service.propose(work, body.asked()), show=ChangeView.of)


@router.post(
    "/increases",
    status_code=201,
    summary="Ask for an emergency increase 申请紧急调增",
    response_model=ChangeView,
    responses=problems(AdvanceForeign, AdvanceChangeOpen, AdvancePairWrong, AdvanceNotRed),
    dependencies=[Agency],
)
async def ask_increase(body: IncreaseRequest, door: OpenDoor) -> Response:
    """Let the treatment place ask for more once the pair or its pool is red.

    The operator decides, another person approves, the insured place pays.
    红色预警后由就医地申请；部级经办机构审定、另一人批准，参保地拨付。
    """
    return await door.write(
        lambda work: service.ask_increase(work, body.asked()), show=ChangeView.of
    )


@router.get(
    "/changes",
    summary="List changes of advances 查询预付金变更",
    response_model=PageView[ChangeView],
    responses=problems(CursorUnreadable),
    dependencies=[READERS],
)
async def changes(reading: OpenReading, page: AskedPage) -> PageView[ChangeView]:
    """List the changes of pairs the caller is a side of. 列出与本地区有关的变更。"""
    return PageView.of(await service.changes(reading, page), ChangeView.of)


@router.get(
    "/changes/{number}",
    summary="Read a change of an advance 查询单项预付金变更",
    response_model=ChangeView,
    responses=problems(AdvanceChangeUnknown),
    dependencies=[READERS],
)
async def change(number: ChangeNumber, reading: OpenReading) -> ChangeView:
    """Read one change of a pair the caller is a side of. 查询单项变更。"""
    return ChangeView.of(await service.change(reading, number))


@router.post(
    "/changes/{number}/decision",
    status_code=200,
    summary="Decide an increase 审定紧急调增",
    response_model=ChangeView,
    responses=problems(PersonRequired, AdvanceChangeUnknown, NoSuchMove),
    dependencies=[Operator],
)
async def decide(number: ChangeNumber, body: IncreaseDecision, door: OpenDoor) -> Response:
    """Propose how much of the increase is to be paid; another person approves.

    审定调增金额；须另一人批准。
    """
    amount = Money.yuan(body.amount)
    return await door.write(
        lambda work: service.decide(work, number, amount, body.note),
        show=ChangeView.of,
        status=200,
    )


@router.post(
    "/changes/{number}/approval",
    status_code=200,
    summary="Approve a change as another person 由另一人批准变更",
    response_model=ChangeView,
    responses=problems(AdvanceChangeUnknown, NoSuchMove, PersonRequired, SecondPersonNeeded),
    dependencies=[Operator],
)
async def approve(number: ChangeNumber, door: OpenDoor) -> Response:
    """Approve what another person proposed: the mode changes at once, money moves by notices.

    批准他人提出的变更：处理方式即时生效，资金按通知书划转。
    """
    return await door.write(
        lambda work: service.approve(work, number), show=ChangeView.of, status=200
    )


@router.post(
    "/changes/{number}/rejection",
    status_code=200,
    summary="Turn a change down 驳回变更",
    response_model=ChangeView,
    responses=problems(AdvanceChangeUnknown, NoSuchMove),
    dependencies=[Operator],
)
async def reject(number: ChangeNumber, body: AdvanceRejection, door: OpenDoor) -> Response:
    """Turn a change down, with the reason. 驳回变更并说明理由。"""
    return await door.write(
        lambda work: service.reject(work, number, body.note), show=ChangeView.of, status=200
    )


@router.post(
    "/holds",
    status_code=201,
    summary="Ask for approval of a held settlement 申请批准结算",
    response_model=HoldView,
    responses=problems(PersonRequired, VisitUnknown, HoldOpen),
    dependencies=[only(PartyKind.AGENCY, PartyKind.INSTITUTION)],
)
async def ask_hold(body: HoldRequest, door: OpenDoor) -> Response:
    """Ask that a visit may be settled, up to an amount of the fund, though the advance is used up.

    预付金用尽且处理方式为暂停时，申请按次、限额批准结算。
    """
    return await door.write(lambda work: service.ask_hold(work, body.asked()), show=HoldView.of)


@router.get(
    "/holds",
    summary="List held settlements 查询待批结算",
    response_model=PageView[HoldView],
    responses=problems(CursorUnreadable),
    dependencies=[HOLD_SIDES],
)
async def holds(reading: OpenReading, page: AskedPage) -> PageView[HoldView]:
    """List the approvals asked for that the caller is a side of. 列出与本单位有关的申请。"""
    return PageView.of(await service.holds(reading, page), HoldView.of)


@router.get(
    "/holds/{number}",
    summary="Read a held settlement 查询单项待批结算",
    response_model=HoldView,
    responses=problems(HoldUnknown),
    dependencies=[HOLD_SIDES],
)
async def hold(number: HoldNumber, reading: OpenReading) -> HoldView:
    """Read one approval asked for. 查询单项申请。"""
    return HoldView.of(await service.hold(reading, number))


@router.post(
    "/holds/{number}/approval",
    status_code=200,
    summary="Approve a held settlement 批准结算",
    response_model=HoldView,
    responses=problems(HoldUnknown, AdvanceForeign, PersonRequired, SecondPersonNeeded, NoSuchMove),
    dependencies=[Agency],
)
async def approve_hold(number: HoldNumber, door: OpenDoor) -> Response:
    """Let the treatment place, whose money pays meanwhile, approve the visit up to the amount.

    由先行垫付的就医地批准；批准后原结算可重发。
    """
    return await door.write(
        lambda work: service.answer_hold(work, number, HoldEvent.APPROVE, None),
        show=HoldView.of,
        status=200,
    )


@router.post(
    "/holds/{number}/rejection",
    status_code=200,
    summary="Decline a held settlement 驳回结算申请",
    response_model=HoldView,
    responses=problems(HoldUnknown, AdvanceForeign, PersonRequired, SecondPersonNeeded, NoSuchMove),
    dependencies=[Agency],
)
async def reject_hold(number: HoldNumber, body: AdvanceRejection, door: OpenDoor) -> Response:
    """Decline, with the reason. 驳回申请并说明理由。"""
    return await door.write(
        lambda work: service.answer_hold(work, number, HoldEvent.REJECT, body.note),
        show=HoldView.of,
        status=200,
    )
