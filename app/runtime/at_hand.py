"""Pages at hand: answers that are the same for every caller, kept while what they rest on stands.

Nothing is kept for a time. Whoever asks is named to the database, and the same statement says which
revision the list has; a page is good for that revision and day alone.
"""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import date
from typing import Any, TypeVar

import sqlalchemy as sa
from fastapi import Request, Response

from app.runtime import walls
from app.runtime.etags import is_held, not_modified, whole

F = TypeVar("F", bound=Callable[..., Any])
Asked = tuple[str, bytes]  # path and query, as they were sent
Revision = tuple[object, date]  # of the list, and the business day
PAGES_MAX = 2_000
BYTES_MAX = 16 * 2**20
REVISION = "revision"
MARK = "same_while"


def same_while(revision: sa.ScalarSelect[Any]) -> Callable[[F], F]:
    """Mark a route: while the revision stands still, its answers are the same for every caller.

    The revision must grow with every commit that changes an answer, in the order of the commits.
    """
    statement = walls.entering(revision.label(REVISION))

    def marked(route: F) -> F:
        setattr(route, MARK, statement)
        return route

    return marked


@dataclass(frozen=True, slots=True)
class Kept:
    """An answer as it was; without its body where so far nobody but its holders asked."""

    revision: Revision
    tag: str
    body: bytes | None

    def answer(self, request: Request) -> Response | None:
        """Answer again, if what is kept is enough."""
        if is_held(request, self.tag):
            return not_modified(self.tag)
        return None if self.body is None else whole(self.body, self.tag)


@dataclass(slots=True)
class PagesAtHand:
    """The pages of one process, bounded in number and size; the least used goes first."""

    pages_max: int = PAGES_MAX
    bytes_max: int = BYTES_MAX
    pages: OrderedDict[Asked, Kept] = field(default_factory=OrderedDict)
    taken: int = 0  # bytes

    def find(self, asked: Asked, revision: Revision) -> Kept | None:
        """Return what was answered under this very revision."""
        kept = self.pages.get(asked)
        if kept is None or kept.revision != revision:
            return None
        self.pages.move_to_end(asked)
        return kept

    def keep(self, asked: Asked, revision: Revision, answer: Response) -> None:
        """Keep an answer that was read after its revision was: it is as new, or newer."""
        tag = answer.headers["etag"].strip('"')
        body = bytes(answer.body) or None  # 304 has none
        self._forget(asked)
        self.pages[asked] = Kept(revision, tag, body)
        self.taken += _size(asked, body)
        while len(self.pages) > self.pages_max or self.taken > self.bytes_max:
            self._forget(next(iter(self.pages)))

    def _forget(self, asked: Asked) -> None:
        kept = self.pages.pop(asked, None)
        if kept is not None:
            self.taken -= _size(asked, kept.body)


def _size(asked: Asked, body: bytes | None) -> int:
    path, query = asked
    return len(path) + len(query) + len(body or b"")
