"""The mechanism of two persons (双人复核): one proposes a sensitive act, another decides it.

An act is a name and a use case; a folder further down the road may open acts of its own.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import datetime, timedelta

from app.kernel.parties import PERSON, PartyKind, SignatureScheme
from app.parties.errors import (
    PersonRequired,
    ProposalDecided,
    ProposalExpired,
    ProposalForeign,
    ProposalUnknown,
)
from app.parties.model import (
    Asked,
    ClientTerms,
    Credential,
    Decided,
    Invitation,
    Proposal,
    ProposalState,
    Proposed,
    Verdict,
)
from app.parties.service import credentials, editions, persons, seconding
from app.parties.store import proposals as store
from app.runtime.auth import Caller
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work

CarryOut = Callable[[Work, Proposal], Awaitable[Credential | Invitation | None]]
OF_PERSONS = "person."  # how the acts begin that an agency proposes for its own
INVITING = ("person.create", "person.recover")


async def propose(work: Work, asked: Asked, reason: str, hours: int) -> Proposed:
    """Propose an act; nothing is done until another person approves."""
    person = _person_of(work.caller)
    await _require_own(work, asked)
    asked = await _read_closely(work, asked)
    half, digest = None, None
    if asked.act in INVITING:
        half, digest = persons.first_half(str(asked.details.get("person") or asked.subject))
    made = await store.add(
        work.tx,
        Proposal(
            number="",
            party=work.caller.party,
            asked=asked,
            reason=reason,
            state=ProposalState.OPEN,
            proposed_by=person,
            proposed_at=work.now,
            expires_at=work.now + timedelta(hours=hours),
            invitation=digest,
        ),
        work.today,
    )
    work.record("proposal.open", made.number, act=asked.act, about=asked.subject)
    return Proposed(proposal=made, invitation=half)


async def decide(work: Work, verdict: Verdict) -> Decided:
    """Approve a proposal, which carries its act out here and now, or reject it."""
    person = _person_of(work.caller)
    found = await store.locked(work.tx, verdict.number, _seen(work.caller))
    if found is None:
        raise ProposalUnknown
    if found.party != work.caller.party:
        raise ProposalForeign
    await seconding.require_second(work, PERSON + found.proposed_by)
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
    made = await ACTS[found.asked.act](work, decided) if verdict.approves else None
    return Decided(
        proposal=decided,
        credential=made if isinstance(made, Credential) else None,
        invitation=made if isinstance(made, Invitation) else None,
    )


async def list_proposals(
    reading: Reading, state: ProposalState | None, page: PageAsked
) -> Page[Proposal]:
    """List proposals, oldest first: every party's for the operator, else the caller's own."""
    of = _seen(reading.caller)
    found = Page.of(await store.page(reading.rx, of, state, page), page, lambda it: it[0])
    return Page([it for _, it in found.rows], found.last)


async def proposal(reading: Reading, number: str) -> Proposal:
    """Look one proposal up."""
    found = await store.by_number(reading.rx, number, _seen(reading.caller))
    if found is None:
        raise ProposalUnknown
    return found


def _person_of(caller: Caller) -> str:
    if caller.person is None:
        raise PersonRequired
    return caller.person


def _seen(caller: Caller) -> str | None:
    """Return whose proposals the caller sees: the party's, or all."""
    return None if caller.kind is PartyKind.OPERATOR else caller.party


async def _require_own(work: Work, asked: Asked) -> None:
    """An agency proposes what concerns its own persons; the operator proposes everything."""
    if work.caller.kind is not PartyKind.OPERATOR:
        other = asked.act == "person.create" and asked.subject != work.caller.party
        if other or not asked.act.startswith(OF_PERSONS):
            raise ProposalForeign
    if asked.act == "person.create":
        await persons.require_persons_at(work, asked.subject)
    elif asked.act.startswith(OF_PERSONS):
        await persons.require_person_known(work, asked.subject, _seen(work.caller))


async def _read_closely(work: Work, asked: Asked) -> Asked:
    """Say of a policy edition what it is and what it changes: that is what the second decides."""
    if asked.act != editions.ADOPT:
        return asked
    new = await editions.offered(work, str(asked.details["book"]))
    return replace(asked, subject=new.version, details=editions.details_of(new))


async def _create(work: Work, it: Proposal) -> Credential:
    wanted = it.asked.details.get("client")
    return await credentials.create_client(work, it.asked.subject, str(wanted) if wanted else None)


async def _secret(work: Work, it: Proposal) -> Credential:
    last = _moment(it.asked.details, "expires_at")
    return await credentials.issue_secret(work, it.asked.subject, last)


async def _rotate(work: Work, it: Proposal) -> Credential:
    return await credentials.rotate_client(work, it.asked.subject)


async def _terms(work: Work, it: Proposal) -> None:
    await credentials.hold_to(work, it.asked.subject, terms_of(it.asked.details))


async def _disable(work: Work, it: Proposal) -> None:
    await credentials.disable_client(work, it.asked.subject)


async def _enable(work: Work, it: Proposal) -> None:
    await credentials.enable_client(work, it.asked.subject)


async def _invite(work: Work, it: Proposal) -> Invitation:
    person = (it.asked.subject, str(it.asked.details["person"]), str(it.asked.details["name"]))
    return await persons.invite_new(work, person, *_invitation(work, it))


async def _invite_again(work: Work, it: Proposal) -> Invitation:
    return await persons.invite_again(work, it.asked.subject, *_invitation(work, it))


async def _disable_person(work: Work, it: Proposal) -> None:
    await persons.disable_person(work, it.asked.subject)


def _invitation(work: Work, it: Proposal) -> tuple[bytes, datetime]:
    """Return the digest of its first half, and until when it is good: as long as a proposal is."""
    assert it.invitation is not None, "what invites somebody was proposed with a half"
    return it.invitation, work.now + (it.expires_at - it.proposed_at)


ACTS: dict[str, CarryOut] = {
    "client.create": _create,
    "client.secret": _secret,
    "client.rotate": _rotate,
    "client.terms": _terms,
    "client.disable": _disable,
    "client.enable": _enable,
    "person.create": _invite,
    "person.recover": _invite_again,
    "person.disable": _disable_person,
    editions.ADOPT: editions.adopt,
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
