"""Examples of the documentation page that can be sent as they stand, on a hub made for trying out.

What an example needs is laid beforehand through the hub's own interface: one synthetic cast a day,
so that the page of a new day is fresh, and of the same day no different. Each example has people
and numbers of its own, so that they can be sent in any order.
"""

from __future__ import annotations

from collections.abc import Mapping

import httpx
import structlog
from fastapi import FastAPI

from app.kernel.calendar import business_day
from app.runtime.openapi import Example
from app.sandbox.clock import SandboxClock
from app.sandbox.examples import (
    advances,
    clearings,
    clients,
    deadlines,
    events,
    filings,
    institutions,
    messages,
    proofs,
    reconciliations,
    reviews,
    stays,
    workers,
)
from app.sandbox.examples.stage import RefusedError, Stage

__all__ = ["prepared"]

SCENES = (
    clients,
    institutions,
    workers,
    filings,
    stays,
    reconciliations,
    clearings,
    reviews,
    advances,
    deadlines,
    events,
    messages,
    proofs,
)
log = structlog.get_logger("hub")


async def prepared(app: FastAPI, clock: SandboxClock) -> Mapping[str, Example]:
    """Lay the ground on a hub that reads this clock; return the example of each operation.

    A scene the hub refuses, say since somebody took the institution offline, leaves the general
    examples in place.
    """
    examples: dict[str, Example] = {}
    transport = httpx.ASGITransport(app)
    async with httpx.AsyncClient(transport=transport, base_url="http://hub") as http:
        stage = Stage(http=http, signer=app.state.signer, clock=clock, today=business_day(clock()))
        for scene in SCENES:
            try:
                examples |= await scene.lay(stage)
            except RefusedError as refused:
                log.warning("examples", scene=scene.__name__, refused=str(refused))
    return examples
