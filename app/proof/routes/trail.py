"""HTTP for the audit trail: searched by the operator, and by every party for its own part."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from app.proof import files
from app.proof.errors import JournalForeign, JournalPageWrong, TrailRangeWrong
from app.proof.model.seals import Journal
from app.proof.model.trail import TrailAsked
from app.proof.routes.ledger import LINES, After, Day
from app.proof.schemas.seals import SealView
from app.proof.schemas.trail import TrailLineView
from app.proof.service import sealing, trail
from app.runtime.http import OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems
from app.runtime.wire import Instant

router = APIRouter(prefix="/v1/audit-trail", tags=["audit-trail 操作留痕"])
# A citizen's number is not looked for: it begins with more digits than any number of the hub.
SUBJECT = r"^(?:[^0-9].*|[0-9]{1,13}(?:[^0-9].*)?)$"
Party = Annotated[
    str | None,
    Query(
        max_length=40,
        pattern=r"^[0-9A-Za-z._-]+$",
        description="Party; one's own when left out, except for the operator "
        "接入方；除部级外仅限本单位",
        examples=["370000"],
    ),
]


async def trail_asked(
    party: Party = None,
    subject: Annotated[
        str | None,
        Query(
            max_length=40,
            pattern=SUBJECT,
            description="Number it is about, never a personal one 业务编号，不得为个人证件号码",
            examples=["A3701002509010000001"],
        ),
    ] = None,
    client: Annotated[
        str | None, Query(max_length=64, description="Client 客户端", examples=["370000-desk"])
    ] = None,
    action: Annotated[
        str | None,
        Query(
            max_length=64,
            pattern=r"^[a-z_.]+$",
            description="Action, or its beginning 操作或其前缀",
            examples=["settlement."],
        ),
    ] = None,
    since: Annotated[
        Instant | None,
        Query(description="From this instant 起始时间", examples=["2025-09-01T00:00:00+08:00"]),
    ] = None,
    until: Annotated[
        Instant | None,
        Query(description="Before this instant 截止时间", examples=["2099-01-01T00:00:00+08:00"]),
    ] = None,
) -> TrailAsked:
    """FastAPI dependency: what is looked for."""
    return TrailAsked(
        subject=subject, party=party, client=client, action=action, since=since, until=until
    )


@router.get(
    "",
    summary="Search the audit trail 查询操作留痕",
    response_model=PageView[TrailLineView],
    responses=problems(TrailRangeWrong, CursorUnreadable),
    dependencies=[only()],
)
async def search(
    reading: OpenReading,
    page: AskedPage,
    asked: Annotated[TrailAsked, Depends(trail_asked)],
) -> PageView[TrailLineView]:
    """Read who did, looked at, changed or approved what, oldest first; the search leaves a trace.

    The operator searches everything, any other party what its own clients did.
    按时间顺序查询何人查看、变更、批准了何事；查询本身亦留痕。部级可查全部，其他接入方仅查本单位。
    """
    return PageView.of(await trail.search(reading, asked, page), TrailLineView.of)


@router.get(
    "/seals",
    summary="List the seals of the trail 查询留痕封存链",
    response_model=PageView[SealView],
    responses=problems(CursorUnreadable, JournalForeign),
    dependencies=[only()],
)
async def seals(reading: OpenReading, page: AskedPage, party: Party = None) -> PageView[SealView]:
    """List the sealed blocks of a party's part of the trail. 列出某接入方操作留痕的封存块。"""
    found = await sealing.seals(reading, page, Journal.TRAIL, party)
    return PageView.of(found, SealView.of)


@router.get(
    "/journal",
    summary="Download the trail with its seals 下载操作留痕",
    response_class=Response,
    responses=LINES | problems(JournalForeign, JournalPageWrong),
    dependencies=[only()],
)
async def journal(
    reading: OpenReading, party: Party = None, after: After = None, day: Day = None
) -> Response:
    """Download a party's sealed part of the trail as JSON lines, to be checked offline.

    下载某接入方已封存的操作留痕（JSON Lines），可离线核对。
    """
    found = await sealing.extract(reading, Journal.TRAIL, party, after=after, day=day)
    named = {"Content-Disposition": f'attachment; filename="trail-{found.participant}.jsonl"'}
    return Response(files.journal_lines(found), 200, named, files.JSON_LINES)
