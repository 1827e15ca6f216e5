"""Use cases of persons: the operator's and agencies' people are enrolled, invited and stopped."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import re
import secrets
from datetime import datetime

import pyotp

from app.kernel.parties import PartyKind
from app.parties.errors import (
    ClientIdFormat,
    PartyUnknown,
    PasswordTooWeak,
    PersonExists,
    PersonsForeign,
    PersonUnknown,
    VouchingNeeded,
)
from app.parties.model import Enrolment, Invitation, Person, PersonState
from app.parties.service import proving
from app.parties.store import persons as store
from app.parties.store import places
from app.parties.store.persons import Lock
from app.runtime.auth import Caller
from app.runtime.paging import Page, PageAsked
from app.runtime.sealing import Seal
from app.runtime.work import Reading, Work

OPERATOR = "operator"
PERSON_ID = re.compile(r"[a-z][0-9a-z._-]{1,31}")
PASSWORD_LENGTH_MIN, DIFFERENT_MIN = 12, 6
SEED_BYTES, HALF_BYTES = 20, 16
STEP_SECONDS = 30
FREE_OF_VOUCHING = 2  # the operator's first two: before them there is nobody to vouch
SEALED_FOR = "one-time codes"
ISSUER = "hub"
NO_SEED = b""  # of who was invited and has no authenticator yet


async def create_person(
    work: Work, seal: Seal, it: tuple[str, str, str], voucher: Caller | None
) -> Enrolment:
    """Enrol one of the operator's people (id, name, password); from the third on with a voucher."""
    person_id, name, password = it
    known = await store.persons(work.tx, OPERATOR)
    if len(known) >= FREE_OF_VOUCHING:
        _require_voucher(voucher, person_id, OPERATOR)
    lock, enrolment = await locked_up(seal, person_id, password)
    person = Person(
        id=person_id, party=OPERATOR, name=name, state=PersonState.ACTIVE, created_at=work.now
    )
    await _keep(work, person, lock)
    work.record("person.create", person_id, party=OPERATOR, voucher=voucher and voucher.person)
    return enrolment


async def recover_person(
    work: Work, seal: Seal, it: tuple[str, str], voucher: Caller | None
) -> Enrolment:
    """Give a person (id) a new password and new codes; another one vouches for them."""
    person_id, password = it
    found = await require_person_known(work, person_id)
    _require_voucher(voucher, person_id, found.party)
    lock, enrolment = await locked_up(seal, person_id, password)
    await store.renew(work.tx, person_id, lock, work.now)
    work.record("person.recover", person_id, voucher=voucher and voucher.person)
    return enrolment


async def invite_new(
    work: Work, person: tuple[str, str, str], first: bytes, until: datetime
) -> Invitation:
    """Keep a new person (party, id, name) who enrols with both halves of an invitation."""
    party, person_id, name = person
    half, hashed = await _second_half(first)
    made = Person(
        id=person_id,
        party=party,
        name=name,
        state=PersonState.INVITED,
        created_at=work.now,
        invited_until=until,
    )
    await _keep(work, made, Lock(password_hash=hashed, seed=NO_SEED))
    work.record("person.invite", person_id, party=party)
    return Invitation(person=person_id, half=half)


async def invite_again(work: Work, person_id: str, first: bytes, until: datetime) -> Invitation:
    """Let a person in no more by what they have, and enrol anew by an invitation."""
    await require_person_known(work, person_id)
    half, hashed = await _second_half(first)
    await store.invite(work.tx, person_id, hashed, at=work.now, until=until)
    work.record("person.invite", person_id)
    return Invitation(person=person_id, half=half)


async def disable_person(work: Work, person_id: str) -> None:
    """Let a person sign in no more; their sessions end now."""
    if not await store.disable(work.tx, person_id, work.now):
        raise PersonUnknown
    work.record("person.disable", person_id)


