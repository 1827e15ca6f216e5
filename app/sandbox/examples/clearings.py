"""A clearing to be read and noticed, and the period to be cleared next."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from app.kernel.calendar import QUARTER, Quarter, business_day
from app.runtime.openapi import Example
from app.sandbox.clock import in_china
from app.sandbox.examples.stage import BEIJING, OPERATOR, SHANDONG, Body, Role, Stage
from app.sandbox.examples.stays import settled

CLEARINGS = "/v1/clearings"
ONE = f"{CLEARINGS}/{{number}}"
SCHEME = "cross_province"
# The first quarter the hub can clear, long before anything else that is played here.
FIRST = Quarter(2024, 2)
SETTLED_ON, CLEARED_ON = date(2024, 5, 13), date(2024, 7, 21)


async def lay(stage: Stage) -> Mapping[str, Example]:
    """Play one case long ago on a hub that never cleared, and find the next period that is over."""
    known = await _clearings(stage)
    if not known and stage.today > CLEARED_ON:
        await _play(stage)
        known = await _clearings(stage)
    examples = {f"POST {CLEARINGS}": _next(stage, known)}
    if not known:
        return examples
    full = max(known, key=lambda it: int(it["totals"]["settlements"]))
    number = {"number": str(full["number"])}
    waiting = [it for it in known if it["state"] == "generated"]
    noticed = {"number": str((waiting or [full])[0]["number"])}
    reads = {
        f"GET {ONE}{rest}": Example(client=BEIJING, parameters=number)
        for rest in ("", "/statements", "/items", "/notices")
    }
    place = number | {"place": SHANDONG}
    return (
        examples
        | reads
        | {
            f"GET {ONE}/statements/{{place}}": Example(client=SHANDONG, parameters=place),
            f"POST {ONE}/notices": Example(client=OPERATOR, parameters=noticed),
        }
    )


async def _clearings(stage: Stage) -> list[Body]:
    found = await stage.read(OPERATOR, CLEARINGS)
    return [it for it in found["items"] if it["scheme"] == SCHEME]


async def _play(stage: Stage) -> None:
    """Settle one case in the first quarter and clear it, then come back to today."""
    clock = stage.clock
    today = clock()
    try:
        clock.set(in_china(SETTLED_ON))
        await settled(replace(stage, today=SETTLED_ON), Role.PAST)
        clock.set(in_china(CLEARED_ON))
        body = {"scheme": SCHEME, "period": str(FIRST)}
        await stage.write(OPERATOR, CLEARINGS, body, "clearing")
    finally:
        clock.set(today)
    assert business_day(clock()) >= stage.today, "the clock came back"


def _next(stage: Stage, known: list[Body]) -> Example:
    cleared = {str(it["period"]) for it in known if QUARTER.fullmatch(str(it["period"]))}
    period = FIRST
    while str(period) in cleared and period.next().last < stage.today:
        period = period.next()
    return Example(client=OPERATOR, body={"scheme": SCHEME, "period": str(period)})
