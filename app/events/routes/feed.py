"""HTTP for the feed of events."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Query, Request

from app.events.errors import TopicUnknown
from app.events.model import BEGINNING, EventsAsked
from app.events.schemas import CURSOR, FeedView, position_of
from app.events.service import feeding
from app.runtime.door import Busy
from app.runtime.http import OpenReading, only
from app.runtime.paging import CursorUnreadable
from app.runtime.problems import problems

router = APIRouter(prefix="/v1/events", tags=["events 事件"])


@router.get(
    "",
    summary="Read events 读取事件流",
    description="Everything that names the caller, in one order, the same for everybody, without "
    "gaps: keep `next` and ask again with it as `after`. An agency reads what names a place of its "
    "region, the operator everything. What is committed late comes late and is never skipped. "
    "Topics and fields: `webhooks` in this document. "
    "按统一顺序返回与调用方有关的全部事件，无遗漏；请保存 next 并作为 after 续读。"
    "经办机构可读本辖区事件，部级可读全部；主题与字段见本文档 webhooks 部分。",
    dependencies=[only()],
    response_model=FeedView,
    responses=problems(CursorUnreadable, TopicUnknown, Busy),
)
async def events(
    request: Request,
    reading: OpenReading,
    after: Annotated[
        str | None,
        Query(max_length=400, description=f"`next`, or an event's `cursor`, say {CURSOR} 续读位置"),
    ] = None,
    topic: Annotated[
        list[str] | None,
        Query(max_length=100, description="Only these topics 主题", examples=[["filing.approved"]]),
    ] = None,
    limit: Annotated[int | None, Query(ge=1, le=200, description="Rows a page 每页行数")] = None,
) -> FeedView:
    """Read on in the feed."""
    settings = request.app.state.settings
    asked = EventsAsked(
        after=BEGINNING if after is None else position_of(after),
        topics=tuple(dict.fromkeys(topic or ())),
        rows=min(limit or settings.page_rows_default, settings.page_rows_max),
    )
    return FeedView.of(await feeding.events(reading, asked))
