"""The cases that need the clock set forward, on a sandbox, where it can be."""

from __future__ import annotations

from app.conformance.runner import passed
from tests.conformance.test_kit import client_of, played, wrong
from tests.support.institutions import JINAN
from tests.support.sandbox import open_sandbox


async def test_what_needs_the_clock_passes_on_a_sandbox_through_both_faces(
    database_url: str,
) -> None:
    async with open_sandbox(database_url) as sandbox:
        sandbox.clock.set_day("2025-11-03")
        parties = [await client_of(sandbox, each) for each in (JINAN, "110000")]
        operator = await client_of(sandbox, "operator")
        results = await played(sandbox, tuple(parties), only="calendar/", operator=operator)
    assert not wrong(results), "\n".join(wrong(results))
    assert [(it.name, it.face) for it in results] == [
        (name, face)
        for name in ("repeated-a-month-later", "cancelled-after-clearing")
        for face in ("rest", "gateway")
    ]
    assert passed(results)
