"""Sealing (加密封存): what the hub must read again is kept encrypted and bound to its use.

AES-256-GCM with a key derived for each purpose; a sealed thing moved to another row does not open.
"""

from __future__ import annotations

import secrets
from dataclasses import dataclass, field

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.runtime.settings import Settings

NONCE_BYTES = 12
KEY_BYTES = 32


@dataclass(frozen=True, slots=True)
class Seal:
    """The hub's seal for one purpose."""

    key: bytes = field(repr=False)

    @classmethod
    def of(cls, settings: Settings, purpose: str) -> Seal:
        """Derive it from the sealing key in the settings."""
        secret = settings.sealing_key or settings.token_key
        assert secret is not None, "the command line makes or reads the key first"
        derived = HKDF(
            algorithm=hashes.SHA256(), length=KEY_BYTES, salt=None, info=f"seal {purpose}".encode()
        ).derive(secret.get_secret_value().encode())
        return cls(derived)

    def close(self, clear: bytes, owner: str) -> bytes:
        """Seal something that belongs to `owner`."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        return nonce + AESGCM(self.key).encrypt(nonce, clear, owner.encode())

    def open(self, sealed: bytes, owner: str) -> bytes:
        """Open what was sealed for `owner`."""
        return AESGCM(self.key).decrypt(sealed[:NONCE_BYTES], sealed[NONCE_BYTES:], owner.encode())
