"""Where one person proposes a sensitive act and another decides it."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query, Request, Response

from app.kernel.parties import PartyKind
from app.parties import service
from app.parties.errors import (
    AddressFormat,
    ClientExists,
    ClientIdFormat,
    ClientUnknown,
    KeyMissing,
    PartyUnknown,
    PersonExists,
    PersonRequired,
    PersonsForeign,
    PersonUnknown,
    PolicyAdopted,
    PolicyEdited,
    PolicyOvertaken,
    PolicyUnreadable,
    ProposalDecided,
    ProposalExpired,
    ProposalForeign,
    ProposalUnknown,
    SecondPersonNeeded,
)
from app.parties.model import Decided, ProposalState, Proposed, Verdict
from app.parties.schemas import (
    DecidedView,
    ProposalAsked,
    ProposalView,
    ProposedView,
    VerdictAsked,
)
from app.runtime.door import Busy
from app.runtime.http import FrontDoor, OpenDoor, OpenReading, only, shown_once
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems
from app.runtime.work import Work

router = APIRouter(prefix="/v1/proposals", tags=["parties 接入方"])
Number = Annotated[
    str,
    Path(max_length=20, description="Number 提议编号", examples=["P0000002509010000001"]),
]
DECIDING = (
    PersonRequired,
    ProposalUnknown,
    ProposalForeign,
    SecondPersonNeeded,
    ProposalDecided,
    ProposalExpired,
)
Sides = only(PartyKind.OPERATOR, PartyKind.AGENCY)


@router.post(
    "",
    summary="Propose an act 提议",
    description="By a signed-in person; nothing is done until another of the same party approves. "
    "An agency proposes what concerns its own persons, the operator everything. Who is invited "
    "gets half of an invitation from each of the two; it is in the first answer only. "
    "由已登录人员提议，经本单位另一人批准后方才执行；经办机构仅可就本单位人员提议。"
    "邀请码由提议人、批准人各持一半，仅首次应答返回。",
    dependencies=[Sides],
    response_model=ProposedView,
    status_code=201,
    responses=problems(
        PersonRequired,
        ProposalForeign,
        PartyUnknown,
        PersonsForeign,
        PersonUnknown,
        PolicyUnreadable,
        PolicyEdited,
        PolicyAdopted,
    ),
)
async def propose(request: Request, door: OpenDoor, asked: ProposalAsked) -> Response:
    """Propose an act, and show half of an invitation to whoever is the first to get the answer."""
    hours: int = request.app.state.settings.proposal_hours
    made: list[Proposed] = []

    async def keep(work: Work) -> Proposed:
        made.append(await service.propose(work, asked.asked.asked(), asked.reason, hours))
        return made[-1]

    answer = await door.write(keep, show=ProposedView.first)
    if not made or made[-1].invitation is None:
        return answer
    return shown_once(answer, ProposedView.once(made[-1]))


@router.get(
    "",
    summary="List proposals 查询提议",
    description="Oldest first; by state if asked; an agency sees its own. "
    "按提出先后排序，可按状态筛选；经办机构仅可查本单位提议。",
    dependencies=[Sides],
    response_model=PageView[ProposalView],
    responses=problems(CursorUnreadable, Busy),
)
async def proposals(
    reading: OpenReading,
    page: AskedPage,
    state: Annotated[
        ProposalState | None, Query(description="Only this state 仅此状态", examples=["open"])
    ] = None,
) -> PageView[ProposalView]:
    """List proposals."""
    return PageView.of(await service.list_proposals(reading, state, page), ProposalView.of)


@router.get(
    "/{number}",
    summary="Look one proposal up 查询单个提议",
    description="With its verdict, if there is one. 含裁定结果。",
    dependencies=[Sides],
    response_model=ProposalView,
    responses=problems(ProposalUnknown, Busy),
)
async def proposal(reading: OpenReading, number: Number) -> ProposalView:
    """Look one proposal up."""
    return ProposalView.of(await service.proposal(reading, number))


@router.post(
    "/{number}/approval",
    summary="Approve a proposal 批准提议",
    description="By another person of the same party than proposed it; the act is carried out at "
    "once, and a new secret, or half of an invitation, is in the first answer only. "
    "须由本单位另一人批准，批准即执行；新密钥、邀请码半码仅首次应答返回。",
    dependencies=[Sides],
    response_model=DecidedView,
    responses=problems(
        *DECIDING,
        PartyUnknown,
        ClientIdFormat,
        ClientExists,
        ClientUnknown,
        AddressFormat,
        KeyMissing,
        PersonsForeign,
        PersonUnknown,
        PersonExists,
        PolicyUnreadable,
        PolicyEdited,
        PolicyAdopted,
        PolicyOvertaken,
    ),
)
async def approve(door: OpenDoor, number: Number, said: VerdictAsked) -> Response:
    """Approve a proposal."""
    return await _decide(door, Verdict(number=number, approves=True, reason=said.reason))


@router.post(
    "/{number}/rejection",
    summary="Reject a proposal 否决提议",
    description="By another person of the same party than proposed it; nothing is done. "
    "须由本单位提议人以外的人员否决，不执行任何操作。",
    dependencies=[Sides],
    response_model=DecidedView,
    responses=problems(*DECIDING),
)
async def reject(door: OpenDoor, number: Number, said: VerdictAsked) -> Response:
    """Reject a proposal."""
    return await _decide(door, Verdict(number=number, approves=False, reason=said.reason))


async def _decide(door: FrontDoor, verdict: Verdict) -> Response:
    """Decide, and show what came of it to whoever is the first to get the answer."""
    made: list[Decided] = []

    async def keep(work: Work) -> Decided:
        made.append(await service.decide(work, verdict))
        return made[-1]

    answer = await door.write(keep, show=DecidedView.of, status=200)
    if not made or (made[-1].credential is None and made[-1].invitation is None):
        return answer
    return shown_once(answer, DecidedView.once(made[-1]))
