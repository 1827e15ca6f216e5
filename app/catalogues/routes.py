"""HTTP for catalogues. A route names its shapes and its refusals, and passes the door."""

from __future__ import annotations

import hashlib
from typing import Annotated, Any

from fastapi import APIRouter, Path, Query, Request, Response

from app.catalogues import service
from app.catalogues.errors import (
    CatalogueDayPast,
    CatalogueDayTaken,
    CatalogueInForce,
    CatalogueItemsRefused,
    CatalogueUnknown,
)
from app.catalogues.files import COLUMNS, EXAMPLE_CSV, ROWS_MAX, cells_of
from app.catalogues.model import (
    CatalogueEdition,
    CatalogueKind,
    CatalogueVersion,
    ItemsAsked,
    VersionsAsked,
    Wanted,
)
from app.catalogues.schemas import (
    ImportedView,
    ItemsIn,
    VersionItemsView,
    VersionView,
)
from app.kernel.parties import PartyKind
from app.parties.errors import ForbiddenRegion, RegionUnknown
from app.runtime.etags import NOT_MODIFIED, is_held, not_modified, tagged
from app.runtime.http import OpenDoor, OpenReading, only
from app.runtime.paging import AskedPage, CursorUnreadable, PageAsked, PageView
from app.runtime.problems import ContentTypeUnsupported, problems
from app.runtime.sheets import SheetTooLong, SheetUnreadable
from app.runtime.uploads import OpenSheetOrJson, upload_body
from app.runtime.wire import Day
from app.runtime.work import Reading

router = APIRouter(prefix="/v1/catalogues", tags=["catalogues 目录"])
REGION = r"^[1-9][0-9]{5}$"
PLAIN = r"^[^\x00-\x1f\x7f]+$"
NAMED: dict[str, Any] = {"min_length": 1, "max_length": 100, "pattern": PLAIN}
JSON_EXAMPLE = {
    "items": [{"code": "A010001", "name": "小腿假肢（示例）", "unit": "具", "cap": "12000.00"}]
}

Place = Annotated[str, Query(pattern=REGION, description="Place 地区区划代码", examples=["110000"])]
Kind = Annotated[CatalogueKind, Query(description="Kind 目录类别", examples=["device"])]
On = Annotated[
    Day | None, Query(description="In force on that day 该日有效", examples=["2025-09-01"])
]
Words = Annotated[
    str | None,
    Query(
        min_length=1,
        max_length=50,
        pattern=PLAIN,
        description="Part of the name 名称中的字段",
        examples=["假肢"],
    ),
]
ItemCode = Annotated[
    str | None, Query(min_length=1, max_length=40, pattern=PLAIN, description="Item code 目录编码")
]
Version = Annotated[
    int, Path(ge=1, le=2**62, description="Number of the version 版本号", examples=[1])
]


@router.get(
    "",
    summary="List catalogue versions 查询目录版本",
    response_model=PageView[VersionView],
    responses=NOT_MODIFIED | problems(CursorUnreadable),
    dependencies=[only()],
)
async def versions(
    request: Request,
    reading: OpenReading,
    page: AskedPage,
    *,
    place: Annotated[
        str | None, Query(pattern=REGION, description="Place itself 地区区划代码")
    ] = None,
    kind: Annotated[CatalogueKind | None, Query(description="Kind 目录类别")] = None,
    on: On = None,
) -> Response:
    """Versions of every place, past and coming; with `on` those in force on that day.

    各地各类目录的历次版本；给出 on 时仅列出该日有效的版本。
    """
    asked = VersionsAsked(place=place, kind=kind, on=on)
    found = await service.versions(reading, asked, page)
    return tagged(request, PageView.of(found, VersionView.of))


