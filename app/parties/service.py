"""Use cases of parties: load the seeds, keep clients, exchange credentials for tokens."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Sequence
from functools import cache

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from app.parties import store
from app.parties.errors import (
    ClientExists,
    ClientRefused,
    ClientUnknown,
    PartyUnknown,
    RegionUnknown,
)
from app.parties.model import Client, Credential, Party, Region, RegionsAsked, Token
from app.runtime.auth import Caller, Signer
from app.runtime.db import Conn
from app.runtime.door import Hub, lend
from app.runtime.messages import Stamp, note_looks
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Record, Work

NATIONWIDE = "000000"
SECRET_BYTES = 32
CREDENTIAL_LENGTH_MAX = 200
HASHER = PasswordHasher()
UNKNOWN = "-"


async def load_regions(work: Work, rows: Sequence[Region]) -> int:
    """Keep the regions; loading them again changes only what differs."""
    changed = await store.keep_regions(work.tx, rows)
    work.record("regions.load", "regions", rows=len(rows), changed=changed)
    return changed


async def load_parties(work: Work, rows: Sequence[Party]) -> int:
    """Keep the parties; what was decided about them since is left alone."""
    changed = await store.keep_parties(work.tx, rows)
    work.record("parties.load", "parties", rows=len(rows), changed=changed)
    return changed


async def create_client(work: Work, party: str, client_id: str | None = None) -> Credential:
    """Give a party a new credential; its secret is in the answer and nowhere else."""
    if not await store.party_exists(work.tx, party):
        raise PartyUnknown(party=party)
    made = Credential(
        id=client_id or f"{party}-{secrets.token_hex(3)}", party=party, secret=_new_secret()
    )
    hashed = await asyncio.to_thread(HASHER.hash, made.secret)
    if not await store.add_client(work.tx, (made.id, made.party), hashed, work.now):
        raise ClientExists(client=made.id)
    work.record("client.create", made.id, party=party)
    return made


async def rotate_client(work: Work, client_id: str) -> Credential:
    """Replace a client's secret; tokens already given live their minutes."""
    found = await _locked(work, client_id)
    made = Credential(id=client_id, party=found.party, secret=_new_secret())
    hashed = await asyncio.to_thread(HASHER.hash, made.secret)
    await store.rotate(work.tx, client_id, hashed, work.now)
    work.record("client.rotate", client_id, party=found.party)
    return made


async def disable_client(work: Work, client_id: str) -> Client:
    """Give a client no more tokens."""
    found = await _locked(work, client_id)
    await store.disable(work.tx, client_id)
    work.record("client.disable", client_id, party=found.party)
    return found


async def clients(reading: Reading) -> list[Client]:
    """List every client, without secrets."""
    return await store.clients(reading.rx)


async def issue_token(
    hub: Hub, signer: Signer, client_id: str, secret: str, *, request: str = "-"
) -> Token:
    """Exchange a client's credentials for a token; both outcomes are left on the trail.

    An unknown id costs a hash as well, so that the time taken does not tell which ids exist.
    No connection is held while hashing.
    """
    async with lend(hub) as rx:
        lock = await store.lock_of(rx, client_id[:CREDENTIAL_LENGTH_MAX])
    known = lock.secret_hash if lock is not None else _nobody()
    matches = await asyncio.to_thread(_matches, known, secret[:CREDENTIAL_LENGTH_MAX])
    now = hub.clock()
    client = lock.client if lock is not None else None
    opens = client is not None and matches and client.may_enter
    stamp = Stamp(
        party=client.party if client else UNKNOWN,
        client=client.id if client else UNKNOWN,  # never what a stranger typed
        key="",
        fingerprint=b"",
        action="token",
        request=request,
        at=now,
    )
    action = "token.issue" if opens else "token.refuse"
    async with lend(hub) as rx:
        await note_looks(rx, stamp, [Record(action=action, subject=stamp.client, facts={})])
    if client is None or not opens:
        raise ClientRefused(error="invalid_client", error_description=ClientRefused.title)
    caller = Caller(
        kind=client.kind,
        party=client.party,
        region=client.region or NATIONWIDE,
        client=client.id,
    )
    return Token(access=signer.issue(caller, now), seconds=signer.minutes * 60)


async def regions(conn: Conn) -> list[Region]:
    """Read every region, by code."""
    return await store.all_regions(conn)


async def region(conn: Conn, code: str) -> Region:
    """Read one region, or refuse."""
    found = await store.region_by_code(conn, code)
    if found is None:
        raise RegionUnknown(region=code)
    return found


async def list_regions(reading: Reading, asked: RegionsAsked, page: PageAsked) -> Page[Region]:
    """Read a page of regions."""
    return Page.of(await store.regions(reading.rx, asked, page), page, lambda it: it.code)


async def _locked(work: Work, client_id: str) -> Client:
    found = await store.locked_client(work.tx, client_id)
    if found is None:
        raise ClientUnknown(client=client_id)
    return found


def _new_secret() -> str:
    return secrets.token_urlsafe(SECRET_BYTES)


@cache
def _nobody() -> str:
    """Return a hash that no one has the secret of."""
    return HASHER.hash(_new_secret())


def _matches(hashed: str, secret: str) -> bool:
    try:
        return HASHER.verify(hashed, secret)
    except (VerificationError, InvalidHashError):
        return False
