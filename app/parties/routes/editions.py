"""Where anybody who calls sees by which editions of the policy book the hub decides."""

from __future__ import annotations

from fastapi import APIRouter

from app.parties import service
from app.parties.schemas import EditionView
from app.runtime.door import Busy
from app.runtime.http import OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

router = APIRouter(prefix="/v1/policy", tags=["reference 参考信息"])


@router.get(
    "/editions",
    summary="List adopted policy editions 政策参数版次",
    description="In the order they were adopted, each with what it added to the one before. In "
    "production a hub serves only by an adopted edition; every decision bears its version. "
    "按启用先后排序，列明各版次新增内容；生产环境仅按已启用版次对外服务，各项决定均记录所依版次。",
    dependencies=[only()],
    response_model=PageView[EditionView],
    responses=problems(CursorUnreadable, Busy),
)
async def editions(reading: OpenReading, page: AskedPage) -> PageView[EditionView]:
    """List the editions."""
    return PageView.of(await service.list_editions(reading, page), EditionView.of)