@router.get(
    "/items",
    summary="Items in force in a place on a day 查询某地某日有效的目录项目",
    response_model=VersionItemsView,
    responses=NOT_MODIFIED | problems(CatalogueUnknown, CursorUnreadable),
    dependencies=[only()],
)
async def items_in_force(  # noqa: PLR0913 -- one argument per filter
    request: Request,
    reading: OpenReading,
    page: AskedPage,
    *,
    place: Place,
    kind: Kind,
    on: On = None,
    q: Words = None,
    code: ItemCode = None,
) -> Response:
    """What decides about a charge there on that day (today when left out).

    A city without a list of its own uses its province's. 未单独发布目录的城市执行省级目录。
    """
    wanted = Wanted(kind, place, code or "", on or reading.today)
    found = await service.in_force(reading, wanted)
    return await _shown(request, reading, found, ItemsAsked(q=q, code=code), page)


@router.get(
    "/{version}",
    summary="One version and its items 查询目录版本及其项目",
    response_model=VersionItemsView,
    responses=NOT_MODIFIED | problems(CatalogueUnknown, CursorUnreadable),
    dependencies=[only()],
)
async def version(
    request: Request,
    reading: OpenReading,
    page: AskedPage,
    *,
    version: Version,
    q: Words = None,
    code: ItemCode = None,
) -> Response:
    """A version never changes, so its ETag is good for ever 版本内容不变，ETag 长期有效."""
    found = await service.version(reading, version)
    return await _shown(request, reading, found, ItemsAsked(q=q, code=code), page)


async def _shown(
    request: Request,
    reading: Reading,
    found: CatalogueVersion,
    asked: ItemsAsked,
    page: PageAsked,
) -> Response:
    """Show a page of a version, without reading its items where the caller holds them."""
    said = repr((found.id, found.digest, asked, page)).encode()
    tag = hashlib.sha256(said).hexdigest()[:32]
    if is_held(request, tag):
        return not_modified(tag)
    listed = await service.items(reading, found.id, asked, page)
    return tagged(request, VersionItemsView.both(found, listed), tag)


@router.post(
    "/import",
    status_code=201,
    summary="Import a catalogue version 导入目录版本",
    response_model=ImportedView,
    responses=problems(
        ForbiddenRegion,
        RegionUnknown,
        CatalogueItemsRefused,
        CatalogueInForce,
        CatalogueDayPast,
        CatalogueDayTaken,
        SheetUnreadable,
        SheetTooLong,
        ContentTypeUnsupported,
    ),
    dependencies=[only(PartyKind.AGENCY, PartyKind.OPERATOR)],
    openapi_extra=upload_body(EXAMPLE_CSV, ItemsIn, JSON_EXAMPLE),
)
async def publish(  # noqa: PLR0913 -- one argument per part of the heading
    door: OpenDoor,
    sheet: OpenSheetOrJson,
    *,
    place: Place,
    kind: Kind,
    label: Annotated[str, Query(**NAMED, description="Label 版本名称", examples=["2026版"])],
    first_day: Annotated[
        Day, Query(description="First day in force 生效日", examples=["2099-01-01"])
    ],
    source: Annotated[
        str, Query(**NAMED, description="The document it rests on 依据", examples=["synthetic"])
    ],
) -> Response:
    """The agency of the place imports the whole list; it is taken whole or not at all.

    It begins today or later. Until its first day the same label may be imported again and
    replaces it; from that day on it is never altered. The same items again change nothing.
    整版导入，有误则全部不导入；生效前可同名重新导入替换，生效后不得修改；重复导入不产生变化。
    """
    if sheet.is_json:
        rows = cells_of(sheet.read_json(ItemsIn).items)
    else:
        found = await sheet.rows(COLUMNS, ROWS_MAX, ignored=("errors",))
        rows = [(row.line, row.cells) for row in found]
    edition = CatalogueEdition(
        place=place, kind=kind, label=label.strip(), first_day=first_day, source=source.strip()
    )
    return await door.write(
        lambda work: service.publish(work, edition, rows), show=ImportedView.of, status=201
    )
