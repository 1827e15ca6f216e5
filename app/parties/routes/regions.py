"""Where regions are looked up."""

from __future__ import annotations

from typing import Annotated

from fastapi import APIRouter, Path, Query

from app.kernel.regions import REGION_CODE, Level
from app.parties import service
from app.parties.errors import RegionUnknown
from app.parties.model import RegionsAsked
from app.parties.schemas import RegionView
from app.runtime.door import Busy
from app.runtime.http import OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageView
from app.runtime.problems import problems

router = APIRouter()


@router.get(
    "/v1/regions",
    tags=["regions 行政区划"],
    summary="List regions 查询行政区划",
    description="The 32 provincial units and their cities that take part, by code. "
    "参与异地就医结算的 32 个省级单位及其地市，按代码排序。",
    dependencies=[only()],
    response_model=PageView[RegionView],
    responses=problems(CursorUnreadable, Busy),
)
async def regions(
    reading: OpenReading,
    page: AskedPage,
    level: Annotated[
        Level | None, Query(description="Only this level 仅此层级", examples=["province"])
    ] = None,
    parent: Annotated[
        str | None,
        Query(
            pattern=REGION_CODE.pattern,
            description="Only regions directly under this one 仅此区划的下级",
            examples=["370000"],
        ),
    ] = None,
) -> PageView[RegionView]:
    """List regions."""
    found = await service.list_regions(reading, RegionsAsked(level=level, parent=parent), page)
    return PageView.of(found, RegionView.of)


@router.get(
    "/v1/regions/{code}",
    tags=["regions 行政区划"],
    summary="Look one region up 查询单个行政区划",
    description="One region by its code. 按代码查询。",
    dependencies=[only()],
    response_model=RegionView,
    responses=problems(RegionUnknown, Busy),
)
async def region(
    reading: OpenReading,
    code: Annotated[str, Path(description="Code of the region 行政区划代码", examples=["370100"])],
) -> RegionView:
    """Look one region up."""
    return RegionView.of(await service.region(reading.rx, code))
