"""Where a party's people are looked up, and where the operator stops one of an agency's at once."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Response

from app.kernel.parties import PartyKind
from app.parties import service
from app.parties.errors import PersonUnknown
from app.parties.schemas import PersonView
from app.runtime.door import Busy
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

router = APIRouter(prefix="/v1/persons", tags=["parties 接入方"])


@router.get(
    "",
    summary="List persons 查询人员",
    description="The operator sees everybody, an agency its own people, by id. "
    "部级经办机构可查全部人员，经办机构仅可查本单位人员。",
    dependencies=[only(PartyKind.OPERATOR, PartyKind.AGENCY)],
    response_model=PageView[PersonView],
    responses=problems(CursorUnreadable, Busy),
)
async def persons(reading: OpenReading, page: AskedPage) -> PageView[PersonView]:
    """List persons."""
    return PageView.of(await service.list_persons(reading, page), PersonView.of)


@router.post(
    "/{person}/disablement",
    summary="Stop an agency's person at once 立即停用经办机构人员",
    description="They sign in no more and their sessions end now. One person of the operator is "
    "enough: stopping is never to wait. An agency stops its own by the proposal "
    "`person.disable`. 立即停用并结束其会话，部级一人即可；"
    "经办机构以提议 `person.disable` 停用本单位人员。",
    dependencies=[only(PartyKind.OPERATOR)],
    response_model=PersonView,
    responses=problems(PersonUnknown),
)
async def disable(
    door: OpenDoor,
    person: Annotated[str, Path(max_length=32, description="Person id 人员编号", examples=["li"])],
) -> Response:
    """Stop an agency's person."""
    return await door.write(
        lambda work: service.stop_person(work, person), show=PersonView.of, status=200
    )
