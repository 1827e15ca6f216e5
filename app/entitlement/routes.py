"""HTTP for workers, determinations and losses of entitlement."""

from __future__ import annotations

from enum import Enum
from typing import Annotated

from fastapi import APIRouter, Path, Query, Response

from app.entitlement import service
from app.entitlement.errors import (
    CardTaken,
    CertificateFaulty,
    DeterminationDates,
    DeterminationExists,
    DeterminationUnknown,
    InsuredRegionForeign,
    LookNotAllowed,
    LossUnknown,
    NameMismatch,
    WorkerInsuredElsewhere,
    WorkerUnknown,
)
from app.entitlement.model import LookPurpose
from app.entitlement.schemas import (
    WORKER,
    DeterminationIn,
    DeterminationView,
    LossView,
    WithdrawalIn,
    WorkerIn,
    WorkerView,
)
from app.kernel.lifecycle import NoSuchMove
from app.kernel.parties import PartyKind
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

router = APIRouter(prefix="/v1")
Tags = list[str | Enum]
WORKERS: Tags = ["workers 工伤职工"]
DETERMINATIONS: Tags = ["determinations 工伤认定与确认"]
LOSSES: Tags = ["entitlement-losses 丧失待遇资格"]
INSURED_AGENCY = only(PartyKind.AGENCY)
LOOKERS = only(PartyKind.AGENCY, PartyKind.OPERATOR)
WorkerNumber = Annotated[
    str,
    Path(
        pattern=r"^W[0-9]{19}$", description="Number of the worker 工伤职工编号", examples=[WORKER]
    ),
]
DeterminationNumber = Annotated[
    str,
    Path(
        pattern=r"^D[0-9]{19}$",
        description="Number of the determination 认定（确认）编号",
        examples=["D1100002509010000001"],
    ),
]
LossNumber = Annotated[
    str,
    Path(
        pattern=r"^L[0-9]{19}$",
        description="Number of the loss 记录编号",
        examples=["L1100002509010000001"],
    ),
]
Purpose = Annotated[
    LookPurpose | None,
    Query(
        description="Why the insured agency looks at the data unmasked; kept on the trail "
        "参保地经办机构查看未脱敏信息的事由，留痕",
        examples=["review"],
    ),
]


def _shown(look: service.Look) -> WorkerView:
    it = look.registered
    return WorkerView.of(it.worker, it.person, it.lost_on, masked=look.masked)


@router.post(
    "/workers",
    tags=WORKERS,
    summary="Register or renew a worker 登记或更新工伤职工",
    response_model=WorkerView,
    responses=problems(
        InsuredRegionForeign, NameMismatch, CertificateFaulty, WorkerInsuredElsewhere, CardTaken
    ),
    dependencies=[INSURED_AGENCY],
)
async def register(body: WorkerIn, door: OpenDoor) -> Response:
    """The insured agency registers a worker of its own region; the same certificate renews.

    Employer, cards and phone are renewed; a card or phone that is left out stays as it was. Another
    name under the same certificate is refused, so that a slip never overwrites a person.
    参保地经办机构登记本辖区工伤职工；同一证件再次登记即更新单位、卡号和电话，姓名不符则拒绝。
    """
    asked = service.Registration(**{name: getattr(body, name) for name in type(body).model_fields})
    return await door.write(lambda work: service.register(work, asked), show=_shown, status=200)


@router.get(
    "/workers/{number}",
    tags=WORKERS,
    summary="Look a worker up 查询工伤职工",
    response_model=WorkerView,
    responses=problems(WorkerUnknown, LookNotAllowed),
    dependencies=[LOOKERS],
)
async def look(reading: OpenReading, number: WorkerNumber, purpose: Purpose = None) -> WorkerView:
    """Masked, unless the insured agency states a purpose; every look leaves a trace.

    默认脱敏；参保地经办机构注明事由后可查看完整信息，每次查询均留痕。
    """
    return _shown(await service.look(reading, number, purpose))


@router.post(
    "/determinations",
    tags=DETERMINATIONS,
    summary="Register a determination 登记工伤认定或确认",
    status_code=201,
    response_model=DeterminationView,
    responses=problems(WorkerUnknown, DeterminationDates, DeterminationExists),
    dependencies=[INSURED_AGENCY],
)
async def register_determination(body: DeterminationIn, door: OpenDoor) -> Response:
    """Injury or recurrence opens medical costs; rehabilitation and device open their own.

    工伤认定或复发确认对应住院工伤医疗，康复确认对应康复，辅助器具确认对应配置。
    """
    asked = service.DeterminationAsked(
        **{name: getattr(body, name) for name in type(body).model_fields}
    )
    return await door.write(
        lambda work: service.register_determination(work, asked), show=DeterminationView.of
    )


@router.get(
    "/determinations",
    tags=DETERMINATIONS,
    summary="List a worker's determinations 查询职工的认定与确认",
    response_model=PageView[DeterminationView],
    responses=problems(CursorUnreadable),
    dependencies=[LOOKERS],
)
async def list_determinations(
    reading: OpenReading,
    page: AskedPage,
    worker: Annotated[
        str,
        Query(
            pattern=r"^W[0-9]{19}$",
            description="Number of the worker 工伤职工编号",
            examples=[WORKER],
        ),
    ],
) -> PageView[DeterminationView]:
    """In the order of registration, withdrawn ones included 按登记先后，含已撤销."""
    found = await service.list_determinations(reading, worker, page)
    return PageView.of(found, DeterminationView.of)


@router.get(
    "/determinations/{number}",
    tags=DETERMINATIONS,
    summary="Look a determination up 查询认定或确认",
    response_model=DeterminationView,
    responses=problems(DeterminationUnknown),
    dependencies=[LOOKERS],
)
async def determination(reading: OpenReading, number: DeterminationNumber) -> DeterminationView:
    """One determination, with its state 单条认定（确认）及其状态."""
    return DeterminationView.of(await service.determination(reading, number))


@router.post(
    "/determinations/{number}/withdraw",
    tags=DETERMINATIONS,
    summary="Withdraw a determination 撤销认定或确认",
    response_model=DeterminationView,
    responses=problems(DeterminationUnknown, NoSuchMove),
    dependencies=[INSURED_AGENCY],
)
async def withdraw(number: DeterminationNumber, body: WithdrawalIn, door: OpenDoor) -> Response:
    """It opens no more costs from now on; what was settled stands 自撤销起不再支持新的费用."""
    return await door.write(
        lambda work: service.withdraw_determination(work, number, body.reason),
        show=DeterminationView.of,
        status=200,
    )


@router.get(
    "/entitlement-losses/{number}",
    tags=LOSSES,
    summary="Look a loss of entitlement up 查询丧失待遇资格记录",
    response_model=LossView,
    responses=problems(LossUnknown),
    dependencies=[LOOKERS],
)
async def loss(reading: OpenReading, number: LossNumber) -> LossView:
    """Why and when a worker's entitlement ended 丧失待遇享受资格的原因与日期."""
    return LossView.of(await service.loss(reading, number))
