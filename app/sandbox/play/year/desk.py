"""A hub process of its own that settles what it is told to: made to be killed in the midst.

Reads one JSON document from its input; writes the answers, one a line, as they are known.
"""

from __future__ import annotations

import asyncio
import sys
from datetime import datetime

from pydantic import BaseModel

from app.kernel.money import Money
from app.runtime.db import open_engine
from app.runtime.hub import build_hub
from app.runtime.settings import Settings
from app.sandbox.play.deeds import settling
from app.sandbox.sender import Kept, Sender, institution


class Errand(BaseModel):
    """One settlement to be sent: by whom, under which step, of which visit, for how much."""

    number: int
    step: str
    institution: str
    visit: str
    total_fen: int
    lines: int


class Errands(BaseModel):
    """What a desk is to settle at a moment; each queue one after another, all queues at once."""

    url: str
    plan: str
    moment: datetime
    queues: list[list[Errand]]


class Told(BaseModel):
    """What the hub answered to an errand."""

    number: int
    replayed: bool
    kept: Kept


async def settle_all(errands: Errands) -> None:
    """Settle every queue, and tell each answer."""
    engine = open_engine(errands.url, Settings())
    sender = Sender(build_hub(engine, Settings()), errands.plan)

    async def queue(its: list[Errand]) -> None:
        for it in its:
            by = institution(it.institution, it.institution[1:7])
            deed = settling(it.visit, Money(it.total_fen), it.lines)
            sent = await sender.send(it.step, by, errands.moment, *deed)
            told = Told(number=it.number, replayed=sent.replayed, kept=sent.kept)
            sys.stdout.write(told.model_dump_json() + "\n")
            sys.stdout.flush()

    try:
        await asyncio.gather(*(queue(each) for each in errands.queues))
    finally:
        await engine.dispose()


def main() -> None:
    """Settle what the input says."""
    asyncio.run(settle_all(Errands.model_validate_json(sys.stdin.read())))
