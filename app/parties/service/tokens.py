"""Use cases of tokens: a client's credentials buy one, and whoever holds it may give it back."""

from __future__ import annotations

from datetime import datetime

from app.parties.errors import ClientRefused
from app.parties.model import Token
from app.parties.service import proving
from app.parties.store import clients as store
from app.parties.store.clients import Lock
from app.runtime.addresses import is_within
from app.runtime.auth import Caller, Signer, Terms, Unauthenticated
from app.runtime.door import Hub, lend
from app.runtime.work import Work

NATIONWIDE = "000000"
UNKNOWN = "-"


async def issue_token(
    hub: Hub,
    signer: Signer,
    client_id: str,
    secret: str,
    *,
    request: str = "-",
    address: str = UNKNOWN,
) -> Token:
    """Exchange a client's credentials for a token; both outcomes are left on the trail."""
    lock = await _proved(hub, (client_id, secret), request=request, address=address)
    caller = _caller(lock)
    return Token(access=signer.issue(caller, hub.clock()), seconds=signer.minutes * 60)


async def holder_of(
    hub: Hub,
    signer: Signer,
    credentials: tuple[str, str],
    token: str,
    *,
    request: str = "-",
    address: str = UNKNOWN,
) -> Caller | None:
    """Prove a client and return whom the token speaks for, if it is the client's own.

    Another's token, or none at all, is good for nothing to it already (RFC 7009 2.2).
    """
    lock = await _proved(hub, credentials, request=request, address=address)
    try:
        holder = signer.read(token, hub.clock())
    except Unauthenticated:
        return None
    return holder if holder.client == lock.client.id else None


async def revoke_token(work: Work, holder: Caller) -> None:
    """Revoke a token and all that were given to its client before (RFC 7009)."""
    assert holder.issued_at is not None, "it was read from a token"
    await store.revoke_tokens(work.tx, holder.client, holder.issued_at)
    work.record("token.revoke", holder.client, issued_at=holder.issued_at)


async def _proved(hub: Hub, credentials: tuple[str, str], *, request: str, address: str) -> Lock:
    """Prove a client's credentials, or refuse them in the same words whatever is wrong.

    An unknown id costs a hash as well, so that the time taken does not tell which ids exist.
    No connection is held while hashing.
    """
    client_id, secret = (it[: proving.CREDENTIAL_LENGTH_MAX] for it in credentials)
    who = proving.digest_of(client_id)
    failures = await proving.require_unlocked(hub, who, address)
    hint = secret.partition(".")[0] if "." in secret else ""
    async with lend(hub) as rx:
        lock = await store.lock_of(rx, client_id, hint)
        known = await store.client_by_id(rx, client_id) if lock is None else lock.client
    matches = await proving.verify(lock.secret_hash if lock is not None else None, secret)
    now = hub.clock()
    opens = lock is not None and matches and _may_enter(lock, address, now)
    found = (known.party, known.id) if known else (UNKNOWN, UNKNOWN)  # never what a stranger typed
    action = "token.issue" if opens else "token.refuse"
    await proving.leave_on_trail(hub, found, action, request)
    if lock is None or not opens:
        await proving.count_failure(hub, who, address)
        raise ClientRefused(error="invalid_client", error_description=ClientRefused.title)
    if failures:
        await proving.forgive(hub, who, address)
    return lock


def _may_enter(lock: Lock, address: str, now: datetime) -> bool:
    allowed = lock.client.terms.addresses
    near = not allowed or is_within(address, allowed)
    return lock.client.may_enter(now) and lock.secret.is_good(now) and near


def _caller(lock: Lock) -> Caller:
    client = lock.client
    return Caller(
        kind=client.kind,
        party=client.party,
        region=client.region or NATIONWIDE,
        client=client.id,
        terms=Terms(
            addresses=client.terms.addresses,
            client_per_minute=client.terms.requests_per_minute,
            party_per_minute=lock.party_per_minute,
            signature=client.terms.signature,
            keys=lock.keys,
        ),
    )
