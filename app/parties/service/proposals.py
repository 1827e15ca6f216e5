"""The mechanism of two persons (双人复核): one proposes a sensitive act, another decides it.

An act is a name and a use case; a folder further down the road may open acts of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from app.kernel.parties import SignatureScheme
from app.parties.errors import (
    PersonRequired,
    ProposalDecided,
    ProposalExpired,
    ProposalOwn,
    ProposalUnknown,
)
from app.parties.model import (
    Asked,
    ClientTerms,
    Credential,
    Decided,
    Proposal,
    ProposalState,
    Verdict,
)
from app.parties.service import credentials
from app.parties.store import proposals as store
from app.runtime.auth import Caller
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work

CarryOut = Callable[[Work, Asked], Awaitable[Credential | None]]


async def propose(work: Work, asked: Asked, reason: str, hours: int) -> Proposal:
    """Propose an act; nothing is done until another person approves."""
    person = _person_of(work.caller)
    made = await store.add(
        work.tx,
        Proposal(
            number="",
            asked=asked,
            reason=reason,
            state=ProposalState.OPEN,
            proposed_by=person,
            proposed_at=work.now,
            expires_at=work.now + timedelta(hours=hours),
        ),
        work.today,
    )
    work.record("proposal.open", made.number, act=asked.act, about=asked.subject)
    return made


async def decide(work: Work, verdict: Verdict) -> Decided:
    """Approve a proposal, which carries its act out here and now, or reject it."""
    person = _person_of(work.caller)
    found = await store.locked(work.tx, verdict.number)
    if found is None:
        raise ProposalUnknown
    if found.proposed_by == person:
        raise ProposalOwn
    if found.state is not ProposalState.OPEN:
        raise ProposalDecided(state=found.state)
    if work.now >= found.expires_at:
        raise ProposalExpired
    decided = replace(
        found,
        state=ProposalState.APPROVED if verdict.approves else ProposalState.REJECTED,
        decided_by=person,
        decided_at=work.now,
        decision=verdict.reason,
    )
    await store.decide(work.tx, decided)
    work.record(
        f"proposal.{'approve' if verdict.approves else 'reject'}",
        found.number,
        act=found.asked.act,
        about=found.asked.subject,
        proposed_by=found.proposed_by,
    )
    made = await ACTS[found.asked.act](work, found.asked) if verdict.approves else None
    return Decided(proposal=decided, credential=made)


async def list_proposals(
    reading: Reading, state: ProposalState | None, page: PageAsked
) -> Page[Proposal]:
    """List proposals, oldest first."""
    found = Page.of(await store.page(reading.rx, state, page), page, lambda it: it[0])
    return Page([it for _, it in found.rows], found.last)


async def proposal(reading: Reading, number: str) -> Proposal:
    """Look one proposal up."""
    found = await store.by_number(reading.rx, number)
    if found is None:
        raise ProposalUnknown
    return found


def _person_of(caller: Caller) -> str:
    if caller.person is None:
        raise PersonRequired
    return caller.person


async def _create(work: Work, asked: Asked) -> Credential:
    wanted = asked.details.get("client")
    return await credentials.create_client(work, asked.subject, str(wanted) if wanted else None)


async def _secret(work: Work, asked: Asked) -> Credential:
    return await credentials.issue_secret(work, asked.subject, _moment(asked.details, "expires_at"))


async def _rotate(work: Work, asked: Asked) -> Credential:
    return await credentials.rotate_client(work, asked.subject)


async def _terms(work: Work, asked: Asked) -> None:
    await credentials.hold_to(work, asked.subject, terms_of(asked.details))


async def _disable(work: Work, asked: Asked) -> None:
    await credentials.disable_client(work, asked.subject)


async def _enable(work: Work, asked: Asked) -> None:
    await credentials.enable_client(work, asked.subject)


ACTS: dict[str, CarryOut] = {
    "client.create": _create,
    "client.secret": _secret,
    "client.rotate": _rotate,
    "client.terms": _terms,
    "client.disable": _disable,
    "client.enable": _enable,
}


def terms_of(details: Mapping[str, object]) -> ClientTerms:
    """Read what a client is to be held to from a proposal."""
    addresses, rate = details.get("addresses"), details.get("requests_per_minute")
    signature = details.get("signature")
    return ClientTerms(
        addresses=tuple(map(str, addresses)) if isinstance(addresses, list) else (),
        requests_per_minute=rate if isinstance(rate, int) else None,
        expires_at=_moment(details, "expires_at"),
        signature=SignatureScheme(signature) if isinstance(signature, str) else None,
    )


def _moment(details: Mapping[str, object], name: str) -> datetime | None:
    text = details.get(name)
    return datetime.fromisoformat(text) if isinstance(text, str) else None
