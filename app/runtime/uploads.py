"""Uploads at the edge: a file sent as the raw body or as the file part of a form.

A form's boundary differs from one send to the next, so what identifies a form for its message id
is the content of its parts.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Annotated, Any, TypeVar

from fastapi import Depends, Request
from fastapi.exceptions import RequestValidationError
from pydantic import BaseModel, Field, ValidationError
from starlette.datastructures import UploadFile

from app.kernel.refusal import Refusal
from app.runtime.depth import check_depth
from app.runtime.problems import ContentTypeUnsupported, Malformed, body_of
from app.runtime.prose import check_body, check_cells
from app.runtime.sheets import CSV_TYPE, SHEET_TYPES, XLSX_TYPE, SheetRow, read_rows

M = TypeVar("M", bound=BaseModel)

JSON_TYPE = "application/json"
FORM_TYPE = "multipart/form-data"
# Browsers name the type of a chosen file after what is installed; its suffix then says more.
VAGUE_TYPES = frozenset({"", "application/octet-stream", "application/vnd.ms-excel", "text/plain"})
SUFFIXES: Mapping[str, str] = {".csv": CSV_TYPE, ".xlsx": XLSX_TYPE}


@dataclass(frozen=True, slots=True)
class Part:
    """One part of a form: a file, or a plain field (no filename)."""

    name: str
    filename: str | None
    media_type: str
    content: bytes


@dataclass(frozen=True, slots=True)
class Sheet:
    """A sheet as it was sent, not yet read."""

    content: bytes
    media_type: str

    @property
    def is_json(self) -> bool:
        """Say whether JSON was sent where a path takes it beside sheets."""
        return self.media_type == JSON_TYPE

    async def rows(
        self, columns: Sequence[str], rows_max: int, *, ignored: Collection[str] = ()
    ) -> list[SheetRow]:
        """Read the rows beside the event loop: a long workbook takes a second."""
        found = await asyncio.to_thread(
            read_rows, self.content, self.media_type, columns, rows_max, ignored=ignored
        )
        check_cells((row.line, row.cells.items()) for row in found)
        return found

    def read_json(self, model: type[M]) -> M:
        """Read a JSON body; the faults are answered as for any other JSON body."""
        try:
            return model.model_validate_json(self.content)
        except ValidationError as error:
            found = error.errors(include_url=False, include_context=False)
            faults = [{**fault, "loc": ("body", *fault["loc"])} for fault in found]
            raise RequestValidationError(faults) from None


class RowFaultView(BaseModel):
    """One thing wrong with one row 行错误."""

    code: str = Field(
        description="Code of the refusal 拒绝代码", examples=["institution-code-mismatch"]
    )
    title: str = Field(description="In English 英文", examples=["The code does not fit the entry"])
    title_zh: str = Field(description="In Chinese 中文", examples=["机构编码与登记内容不符"])
    detail: str = Field(description="What exactly, in English 英文说明", examples=["…"])
    detail_zh: str = Field(description="What exactly, in Chinese 中文说明", examples=["…"])
    column: str | None = Field(
        description="The column, if one is to blame 列名，可空", examples=["code"]
    )

    @classmethod
    def of(cls, refusal: Refusal) -> RowFaultView:
        """Show a refusal of one row as it would be answered alone."""
        return cls.model_validate({"column": None} | body_of(refusal, ""))


def media_type_of(header: str | None) -> str:
    """Return a content type without its parameters."""
    return (header or "").partition(";")[0].strip().lower()


async def parts_of(request: Request) -> tuple[Part, ...]:
    """Return the parts of a form, read once per request."""
    known: tuple[Part, ...] | None = request.scope.get("hub.parts")
    if known is not None:
        return known
    await request.body()  # keeps the bytes, so that a second reader finds them
    form = await request.form(max_files=1, max_fields=10)
    parts: list[Part] = []
    try:
        for name, value in form.multi_items():
            if isinstance(value, UploadFile):
                media_type = media_type_of(value.content_type)
                parts.append(Part(name, value.filename or "", media_type, await value.read()))
            else:
                parts.append(Part(name, None, "", value.encode()))
    finally:
        await form.close()
    request.scope["hub.parts"] = tuple(parts)
    return tuple(parts)


async def identifying_bytes(request: Request) -> bytes:
    """Return what of the body makes two requests the same: all of it, but of a form its parts."""
    if media_type_of(request.headers.get("content-type")) != FORM_TYPE:
        return await request.body()
    digest = hashlib.sha256()
    for part in await parts_of(request):
        for piece in (part.name.encode(), part.media_type.encode(), part.content):
            digest.update(len(piece).to_bytes(8, "big") + piece)
    return digest.digest()


async def open_sheet(request: Request) -> Sheet:
    """FastAPI dependency: the sheet in the body, or in the one file part of a form."""
    media_type = media_type_of(request.headers.get("content-type"))
    if media_type != FORM_TYPE:
        return Sheet(await request.body(), media_type)
    files = [part for part in await parts_of(request) if part.filename is not None]
    if len(files) != 1:
        fault = {"in": "body", "pointer": "/file", "code": "missing", "detail": "one file part"}
        raise Malformed(errors=[fault])
    sheet = Sheet(files[0].content, _type_of(files[0]))
    if sheet.is_json:  # the body itself is a form, so the door looks for neither in it
        check_depth(sheet.media_type, sheet.content)
        check_body(sheet.media_type, sheet.content)
    return sheet


async def open_strict_sheet(request: Request) -> Sheet:
    """FastAPI dependency: a sheet where nothing else is taken."""
    sheet = await open_sheet(request)
    if sheet.media_type not in SHEET_TYPES:
        raise ContentTypeUnsupported(allowed=[*SHEET_TYPES, FORM_TYPE])
    return sheet


async def open_sheet_or_json(request: Request) -> Sheet:
    """FastAPI dependency: a sheet or a JSON body, at a path that takes both."""
    sheet = await open_sheet(request)
    if sheet.media_type not in (*SHEET_TYPES, JSON_TYPE):
        raise ContentTypeUnsupported(allowed=[JSON_TYPE, *SHEET_TYPES, FORM_TYPE])
    return sheet


OpenSheet = Annotated[Sheet, Depends(open_strict_sheet)]
OpenSheetOrJson = Annotated[Sheet, Depends(open_sheet_or_json)]


def upload_body(
    example: str, model: type[BaseModel] | None = None, json_example: object = None
) -> dict[str, Any]:
    """Describe the body of an upload in OpenAPI, which cannot see it: pass as `openapi_extra`."""
    binary = {"type": "string", "format": "binary"}
    file = {**binary, "description": "The sheet, CSV or XLSX 表格文件（CSV 或 XLSX）"}
    form = {"type": "object", "required": ["file"], "properties": {"file": file}}
    content: dict[str, Any] = {
        CSV_TYPE: {"schema": {"type": "string"}, "example": example},
        XLSX_TYPE: {"schema": binary},
        FORM_TYPE: {"schema": form},
    }
    if model is not None:
        schema = model.model_json_schema()
        inlined = _inlined(schema, schema.pop("$defs", {}))
        content = {JSON_TYPE: {"schema": inlined, "example": json_example}, **content}
    return {"requestBody": {"required": True, "content": content}}


def _inlined(node: Any, shapes: Mapping[str, Any]) -> Any:  # noqa: ANN401 -- a JSON schema
    """Put shared shapes where they are referred to."""
    if isinstance(node, list):
        return [_inlined(each, shapes) for each in node]
    if not isinstance(node, dict):
        return node
    if "$ref" in node:
        return _inlined(shapes[node["$ref"].rpartition("/")[2]], shapes)
    return {key: _inlined(value, shapes) for key, value in node.items()}


def _type_of(part: Part) -> str:
    if part.media_type not in VAGUE_TYPES:
        return part.media_type
    name = (part.filename or "").lower()
    found = (kind for suffix, kind in SUFFIXES.items() if name.endswith(suffix))
    return next(found, part.media_type)
