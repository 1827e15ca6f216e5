"""A settlement whose money can be traced; what else is proven is there without laying."""

from __future__ import annotations

from collections.abc import Mapping

from app.runtime.openapi import Example
from app.sandbox.examples.stage import HOSPITAL, OPERATOR, Stage

SETTLEMENTS = "/v1/settlements"


async def lay(stage: Stage) -> Mapping[str, Example]:
    """Find a settlement: the stays were laid before."""
    found = await stage.read(HOSPITAL, SETTLEMENTS, limit="1")
    numbers = [str(it["number"]) for it in found["items"]]
    if not numbers:
        return {}
    traced = Example(client=OPERATOR, parameters={"number": numbers[0]})
    return {f"GET {SETTLEMENTS}/{{number}}/trace": traced}
