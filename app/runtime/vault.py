"""The vault (个人信息加密): personal data are kept encrypted and found by a keyed index.

AES-256-GCM under the newest of several keys, bound to the row and the column a value stands in;
equal values are found, and kept apart, by an HMAC under a key that serves nothing else.
"""

from __future__ import annotations

import hmac
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Self

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.ciphers.aead import AESGCM
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from sqlalchemy.ext.asyncio import AsyncConnection, AsyncEngine

from app.runtime.settings import Settings

OPTION = "vault"  # the keys travel with the engine, and so with every connection
KEY_CHARACTERS_MIN = 32
KEY_BYTES, NONCE_BYTES, TAG_BYTES, ID_BYTES = 32, 12, 16, 4
INDEX_BYTES = 32
# What a value takes beyond its own bytes: a column of the database asks for at least as much.
OVERHEAD_BYTES = ID_BYTES + NONCE_BYTES + TAG_BYTES


class VaultKeyError(ValueError):
    """A key is too short, or given twice."""


class KeyNotHeldError(RuntimeError):
    """A value is encrypted under a key that this hub does not hold."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Vault:
    """The keys to personal data; the first of `ciphers` encrypts, the others still decrypt."""

    ciphers: Mapping[bytes, AESGCM] = field(repr=False)
    index_key: bytes = field(repr=False)
    index_id: bytes

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Take the keys from the settings."""
        assert settings.data_keys is not None, "the command line makes or reads the keys first"
        assert settings.index_key is not None, "the command line makes or reads the keys first"
        return cls.from_texts(
            keys_in(settings.data_keys.get_secret_value()),
            settings.index_key.get_secret_value().strip(),
        )

    @classmethod
    def from_texts(cls, data_keys: tuple[str, ...], index_key: str) -> Self:
        """Derive what is used from what is kept; a key's id follows from the key itself."""
        if not data_keys or any(len(key) < KEY_CHARACTERS_MIN for key in (*data_keys, index_key)):
            raise VaultKeyError("short")
        if index_key in data_keys or len(set(data_keys)) < len(data_keys):
            raise VaultKeyError("twice")
        ciphers = {
            _derived(key, "id of a data key", ID_BYTES): AESGCM(
                _derived(key, "personal data", KEY_BYTES)
            )
            for key in data_keys
        }
        assert len(ciphers) == len(data_keys), "two keys in four thousand million share an id"
        return cls(
            ciphers=ciphers,
            index_key=_derived(index_key, "blind index", KEY_BYTES),
            index_id=_derived(index_key, "id of an index key", ID_BYTES),
        )

    @property
    def newest(self) -> bytes:
        """Return the id of the key that encrypts."""
        return next(iter(self.ciphers))

    def encrypt(self, clear: str, row: int, column: str) -> bytes:
        """Encrypt a value for one place: it opens in no other row and no other column."""
        nonce = secrets.token_bytes(NONCE_BYTES)
        sealed = self.ciphers[self.newest].encrypt(nonce, clear.encode(), _place(row, column))
        return self.newest + nonce + sealed

    def decrypt(self, kept: bytes, row: int, column: str) -> str:
        """Decrypt a value by the key it names."""
        cipher = self.ciphers.get(kept[:ID_BYTES])
        if cipher is None:
            raise KeyNotHeldError(kept[:ID_BYTES].hex())
        nonce, sealed = kept[ID_BYTES:][:NONCE_BYTES], kept[ID_BYTES + NONCE_BYTES :]
        return cipher.decrypt(nonce, sealed, _place(row, column)).decode()

    def index(self, text: str, column: str) -> bytes:
        """Return what a value is found by; without the key it cannot be guessed at."""
        return hmac.digest(self.index_key, f"{column}\0{text}".encode(), "sha256")


def vault_of(of: AsyncConnection | AsyncEngine) -> Vault:
    """Return the keys that travel with an engine and its connections."""
    vault = of.sync_engine.get_execution_options().get(OPTION)
    assert isinstance(vault, Vault), "personal data need HUB_DATA_KEYS and HUB_INDEX_KEY"
    return vault


def keys_in(text: str) -> tuple[str, ...]:
    """Read several keys, newest first, separated by commas or lines."""
    return tuple(each for each in map(str.strip, re.split("[,\n]", text)) if each)


def _place(row: int, column: str) -> bytes:
    return f"{row}:{column}".encode()


def _derived(key: str, purpose: str, length: int) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=length, salt=None, info=purpose.encode()).derive(
        key.encode()
    )
