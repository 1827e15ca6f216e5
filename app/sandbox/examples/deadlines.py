"""The calendar of an agency that has filed, and is a side of a clearing."""

from __future__ import annotations

from collections.abc import Mapping

from app.runtime.openapi import Example
from app.sandbox.examples.stage import BEIJING, Stage

PATH = "/v1/deadlines"


async def lay(_: Stage) -> Mapping[str, Example]:
    """Let Beijing's agency look: what the other examples laid falls due."""
    return {f"GET {PATH}": Example(client=BEIJING)}