async def stop_person(work: Work, person_id: str) -> Person:
    """Disable an agency's person at once; the operator's own are stopped at the command line.

    A machine of the operator's could else do away with those who must stand in its place.
    """
    found = await require_person_known(work, person_id)
    if found.party == OPERATOR:
        raise PersonUnknown
    await disable_person(work, person_id)
    return await require_person_known(work, person_id)


async def end_sessions(work: Work, person_id: str, before: datetime) -> None:
    """End the sessions of a person that began by then: signing out ends them all."""
    await store.end_sessions(work.tx, person_id, before)
    work.record("person.sign_out", person_id)


async def list_persons(reading: Reading, page: PageAsked) -> Page[Person]:
    """List everybody for the operator, their own people for an agency, by id."""
    caller = reading.caller
    of = None if caller.kind is PartyKind.OPERATOR else caller.party
    return Page.of(await store.page(reading.rx, of, page.after, page.rows), page, lambda it: it.id)


async def all_persons(reading: Reading, party: str | None = None) -> list[Person]:
    """List everybody, or a party's people, for the command line."""
    return await store.persons(reading.rx, party)


async def require_person_known(work: Work, person_id: str, of: str | None = None) -> Person:
    """Find a person of a party, or of any."""
    found = await store.person_by_id(work.tx, person_id, of)
    if found is None:
        raise PersonUnknown
    return found


async def require_persons_at(work: Work, party: str) -> None:
    """Persons belong to the operator or to an agency."""
    kind = await places.kind_of(work.tx, party)
    if kind is None:
        raise PartyUnknown(party=party)
    if kind not in (PartyKind.OPERATOR, PartyKind.AGENCY):
        raise PersonsForeign(party=party)


async def locked_up(seal: Seal, person_id: str, password: str) -> tuple[Lock, Enrolment]:
    """Make what is kept of a person's password and codes, and what they take along."""
    weak = len(password) < PASSWORD_LENGTH_MIN or len(set(password)) < DIFFERENT_MIN
    if weak or person_id in password.lower():
        raise PasswordTooWeak
    hashed = await asyncio.to_thread(proving.HASHER.hash, password)
    seed = secrets.token_bytes(SEED_BYTES)
    codes = pyotp.TOTP(base64.b32encode(seed).decode(), interval=STEP_SECONDS)
    lock = Lock(password_hash=hashed, seed=seal.close(seed, person_id))
    address = codes.provisioning_uri(name=person_id, issuer_name=ISSUER)
    return lock, Enrolment(id=person_id, authenticator=address)


def first_half(person_id: str) -> tuple[Invitation, bytes]:
    """Begin an invitation: the half that is shown, and the digest of it that is kept."""
    half = secrets.token_urlsafe(HALF_BYTES)
    return Invitation(person=person_id, half=half), hashlib.sha256(half.encode()).digest()


def typed(invitation: str) -> str:
    """Write both halves of an invitation as its hash was made from."""
    first, _, second = invitation.partition(".")
    return _joined(hashlib.sha256(first.encode()).digest(), second)


async def _second_half(first: bytes) -> tuple[str, str]:
    half = secrets.token_urlsafe(HALF_BYTES)
    return half, await asyncio.to_thread(proving.HASHER.hash, _joined(first, half))


def _joined(first: bytes, second: str) -> str:
    return f"{first.hex()}.{second}"


def _require_voucher(voucher: Caller | None, person_id: str, party: str) -> None:
    """Another person vouches: one of the same party, or of the operator."""
    by = None if voucher is None or voucher.party not in (party, OPERATOR) else voucher.person
    if by in (None, person_id):
        raise VouchingNeeded


async def _keep(work: Work, person: Person, lock: Lock) -> None:
    if not PERSON_ID.fullmatch(person.id):
        raise ClientIdFormat
    await require_persons_at(work, person.party)
    if not await store.add(work.tx, person, lock):
        raise PersonExists
