"""Look into the audit trail; that somebody looked is itself on the trail."""

from __future__ import annotations

from dataclasses import replace

from app.kernel.parties import PartyKind
from app.proof.errors import TrailRangeWrong
from app.proof.model.trail import TrailAsked, TrailLine
from app.proof.store import trail as store
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading

EVERYTHING = "trail"


async def search(reading: Reading, asked: TrailAsked, page: PageAsked) -> Page[TrailLine]:
    """Read who did, looked at or approved what; a party other than the operator only its own."""
    if asked.since is not None and asked.until is not None and asked.since >= asked.until:
        raise TrailRangeWrong
    if reading.caller.kind is not PartyKind.OPERATOR:
        asked = replace(asked, party=reading.caller.party)
    found = await store.search(reading.rx, asked, page)
    reading.trace(
        "audit.search",
        asked.subject or asked.party or EVERYTHING,
        party=asked.party,
        client=asked.client,
        deed=asked.action,
        since=asked.since,
        until=asked.until,
        rows=min(len(found), page.rows),
    )
    return Page.of(found, page, lambda it: it.seq)
