"""A refusal is a business answer of "no". It is not a bug, and it knows nothing of HTTP."""

from __future__ import annotations

import enum
from collections.abc import Sequence
from typing import ClassVar


class Kind(enum.Enum):
    """What the caller can do about it; `runtime.problems` maps each kind to one status."""

    MALFORMED = enum.auto()  # fix the message
    UNAUTHENTICATED = enum.auto()  # fix the credentials
    FORBIDDEN = enum.auto()  # ask for the right
    UNKNOWN = enum.auto()  # check the number
    NOT_ALLOWED = enum.auto()  # use another method
    CONFLICT = enum.auto()  # read again, then decide
    TOO_SLOW = enum.auto()  # send it again, faster
    TOO_LARGE = enum.auto()  # send less
    HEADERS_TOO_LARGE = enum.auto()  # send shorter headers
    UNSUPPORTED = enum.auto()  # send another content type
    REFUSED = enum.auto()  # understood, and the rules say no
    KEY_MISSING = enum.auto()  # send an Idempotency-Key
    RUNNING = enum.auto()  # ask again in a moment for the answer of the one under way
    TOO_MANY = enum.auto()  # wait as long as told, then retry with the same key
    BUSY = enum.auto()  # retry with the same key
    BUG = enum.auto()  # report the instance; nothing was done


class Refusal(Exception):  # noqa: N818 -- a refusal is an answer, not an error
    """Base of every named refusal; the subclasses are the hub's public catalogue.

    `facts` are typed details for the caller (never a personal number); `also` carries the
    further refusals found in the same look, in order of precedence.
    """

    kind: ClassVar[Kind]
    code: ClassVar[str]
    title: ClassVar[str]
    title_zh: ClassVar[str]
    says: ClassVar[str] = ""  # a sentence with {facts} in it; the title alone when empty
    says_zh: ClassVar[str] = ""
    remedy: ClassVar[str] = ""  # what the reader should do next
    remedy_zh: ClassVar[str] = ""

    def __init__(self, **facts: object) -> None:
        super().__init__(self.title)
        self.facts = facts
        self.also: tuple[Refusal, ...] = ()


def refuse_all(refusals: Sequence[Refusal]) -> None:
    """Raise the first refusal with the others beside it; return when there is none."""
    if refusals:
        first = refusals[0]
        first.also = tuple(refusals[1:])
        raise first
