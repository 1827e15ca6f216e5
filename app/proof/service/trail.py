"""Look into the audit trail; that somebody looked is itself on the trail."""

from __future__ import annotations

from dataclasses import replace

from app.kernel.parties import PartyKind
from app.kernel.personal import holds_citizen_number
from app.proof.errors import TrailRangeWrong
from app.proof.model.trail import TrailAsked, TrailLine
from app.proof.store import trail as store
from app.runtime.paging import Page, PageAsked
from app.runtime.problems import Malformed
from app.runtime.work import Reading

EVERYTHING = "trail"
ABOUT_NOBODY = "a person's own number is not looked for 不得按证件号码查询"


async def search(reading: Reading, asked: TrailAsked, page: PageAsked) -> Page[TrailLine]:
    """Read who did, looked at or approved what; a party other than the operator only its own."""
    _require_about_nobody(asked)
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


def _require_about_nobody(asked: TrailAsked) -> None:
    """What is looked for goes onto the trail, too: a citizen's number must not come in that way."""
    texts = {"subject": asked.subject, "party": asked.party, "client": asked.client}
    faults = [
        {"in": "query", "pointer": f"/{name}", "code": "personal_number", "detail": ABOUT_NOBODY}
        for name, text in texts.items()
        if text is not None and holds_citizen_number(text)
    ]
    if faults:
        raise Malformed(errors=faults)
