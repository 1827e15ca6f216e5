"""Trace every yuan of a settlement: line, bill, month, period, claim, notice, payment."""

from __future__ import annotations

from app.kernel.parties import PartyKind
from app.proof.errors import SettlementUntraceable
from app.proof.model.tracing import OF_INSTITUTIONS, Stage, Step, Trace, Traced
from app.proof.store import tracing as store
from app.runtime.auth import Caller
from app.runtime.work import Reading


async def trace(reading: Reading, number: str) -> Trace:
    """Follow a settlement's money as far as it came and as far as the caller may see."""
    scope = reading.caller.scope
    found = await store.settlement_of(reading.rx, scope, number)
    if found is None or reading.caller.kind is PartyKind.CHANNEL:
        raise SettlementUntraceable(settlement=number)
    held = await store.claims_of(reading.rx, found)
    steps: list[Step] = []
    for stage in stages_of(reading.caller, found):
        steps += await store.steps(reading.rx, scope, found, stage, held)
    return Trace(settlement=found, steps=tuple(steps))


def stages_of(caller: Caller, it: Traced) -> list[Stage]:
    """Return what the caller may see: claims and what follows are between the two places."""
    sides = (it.insured_place, it.treatment_place)
    if any(caller.governs(place) for place in sides):
        return list(Stage)
    return [stage for stage in Stage if stage in OF_INSTITUTIONS]
