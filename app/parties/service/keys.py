"""Use cases of signing keys: a client registers and retires its own."""

from __future__ import annotations

import secrets

from app.kernel.parties import KeyKind, PartyKind
from app.parties.errors import ClientUnknown, KeyUnknown, PublicKeyFormat
from app.parties.model import Client, Key
from app.parties.store import clients, keys
from app.runtime.auth import Caller
from app.runtime.db import Conn
from app.runtime.signatures import HEADERS, SignatureRequired, is_public_key
from app.runtime.work import Reading, Work

KEY_BYTES = 8


async def register_key(work: Work, client_id: str, kind: KeyKind, public_key: str | None) -> Key:
    """Register a key of one's own client: a public key, or the wish for a shared one.

    Into a client already held to signatures only its own signed message brings one: no stolen
    token alone, its own or of another client of the party.
    """
    found = await _require_own(work.tx, work.caller, client_id)
    scheme = found.terms.signature
    if scheme is not None and work.caller.client != client_id:
        raise SignatureRequired(headers=list(HEADERS), scheme=scheme.value)
    if (kind is KeyKind.SM2) is not (public_key is not None):
        raise PublicKeyFormat
    if public_key is not None and not is_public_key(public_key):
        raise PublicKeyFormat
    key = Key(
        id=f"k-{secrets.token_hex(KEY_BYTES)}",
        client=client_id,
        kind=kind,
        public_key=public_key.lower() if public_key else None,
        created_at=work.now,
    )
    await keys.add(work.tx, key)
    work.record("key.register", client_id, key=key.id, kind=kind.value)
    return key


async def retire_key(work: Work, client_id: str, key_id: str) -> Key:
    """End a key at once: tokens that name it are revoked. The operator may, too."""
    await _require_own(work.tx, work.caller, client_id, operator=True)
    if not any(it.id == key_id for it in await keys.keys(work.tx, client_id)):
        raise KeyUnknown(client=client_id, key=key_id)
    ended = await keys.retire(work.tx, key_id, work.now)
    await clients.revoke_tokens(work.tx, client_id, work.now)
    work.record("key.retire", client_id, key=key_id)
    return ended


async def list_keys(reading: Reading, client_id: str) -> list[Key]:
    """List the keys of a client, retired ones included."""
    await _require_own(reading.rx, reading.caller, client_id, operator=True)
    return await keys.keys(reading.rx, client_id)


async def _require_own(
    conn: Conn, caller: Caller, client_id: str, *, operator: bool = False
) -> Client:
    """Refuse unless the client is of the caller's party; what is another's does not exist."""
    found = await clients.client_by_id(conn, client_id)
    allowed = operator and caller.kind is PartyKind.OPERATOR
    if found is None or not (allowed or found.party == caller.party):
        raise ClientUnknown(client=client_id)
    return found
