"""How deliveries are signed: Standard Webhooks, version 1 (HMAC-SHA256), one for every secret.

The receiver of a rotation in progress finds a signature by its old secret and one by its new.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
from collections.abc import Sequence

from app.kernel.basis import basis

PREFIX = "whsec_"
SECRET_BYTES = 32
HINT_LENGTH = 8


@basis("hub-default/events")
def secret_of(key: bytes) -> str:
    """推送签名密钥: spell a key as receivers' libraries take it."""
    return PREFIX + base64.b64encode(key).decode()


@basis("hub-default/events")
def hint_of(key: bytes) -> str:
    """密钥公开标识: return by what a secret is named: a digest, which tells nothing of it."""
    return hashlib.sha256(b"hint " + key).hexdigest()[:HINT_LENGTH]


@basis("hub-default/events")
def signature(keys: Sequence[bytes], event: str, timestamp: int, body: bytes) -> str:
    """推送须逐一以有效密钥签名: sign id, time and body by every live key, the newest first."""
    signed = b".".join((event.encode(), str(timestamp).encode(), body))
    digests = [hmac.new(key, signed, hashlib.sha256).digest() for key in keys]
    return " ".join(f"v1,{base64.b64encode(digest).decode()}" for digest in digests)
