"""How a secret is held against its hash, and how guessing is made useless.

Failures are counted in the database, so that every replica agrees; what was typed is kept only as
a digest, and an id nobody has is locked out exactly as one that somebody has.
"""

from __future__ import annotations

import asyncio
import hashlib
import secrets
from datetime import datetime, timedelta
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.kernel.parties import PartyKind
from app.parties.errors import SignInLocked
from app.parties.store import clients as store
from app.parties.store.clients import Guessing
from app.runtime import walls
from app.runtime.addresses import household_of
from app.runtime.auth import Caller
from app.runtime.door import Hub, lend
from app.runtime.messages import Stamp, note_looks
from app.runtime.work import Record

HASHER = PasswordHasher()
CREDENTIAL_LENGTH_MAX = 200
ANYWHERE = store.ANYWHERE
RULE = Guessing(
    free=5,
    free_per_address=100,
    shortest=timedelta(seconds=30),
    longest=timedelta(minutes=30),
    memory=timedelta(hours=2),
)


def digest_of(typed: str) -> bytes:
    """Name who is being guessed at, without keeping what a stranger typed."""
    return hashlib.sha256(typed[:CREDENTIAL_LENGTH_MAX].encode()).digest()


async def verify(hashed: str | None, secret: str) -> bool:
    """Hold a secret against a hash; where there is none, the time taken is the same."""
    known = hashed if hashed is not None else _nobody()
    return await asyncio.to_thread(_matches, known, secret[:CREDENTIAL_LENGTH_MAX])


async def require_unlocked(hub: Hub, who: bytes, address: str) -> int:
    """Refuse while guesses are locked out; return how often there was a failure before."""
    now = hub.clock()
    async with lend(hub) as rx:
        until, failures = await store.failures(rx, who, household_of(address))
    if until is not None and until > now:
        raise SignInLocked(retry_after_seconds=int((until - now).total_seconds()) + 1)
    return failures


async def count_failure(hub: Hub, who: bytes, address: str, now: datetime | None = None) -> bool:
    """Count a failure, of now or of when the try came; false when locked out meanwhile."""
    at = now or hub.clock()
    async with lend(hub) as rx:
        return await store.count_failure(rx, who, household_of(address), at, RULE)


async def forgive(hub: Hub, who: bytes, address: str, *, was_counted: bool = False) -> None:
    """Forget the failures of one who has proved to be the owner.

    A try that was counted before it was judged is taken from its address's count as well, or an
    office that signs in all day would lock itself out.
    """
    async with lend(hub) as rx:
        await store.forgive(rx, who, household_of(address))
        if was_counted:
            await store.uncount(rx, household_of(address))


async def leave_on_trail(hub: Hub, who: tuple[str, str], action: str, request: str) -> None:
    """Leave an attempt on the trail of a party (and its client): the hub itself writes it there."""
    party, client = who
    stamp = Stamp(
        party=party,
        client=client,
        key="",
        fingerprint=b"",
        action=action.partition(".")[0],
        request=request,
        at=hub.clock(),
    )
    writer = Caller(kind=PartyKind.CHANNEL, party=party, region="000000", client="hub:sign-in")
    async with lend(hub) as rx:
        await walls.enter(rx, writer, stamp.at)
        await note_looks(rx, stamp, [Record(action=action, subject=client, facts={})])


@cache
def _nobody() -> str:
    """Return a hash that no one has the secret of."""
    return HASHER.hash(secrets.token_urlsafe(32))


def _matches(hashed: str, secret: str) -> bool:
    try:
        return HASHER.verify(hashed, secret)
    except (VerificationError, InvalidHashError):
        return False
