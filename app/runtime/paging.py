"""Keyset pages: an opaque cursor, a hard maximum, no offsets."""

from __future__ import annotations

import base64
import binascii
import json
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Annotated, ClassVar, Generic, TypeVar

from fastapi import Depends, Query, Request
from pydantic import BaseModel, ConfigDict, Field
from pydantic.config import JsonDict

from app.kernel.refusal import Kind, Refusal

T = TypeVar("T")
V = TypeVar("V", bound=BaseModel)


class CursorUnreadable(Refusal):
    """The cursor was not made by this hub."""

    kind: ClassVar = Kind.MALFORMED
    code: ClassVar = "cursor-unreadable"
    title: ClassVar = "The cursor cannot be read; start again without one"
    title_zh: ClassVar = "游标无效，请不带游标重新查询"


@dataclass(frozen=True, slots=True)
class PageAsked:
    """Which page: rows whose sort key comes after `after` (0 or "" = the first page)."""

    after: str
    rows: int

    @property
    def after_id(self) -> int:
        """The cursor of a list sorted by internal id; 0 for the first page."""
        if not self.after:
            return 0
        if not self.after.isdecimal() or len(self.after) > 18:  # noqa: PLR2004 -- fits a bigint
            raise CursorUnreadable
        return int(self.after)


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """A page of rows and the sort key of its last row, if there may be more."""

    rows: Sequence[T]
    last: str | None

    @classmethod
    def of(cls, found: Sequence[T], asked: PageAsked, key: Callable[[T], object]) -> Page[T]:
        """Cut `found` (read with a limit of `asked.rows + 1`) to the page."""
        more = len(found) > asked.rows
        rows = found[: asked.rows]
        return cls(rows, str(key(rows[-1])) if more else None)


def _described(schema: JsonDict) -> None:
    schema.setdefault("description", "A page of a list 分页结果")


class PageView(BaseModel, Generic[V]):
    """A page on the wire 分页结果."""

    # A page of something is a class of its own, which has no docstring to be described by.
    model_config = ConfigDict(json_schema_extra=_described)

    items: list[V] = Field(description="Rows of this page 本页记录")
    next: str | None = Field(
        description="Cursor of the next page; null on the last 下一页游标，末页为 null",
        examples=[None],
    )

    @classmethod
    def of(cls, page: Page[T], show: Callable[[T], V]) -> PageView[V]:
        """Show a page."""
        return cls(items=[show(row) for row in page.rows], next=_seal(page.last))


def _seal(key: str | None) -> str | None:
    if key is None:
        return None
    return sealed_cursor(key)


def _open(cursor: str) -> str:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        found = json.loads(raw)
        if not (isinstance(found, list) and len(found) == 1 and isinstance(found[0], str)):
            raise CursorUnreadable
        found[0].encode()  # half a character is no text, and no column is compared with it
    except (binascii.Error, ValueError):
        raise CursorUnreadable from None
    return found[0]


def sealed_cursor(key: str) -> str:
    """Write a place as an opaque cursor, for a list that is read on for ever."""
    return base64.urlsafe_b64encode(json.dumps([key]).encode()).decode().rstrip("=")


def opened_cursor(cursor: str) -> str:
    """Read the place out of a cursor, or refuse."""
    return _open(cursor)


async def page_asked(
    request: Request,
    cursor: Annotated[
        str | None,
        Query(max_length=400, description="`next` of the previous page 上一页返回的游标"),
    ] = None,
    limit: Annotated[int | None, Query(ge=1, le=200, description="Rows a page 每页行数")] = None,
) -> PageAsked:
    """FastAPI dependency: the page a caller wants."""
    settings = request.app.state.settings
    rows = min(limit or settings.page_rows_default, settings.page_rows_max)
    return PageAsked(_open(cursor) if cursor else "", rows)


AskedPage = Annotated[PageAsked, Depends(page_asked)]
