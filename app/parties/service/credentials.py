"""Use cases of clients: make them, give and end their secrets, hold them to terms, stop them."""

from __future__ import annotations

import asyncio
import re
import secrets
from datetime import datetime

from app.kernel.parties import KeyKind, PartyKind, SignatureScheme
from app.parties.errors import (
    AddressFormat,
    ClientExists,
    ClientIdFormat,
    ClientUnknown,
    KeyMissing,
    PartyUnknown,
    SecretUnknown,
)
from app.parties.model import Client, ClientState, ClientTerms, Credential, Secret
from app.parties.service.proving import HASHER
from app.parties.store import clients as store
from app.parties.store import keys, places
from app.runtime.addresses import is_block
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work

SECRET_BYTES = 32
HINT_BYTES = 4
CLIENT_ID = re.compile(r"[0-9A-Za-z][0-9A-Za-z._-]{0,63}")


async def create_client(work: Work, party: str, client_id: str | None = None) -> Credential:
    """Give a party a new credential; its secret is in the answer and nowhere else."""
    if client_id is not None and not CLIENT_ID.fullmatch(client_id):
        raise ClientIdFormat
    if await places.kind_of(work.tx, party) is None:
        raise PartyUnknown(party=party)
    made = client_id or f"{party}-{secrets.token_hex(3)}"
    if not await store.add_client(work.tx, made, party, work.now):
        raise ClientExists(client=made)
    work.record("client.create", made, party=party)
    return await _new_secret(work, made, party, None)


async def issue_secret(
    work: Work, client_id: str, expires_at: datetime | None = None
) -> Credential:
    """Give a client one more secret; those it has go on until they are retired or expire."""
    found = await _locked(work, client_id)
    return await _new_secret(work, client_id, found.party, expires_at)


async def rotate_client(work: Work, client_id: str) -> Credential:
    """Replace a client's secrets by a new one at once; tokens already given live their minutes."""
    found = await _locked(work, client_id)
    ended = await store.retire_secrets(work.tx, client_id, None, work.now)
    work.record("client.rotate", client_id, party=found.party, retired=ended)
    return await _new_secret(work, client_id, found.party, None)


async def retire_secret(work: Work, client_id: str, hint: str) -> Client:
    """End one secret of a client; again changes nothing."""
    found = await _locked(work, client_id)
    if not any(it.hint == hint for it in await store.secrets(work.tx, client_id)):
        raise SecretUnknown(client=client_id, hint=hint)
    await store.retire_secrets(work.tx, client_id, hint, work.now)
    work.record("client.secret_retire", client_id, party=found.party, hint=hint)
    return found


async def disable_client(work: Work, client_id: str) -> Client:
    """Give a client no more tokens; those it has open nothing from now on."""
    found = await _locked(work, client_id)
    await store.state(work.tx, client_id, ClientState.DISABLED)
    work.record("client.disable", client_id, party=found.party)
    return found


async def enable_client(work: Work, client_id: str) -> Client:
    """Let a disabled client ask for tokens again; those given before stay revoked."""
    found = await _locked(work, client_id)
    await store.revoke_tokens(work.tx, client_id, work.now)
    await store.state(work.tx, client_id, ClientState.ACTIVE)
    work.record("client.enable", client_id, party=found.party)
    return found


async def hold_to(work: Work, client_id: str, terms: ClientTerms) -> Client:
    """Hold a client to other terms; tokens that say the old ones are revoked."""
    found = await _locked(work, client_id)
    for block in terms.addresses:
        if not is_block(block):
            raise AddressFormat(address=block)
    if terms.signature is not None:
        kind = KeyKind.HMAC_SM3 if terms.signature is SignatureScheme.HMAC_SM3 else KeyKind.SM2
        known = await keys.keys(work.tx, client_id)
        if not any(it.kind is kind and it.retired_at is None for it in known):
            raise KeyMissing
    await store.keep_terms(work.tx, client_id, terms)
    await store.revoke_tokens(work.tx, client_id, work.now)
    work.record(
        "client.terms",
        client_id,
        party=found.party,
        addresses=list(terms.addresses),
        requests_per_minute=terms.requests_per_minute,
        expires_at=terms.expires_at,
        signature=terms.signature,
    )
    return await _locked(work, client_id)


async def revoke_tokens(work: Work, client_id: str) -> Client:
    """Revoke every token of a client at once; it may ask for new ones."""
    found = await _locked(work, client_id)
    await store.revoke_tokens(work.tx, client_id, work.now)
    work.record("client.revoke", client_id, party=found.party)
    return found


async def clients(reading: Reading) -> list[Client]:
    """List every client for the operator, the party's own for everybody else; no secrets."""
    caller = reading.caller
    everybody = caller.kind is PartyKind.OPERATOR
    return await store.clients(reading.rx, None if everybody else caller.party)


async def list_clients(reading: Reading, page: PageAsked) -> Page[Client]:
    """Read a page of what `clients` lists, by id."""
    caller = reading.caller
    party = None if caller.kind is PartyKind.OPERATOR else caller.party
    return Page.of(await store.client_page(reading.rx, party, page), page, lambda it: it.id)


async def client(reading: Reading, client_id: str) -> tuple[Client, list[Secret]]:
    """Look one client up, with what is known of its secrets."""
    found = await store.client_by_id(reading.rx, client_id)
    caller = reading.caller
    if found is None or (caller.kind is not PartyKind.OPERATOR and found.party != caller.party):
        raise ClientUnknown(client=client_id)
    return found, await store.secrets(reading.rx, client_id)


async def _locked(work: Work, client_id: str) -> Client:
    found = await store.locked_client(work.tx, client_id)
    if found is None:
        raise ClientUnknown(client=client_id)
    return found


async def _new_secret(
    work: Work, client_id: str, party: str, expires_at: datetime | None
) -> Credential:
    kept = Secret(hint=secrets.token_hex(HINT_BYTES), created_at=work.now, expires_at=expires_at)
    shown = f"{kept.hint}.{secrets.token_urlsafe(SECRET_BYTES)}"
    hashed = await asyncio.to_thread(HASHER.hash, shown)
    await store.add_secret(work.tx, client_id, kept, hashed)
    work.record("client.secret_issue", client_id, party=party, hint=kept.hint)
    return Credential(id=client_id, party=party, secret=shown)
