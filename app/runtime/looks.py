"""Looks at personal data: what a reading noted goes on record before its answer leaves."""

from __future__ import annotations

from app.runtime import messages
from app.runtime.messages import Stamp
from app.runtime.work import Reading


async def keep(it: Reading, request: str) -> None:
    """Write the looks of a reading, if it had any: one statement."""
    if it.looks:
        await messages.note_looks(it.rx, _stamp(it, request), it.looks)


def _stamp(it: Reading, request: str) -> Stamp:
    return Stamp(
        party=it.caller.party,
        client=it.caller.client,
        key="",
        fingerprint=b"",
        action="look",
        request=request,
        at=it.now,
    )
