"""Use cases of persons: the operator's people, who sign in with a password and a one-time code."""

from __future__ import annotations

import asyncio
import base64
import re
import secrets
from datetime import datetime

import pyotp
from cryptography.exceptions import InvalidTag

from app.kernel.parties import PartyKind
from app.parties.errors import (
    ClientIdFormat,
    PasswordTooWeak,
    PersonExists,
    PersonRefused,
    PersonUnknown,
    VouchingNeeded,
)
from app.parties.model import Enrolment, Person, PersonState, SignIn, Token
from app.parties.service import proving
from app.parties.store import persons as store
from app.parties.store.persons import Lock
from app.runtime.auth import PERSON, Caller, Signer
from app.runtime.door import Hub, lend
from app.runtime.sealing import Seal
from app.runtime.work import Reading, Work

PERSON_ID = re.compile(r"[a-z][0-9a-z._-]{1,31}")
PASSWORD_LENGTH_MIN, DIFFERENT_MIN = 12, 6
SEED_BYTES = 20
STEP_SECONDS = 30
FREE_OF_VOUCHING = 2  # the first two: before them there is nobody to vouch
SEALED_FOR = "one-time codes"
ISSUER = "hub"


async def create_person(
    work: Work, seal: Seal, it: tuple[str, str, str], voucher: str | None
) -> Enrolment:
    """Enrol a person (id, name, password); from the third on another one vouches for them."""
    person_id, name, password = it
    if not PERSON_ID.fullmatch(person_id):
        raise ClientIdFormat
    known = await store.persons(work.tx)
    if len(known) >= FREE_OF_VOUCHING and voucher in (None, person_id):
        raise VouchingNeeded
    lock, enrolment = await _locked_up(seal, person_id, password)
    person = Person(id=person_id, name=name, state=PersonState.ACTIVE, created_at=work.now)
    if not await store.add(work.tx, person, lock):
        raise PersonExists
    work.record("person.create", person_id, voucher=voucher)
    return enrolment


async def recover_person(
    work: Work, seal: Seal, it: tuple[str, str], voucher: str | None
) -> Enrolment:
    """Give a person (id) a new password and new codes; another one vouches for them."""
    person_id, password = it
    if voucher in (None, person_id):
        raise VouchingNeeded
    lock, enrolment = await _locked_up(seal, person_id, password)
    if not await store.renew(work.tx, person_id, lock, work.now):
        raise PersonUnknown
    work.record("person.recover", person_id, voucher=voucher)
    return enrolment


async def disable_person(work: Work, person_id: str) -> None:
    """Let a person sign in no more; their sessions end now."""
    if not await store.disable(work.tx, person_id, work.now):
        raise PersonUnknown
    work.record("person.disable", person_id)


async def end_sessions(work: Work, person_id: str, before: datetime) -> None:
    """End the sessions of a person that began by then: signing out ends them all."""
    await store.end_sessions(work.tx, person_id, before)
    work.record("person.sign_out", person_id)


async def list_persons(reading: Reading) -> list[Person]:
    """List the operator's people."""
    return await store.persons(reading.rx)


async def sign_in(
    hub: Hub, keys: tuple[Signer, Seal], brought: SignIn, *, request: str, address: str
) -> Token:
    """Exchange password and code for a short session; each code is good once.

    A try is counted before it is judged, so that guesses made at once count as well.
    """
    signer, seal = keys
    person_id = brought.person[: proving.CREDENTIAL_LENGTH_MAX]
    who = proving.digest_of(PERSON + person_id)
    await proving.require_unlocked(hub, who, address)
    counted = await proving.count_failure(hub, who, address)
    async with lend(hub) as rx:
        found = await store.lock_of(rx, person_id)
    matches = await proving.verify(found[1].password_hash if found else None, brought.password)
    opens = counted and matches and found is not None and _is_active(found[0])
    if opens and found is not None:
        opens = await _take_code(hub, seal, found, brought.code)
    # Never what a stranger typed.
    trail = ("operator", PERSON + found[0].id) if found else ("operator", "-")
    action = "person.sign_in" if opens else "person.refuse"
    await proving.leave_on_trail(hub, trail, action, request)
    if found is None or not opens:
        raise PersonRefused
    await proving.forgive(hub, who, address)
    caller = Caller(
        kind=PartyKind.OPERATOR,
        party="operator",
        region="000000",
        client=PERSON + found[0].id,
    )
    return Token(access=signer.issue(caller, hub.clock()), seconds=signer.minutes * 60)


def _is_active(person: Person) -> bool:
    return person.state is PersonState.ACTIVE


async def _take_code(hub: Hub, seal: Seal, found: tuple[Person, Lock], code: str) -> bool:
    """Hold a code against this step, the one before and the one after, and use it up."""
    person, lock = found
    try:
        seed = seal.open(lock.seed, person.id)
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
        return await store.take_step(rx, person.id, steps[0])


async def _locked_up(seal: Seal, person_id: str, password: str) -> tuple[Lock, Enrolment]:
    weak = len(password) < PASSWORD_LENGTH_MIN or len(set(password)) < DIFFERENT_MIN
    if weak or person_id in password.lower():
        raise PasswordTooWeak
    hashed = await asyncio.to_thread(proving.HASHER.hash, password)
    seed = secrets.token_bytes(SEED_BYTES)
    codes = pyotp.TOTP(base64.b32encode(seed).decode(), interval=STEP_SECONDS)
    lock = Lock(password_hash=hashed, seed=seal.close(seed, person_id))
    address = codes.provisioning_uri(name=person_id, issuer_name=ISSUER)
    return lock, Enrolment(id=person_id, authenticator=address)
