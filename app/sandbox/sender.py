"""Parties that speak to the hub in the same process, through the same door, on days of their own.

Message ids follow from the plan, so sending a plan again finds every answer where it was left.
"""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TypeVar

from pydantic import BaseModel

from app.kernel.money import Money
from app.kernel.parties import PartyKind
from app.kernel.refusal import Kind, Refusal
from app.runtime.auth import Caller
from app.runtime.door import Door, Hub
from app.runtime.problems import Answer
from app.runtime.work import Work

T = TypeVar("T")
CLIENT = "sandbox"
PAUSES_SECONDS = (0.2, 1.0, 3.0)


class Kept(BaseModel):
    """The answer kept under a message id: a public number, and amounts where there are any."""

    number: str
    total_fen: int = 0
    fund_fen: int = 0

    @property
    def total(self) -> Money:
        """Return what was charged."""
        return Money(self.total_fen)

    @property
    def fund(self) -> Money:
        """Return what the fund pays."""
        return Money(self.fund_fen)


@dataclass(frozen=True, slots=True, kw_only=True)
class Sent:
    """An answer, and whether it had been given before."""

    kept: Kept
    replayed: bool


@dataclass(frozen=True, slots=True)
class Sender:
    """Sends messages whose ids begin with the plan's name."""

    hub: Hub
    plan: str

    async def send(
        self,
        step: str,
        caller: Caller,
        moment: datetime,
        use_case: Callable[[Work], Awaitable[T]],
        show: Callable[[T], Kept],
    ) -> Sent:
        """Let a caller do something at a moment, once for this plan and step."""
        key = f"{self.plan}-{step}"
        door = Door(
            hub=replace(self.hub, clock=lambda: moment),
            caller=caller,
            key=key,
            fingerprint=hashlib.sha256(key.encode()).digest(),
            action=f"sandbox {step.rpartition('-')[2]}",
            request=key,
        )
        answer = await _patiently(lambda: door.write(use_case, show=show))
        return Sent(kept=Kept.model_validate_json(answer.body), replayed=answer.replayed)


async def _patiently(write: Callable[[], Awaitable[Answer]]) -> Answer:
    """Send the same message again while the hub is busy, as any client should; not for ever."""
    for pause in PAUSES_SECONDS:
        try:
            return await write()
        except Refusal as refusal:
            if refusal.kind is not Kind.BUSY:
                raise
            await asyncio.sleep(pause)
    return await write()


def agency(region: str) -> Caller:
    """Return the agency of a region."""
    return Caller(kind=PartyKind.AGENCY, party=region, region=region, client=CLIENT)


def institution(code: str, region: str) -> Caller:
    """Return an institution."""
    return Caller(kind=PartyKind.INSTITUTION, party=code, region=region, client=CLIENT)


def second_person(caller: Caller) -> Caller:
    """Return another person of the same party (复核人)."""
    return replace(caller, client=f"{caller.client}:second")
