"""The operator's acts from the command line, through the same door as everybody's."""

from __future__ import annotations

import getpass
import hashlib
import secrets
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AbstractAsyncContextManager
from dataclasses import dataclass
from typing import TypeVar

from pydantic import BaseModel

from app.runtime import messages
from app.runtime.auth import Caller, PartyKind
from app.runtime.door import Door, Hub, reading
from app.runtime.messages import Outcome
from app.runtime.work import Reading, Work

T = TypeVar("T")


class Done(BaseModel):
    """What is kept of an act of the command line: that it was done, and no secret."""

    done: bool = True

    @classmethod
    def of(cls, _: object) -> Done:
        """Say that it was done."""
        return cls()


def caller() -> Caller:
    """Return the operator, as the account that runs the command."""
    return Caller(
        kind=PartyKind.OPERATOR, party="operator", region="000000", client=f"operator:{_account()}"
    )


async def act(
    hub: Hub,
    action: str,
    use_case: Callable[[Work], Awaitable[T]],
    by: Caller | None = None,
) -> T:
    """Do something new, as a person who signed in if one did; return what came of it."""
    kept: list[T] = []

    async def watched(work: Work) -> T:
        found = await use_case(work)
        kept.append(found)
        return found

    key = f"cli-{secrets.token_hex(12)}"
    await _door(hub, key, b"", action, by).write(watched, show=Done.of)
    return kept[-1]


@dataclass(frozen=True, slots=True, kw_only=True)
class Once:
    """Something to be done once for some content, however often it is asked for."""

    name: str
    content: bytes

    @property
    def digest(self) -> bytes:
        """What tells other content from this."""
        return hashlib.sha256(self.content).digest()

    @property
    def key(self) -> str:
        """The message id it is done under."""
        return f"seed-{self.name}-{self.digest.hex()[:24]}"

    async def act(self, hub: Hub, use_case: Callable[[Work], Awaitable[object]]) -> bool:
        """Do it unless it was done; say whether it was done now."""
        door = _door(hub, self.key, self.digest, f"seed {self.name}")
        return not (await door.write(use_case, show=Done.of)).replayed


async def done_before(hub: Hub, several: Sequence[Once]) -> set[str]:
    """Return the ids of what was done before, by one look at all of it."""
    keys = [each.key for each in several]
    async with look(hub) as reading:
        told = await messages.tell_all(reading.rx, reading.caller.party, keys)
    return {key for key, outcome in told.items() if outcome is Outcome.APPLIED}


def look(hub: Hub) -> AbstractAsyncContextManager[Reading]:
    """Look at something as the operator."""
    return reading(hub, caller(), "cli")


def _door(hub: Hub, key: str, fingerprint: bytes, action: str, by: Caller | None = None) -> Door:
    return Door(
        hub=hub,
        caller=by or caller(),
        key=key,
        fingerprint=fingerprint,
        action=f"hub {action}",
        request=f"cli-{secrets.token_hex(8)}",
    )


def _account() -> str:
    try:
        return getpass.getuser()
    except (KeyError, OSError):  # an account without a name, as in some containers
        return "unnamed"
