"""How a person signs in for a short session, and how one who was invited enrols."""

from __future__ import annotations

import base64
import secrets

import pyotp
from cryptography.exceptions import InvalidTag

from app.kernel.parties import PERSON
from app.parties.errors import InvitationRefused, PersonRefused
from app.parties.model import Acceptance, Enrolment, PartyState, PersonState, SignIn, Token
from app.parties.service import proving
from app.parties.service.persons import OPERATOR, STEP_SECONDS, locked_up, typed
from app.parties.service.tokens import NATIONWIDE, UNKNOWN
from app.parties.store import persons as store
from app.parties.store.persons import Entry
from app.runtime.auth import Caller, Signer, Terms
from app.runtime.door import Hub, lend
from app.runtime.sealing import Seal


async def sign_in(
    hub: Hub, keys: tuple[Signer, Seal], brought: SignIn, *, request: str, address: str
) -> Token:
    """Exchange password and code for a short session; each code is good once.

    A try is counted before it is judged, so that guesses made at once count as well. Whoever knows
    the password is counted wherever they come from: a code is too short for a fresh start at every
    address. Strangers cannot lock its owner out by that, nor learn by it that a password is right.
    """
    signer, seal = keys
    now = hub.clock()
    person_id = brought.person[: proving.CREDENTIAL_LENGTH_MAX]
    who = proving.digest_of(PERSON + person_id)
    await proving.require_unlocked(hub, who, address)
    counted = await proving.count_failure(hub, who, address, now)
    async with lend(hub) as rx:
        found = await store.entry_of(rx, person_id)
    is_expected = found is not None and _is_in(found, PersonState.ACTIVE)
    matches = await proving.verify(found.lock.password_hash if found else None, brought.password)
    opens = counted and matches and is_expected
    if opens and found is not None:
        opens = await proving.count_failure(hub, who, proving.ANYWHERE, now)
        opens = opens and await _take_code(hub, seal, found, brought.code)
    await _leave_on_trail(hub, found, "person.sign_in" if opens else "person.refuse", request)
    if found is None or not opens:
        raise PersonRefused
    await proving.forgive(hub, who, address, was_counted=True)
    return Token(access=signer.issue(_caller(found), hub.clock()), seconds=signer.minutes * 60)


async def enrol(
    hub: Hub, seal: Seal, brought: Acceptance, *, request: str, address: str
) -> Enrolment:
    """Take an invitation up: a password of one's own, and the address for an authenticator.

    Tries are counted with those to sign in, and an id nobody has costs the same.
    """
    person_id = brought.person[: proving.CREDENTIAL_LENGTH_MAX]
    who = proving.digest_of(PERSON + person_id)
    await proving.require_unlocked(hub, who, address)
    counted = await proving.count_failure(hub, who, address)
    async with lend(hub) as rx:
        found = await store.entry_of(rx, person_id)
    invitation_hash = found.lock.password_hash if found else None
    matches = await proving.verify(invitation_hash, typed(brought.invitation))
    until = found.person.invited_until if found else None
    in_time = until is not None and hub.clock() < until
    opens = counted and matches and in_time
    if found is None or not opens or not _is_in(found, PersonState.INVITED):
        await _leave_on_trail(hub, found, "person.refuse", request)
        raise InvitationRefused
    await proving.forgive(hub, who, address, was_counted=True)
    lock, enrolment = await locked_up(seal, person_id, brought.password)
    async with lend(hub) as rx:
        is_first = await store.enrol(rx, person_id, found.lock.password_hash, lock)
    await _leave_on_trail(hub, found, "person.enrol" if is_first else "person.refuse", request)
    if not is_first:
        raise InvitationRefused
    return enrolment


def _is_in(found: Entry, state: PersonState) -> bool:
    return found.person.state is state and found.party_state is PartyState.ACTIVE


async def _leave_on_trail(hub: Hub, found: Entry | None, action: str, request: str) -> None:
    """Leave a try on the trail of the person's party; never what a stranger typed."""
    who = (found.person.party, PERSON + found.person.id) if found else (OPERATOR, UNKNOWN)
    await proving.leave_on_trail(hub, who, action, request)


def _caller(found: Entry) -> Caller:
    """Let a person speak for their party, held to its limit."""
    return Caller(
        kind=found.kind,
        party=found.person.party,
        region=found.region or NATIONWIDE,
        client=PERSON + found.person.id,
        terms=Terms(party_per_minute=found.party_per_minute),
    )


async def _take_code(hub: Hub, seal: Seal, found: Entry, code: str) -> bool:
    """Hold a code against this step, the one before and the one after, and use it up."""
    person_id = found.person.id
    try:
        seed = seal.open(found.lock.seed, person_id)
    except InvalidTag:  # the sealing key has changed: another person must recover them
        return False
    codes = pyotp.TOTP(base64.b32encode(seed).decode(), interval=STEP_SECONDS)
    now = int(hub.clock().timestamp()) // STEP_SECONDS
    steps = [
        step
        for step in (now - 1, now, now + 1)
        if secrets.compare_digest(codes.at(step * STEP_SECONDS).encode(), code.encode())
    ]
    if not steps:
        return False
    async with lend(hub) as rx:
        return await store.take_step(rx, person_id, steps[0])
