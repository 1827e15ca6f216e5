"""HTTP Basic for old hospital software: the secret is proved once in a token's lifetime.

A proof costs an argon2 hash on purpose, which no message can afford: the token it buys is kept
in memory under a keyed digest of the credentials, never the credentials themselves.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hashlib
import hmac
import secrets
from collections import OrderedDict
from dataclasses import dataclass, field

from app.parties import service as parties
from app.runtime.auth import Caller, Signer, Unauthenticated
from app.runtime.door import Hub
from app.runtime.limits import Limits

KEPT_MAX = 4_096


@dataclass(slots=True)
class Proofs:
    """The tokens bought by credentials that were proved of late."""

    key: bytes = field(default_factory=lambda: secrets.token_bytes(32), repr=False)
    tokens: OrderedDict[bytes, str] = field(default_factory=OrderedDict, repr=False)
    turns: dict[bytes, asyncio.Lock] = field(default_factory=dict, repr=False)

    async def caller(
        self, hub: Hub, keys: tuple[Signer, Limits], encoded: str, come_from: tuple[str, str]
    ) -> Caller:
        """Return the party behind the credentials; a burst of first calls proves them once.

        `come_from` is the request's id and its address. A proof counts against the address's rate
        of sign-ins, as one at the token endpoint does.
        """
        signer, limits = keys
        client, secret = _decoded(encoded)
        name = hmac.digest(self.key, f"{client}\0{secret}".encode(), hashlib.sha256)
        known = self._known(hub, signer, name)
        if known is not None:
            return known
        turn = self.turns.setdefault(name, asyncio.Lock())
        try:
            async with turn:
                known = self._known(hub, signer, name)
                if known is None:
                    request, address = come_from
                    limits.admit_sign_in(address)
                    token = await parties.issue_token(
                        hub, signer, client, secret, request=request, address=address
                    )
                    self._keep(name, token.access)
                    known = signer.read(token.access, hub.clock())
        finally:
            if not turn.locked():
                self.turns.pop(name, None)
        return known

    def forget(self, encoded: str) -> bool:
        """Forget the token that credentials bought; say whether there was one."""
        client, secret = _decoded(encoded)
        name = hmac.digest(self.key, f"{client}\0{secret}".encode(), hashlib.sha256)
        return self.tokens.pop(name, None) is not None

    def _known(self, hub: Hub, signer: Signer, name: bytes) -> Caller | None:
        token = self.tokens.get(name)
        if token is None:
            return None
        try:
            return signer.read(token, hub.clock())
        except Unauthenticated:
            del self.tokens[name]
            return None

    def _keep(self, name: bytes, token: str) -> None:
        self.tokens[name] = token
        while len(self.tokens) > KEPT_MAX:
            self.tokens.popitem(last=False)


def _decoded(encoded: str) -> tuple[str, str]:
    try:
        client, colon, secret = base64.b64decode(encoded, validate=True).decode().partition(":")
    except (binascii.Error, ValueError):
        raise Unauthenticated(reason="invalid") from None
    if not colon:
        raise Unauthenticated(reason="invalid")
    return client, secret
