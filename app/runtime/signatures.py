"""Message signatures (报文签名): both ways, for clients that are held to them.

A signature covers a fixed text of lines: what is asked, under which id, when, and the SM3 digest
of the body. The answer's text also holds the request's signature, so that it answers that one
request and no other. HMAC-SM3 with a shared key, or SM2 with SM3 as r‖s or DER.
"""

from __future__ import annotations

import asyncio
import base64
import binascii
import hmac
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from functools import lru_cache
from typing import ClassVar

import gmalg
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric.utils import (
    decode_dss_signature,
    encode_dss_signature,
)
from cryptography.hazmat.primitives.hmac import HMAC
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

from app.kernel.parties import SignatureScheme
from app.kernel.refusal import Kind, Refusal

KEY_HEADER = "Hub-Key"
DATE_HEADER = "Hub-Date"
SIGNATURE_HEADER = "Hub-Signature"
HEADERS = (KEY_HEADER, DATE_HEADER, SIGNATURE_HEADER)
ID = b"1234567812345678"  # 用户身份标识, the default of GM/T 0009
WORD_BYTES = 32
ORDER = 0xFFFFFFFEFFFFFFFFFFFFFFFFFFFFFFFF7203DF6B21C6052B53BBF40939D54123
HUB_KEY = "hub-1"


class SignatureRequired(Refusal):
    """The client's messages must be signed, and this one is not, or not as agreed."""

    kind: ClassVar = Kind.UNAUTHENTICATED
    code: ClassVar = "signature-required"
    title: ClassVar = "This client's messages must be signed"
    title_zh: ClassVar = "该客户端的报文必须签名"
    says: ClassVar = "Send {headers}, signed by {scheme}."
    says_zh: ClassVar = "请携带 {headers}，签名方式为 {scheme}。"


class SignatureRefused(Refusal):
    """The signature is not that of the message, or not of a key of this client."""

    kind: ClassVar = Kind.UNAUTHENTICATED
    code: ClassVar = "signature-refused"
    title: ClassVar = "The signature is not that of the message"
    title_zh: ClassVar = "报文签名验证失败"
    remedy: ClassVar = (
        "Sign the very bytes that are sent; after registering a key, ask for a new token."
    )
    remedy_zh: ClassVar = "请对实际发送的字节签名；登记新密钥后请重新换取令牌。"


class SignatureStale(Refusal):
    """The signature was made too long ago, or too far ahead, to be taken for a fresh one."""

    kind: ClassVar = Kind.UNAUTHENTICATED
    code: ClassVar = "signature-stale"
    title: ClassVar = "The signature's date is too far from the hub's clock"
    title_zh: ClassVar = "签名时间与平台时钟相差过大"
    says: ClassVar = "At most {seconds_max} seconds either way."
    says_zh: ClassVar = "允许偏差 {seconds_max} 秒。"


def sm3(content: bytes) -> bytes:
    """Digest by SM3 (GB/T 32905)."""
    digest = hashes.Hash(hashes.SM3())
    digest.update(content)
    return digest.finalize()


def hmac_sm3(key: bytes, content: bytes) -> bytes:
    """Authenticate by HMAC (RFC 2104) over SM3."""
    code = HMAC(key, hashes.SM3())
    code.update(content)
    return code.finalize()


@dataclass(frozen=True, slots=True, kw_only=True)
class Message:
    """What of a request is signed; `target` is the path with its query, as it was sent."""

    method: str
    target: str
    message_id: str
    date: str
    body: bytes = field(repr=False)

    def text(self) -> bytes:
        """Write the lines that are signed."""
        lines = ("hub-request", self.method, self.target, self.message_id, self.date)
        return _lines(*lines, sm3(self.body).hex())


@dataclass(frozen=True, slots=True, kw_only=True)
class AnswerText:
    """What of an answer is signed; `of` is the signature of its request."""

    status: int
    of: str
    date: str
    body: bytes = field(repr=False)

    def text(self) -> bytes:
        """Write the lines that are signed."""
        return _lines("hub-answer", str(self.status), self.of, self.date, sm3(self.body).hex())


def _lines(*lines: str) -> bytes:
    return "\n".join(lines).encode()


def public_key_of(private: bytes) -> str:
    """Return the public half of an SM2 key: 04, x and y in hexadecimal."""
    return str(gmalg.SM2(private).generate_pk(private).hex())


def is_public_key(text: str) -> bool:
    """Say whether a text is a point of the curve, written as 04, x and y in hexadecimal."""
    try:
        key = bytes.fromhex(text)
    except ValueError:
        return False
    uncompressed = len(key) == 1 + 2 * WORD_BYTES and key[0] == 4  # noqa: PLR2004 -- its mark
    return uncompressed and bool(gmalg.SM2().verify_pk(key))


def sign_sm2(private: bytes, text: bytes, scheme: SignatureScheme) -> bytes:
    """Sign by SM2 with SM3 (GB/T 32918.2)."""
    r, s = gmalg.SM2(private, uid=ID).sign(text)
    if scheme is SignatureScheme.SM2_DER:
        return encode_dss_signature(int.from_bytes(r, "big"), int.from_bytes(s, "big"))
    return bytes(r).rjust(WORD_BYTES, b"\0") + bytes(s).rjust(WORD_BYTES, b"\0")


def verify_sm2(public: str, text: bytes, signature: bytes, scheme: SignatureScheme) -> bool:
    """Verify a signature by SM2 with SM3; one that cannot be read is none."""
    pair = _pair(signature, scheme)
    if pair is None:
        return False
    r, s = (it.to_bytes(WORD_BYTES, "big") for it in pair)
    return bool(gmalg.SM2(uid=ID, pk=bytes.fromhex(public)).verify(text, r, s))


def _pair(signature: bytes, scheme: SignatureScheme) -> tuple[int, int] | None:
    if scheme is SignatureScheme.SM2_RAW:
        if len(signature) != 2 * WORD_BYTES:
            return None
        halves = signature[:WORD_BYTES], signature[WORD_BYTES:]
        r, s = (int.from_bytes(it, "big") for it in halves)
    else:
        try:
            r, s = decode_dss_signature(signature)
        except ValueError:
            return None
    return (r, s) if 0 < r < ORDER and 0 < s < ORDER else None


@dataclass(frozen=True, slots=True, kw_only=True)
class Signing:
    """The hub's own keys, and how far a sender's clock may be off."""

    seed: bytes = field(repr=False)  # what shared keys are derived from
    private: bytes = field(repr=False)
    window: timedelta

    @classmethod
    def of(cls, sealing_key: str, private: str | None, window_seconds: int) -> Signing:
        """Build it from the settings; without a key pair of its own, one is derived."""
        seed = _derived(sealing_key.encode(), b"hub shared keys")
        made = bytes.fromhex(private) if private else _derived(seed, b"hub sm2 key")
        return cls(seed=seed, private=made, window=timedelta(seconds=window_seconds))

    @property
    def public_key(self) -> str:
        """Return the hub's public key, to verify its answers with."""
        return _public(self.private)

    def shared_key(self, key: str) -> bytes:
        """Return the shared key of that id: derived, so that none is kept anywhere."""
        return _derived(self.seed, b"hmac " + key.encode())

    async def verify(
        self,
        message: Message,
        sent: Mapping[str, str],
        agreed: tuple[SignatureScheme, Mapping[str, str]],
        now: datetime,
    ) -> str:
        """Verify the signature of a request by a key its token names; return the key's id."""
        scheme, keys = agreed
        key, signature = sent.get(KEY_HEADER.lower(), ""), sent.get(SIGNATURE_HEADER.lower(), "")
        if not (key and signature and message.date):
            raise SignatureRequired(headers=list(HEADERS), scheme=scheme.value)
        self._check_date(message.date, now)
        if key not in keys or bool(keys[key]) is (scheme is SignatureScheme.HMAC_SM3):
            raise SignatureRefused
        try:
            raw = base64.b64decode(signature, validate=True)
        except (binascii.Error, ValueError):
            raise SignatureRefused from None
        text = message.text()
        if scheme is SignatureScheme.HMAC_SM3:
            good = hmac.compare_digest(hmac_sm3(self.shared_key(key), text), raw)
        else:  # a twentieth of a second of arithmetic: beside the event loop
            good = await asyncio.to_thread(verify_sm2, keys[key], text, raw, scheme)
        if not good:
            raise SignatureRefused
        return key

    async def sign(self, answer: AnswerText, scheme: SignatureScheme, key: str) -> dict[str, str]:
        """Sign an answer by the scheme its request was signed by; return the headers."""
        text = answer.text()
        if scheme is SignatureScheme.HMAC_SM3:
            made, by = hmac_sm3(self.shared_key(key), text), key
        else:
            made, by = await asyncio.to_thread(sign_sm2, self.private, text, scheme), HUB_KEY
        return {
            KEY_HEADER: by,
            DATE_HEADER: answer.date,
            SIGNATURE_HEADER: base64.b64encode(made).decode(),
        }

    def _check_date(self, text: str, now: datetime) -> None:
        try:
            sent = datetime.fromisoformat(text)
        except ValueError:
            raise SignatureStale(seconds_max=int(self.window.total_seconds())) from None
        if sent.tzinfo is None or abs(sent - now) > self.window:
            raise SignatureStale(seconds_max=int(self.window.total_seconds()))


@lru_cache(maxsize=8)
def _public(private: bytes) -> str:
    return public_key_of(private)


def _derived(key: bytes, purpose: bytes) -> bytes:
    return HKDF(algorithm=hashes.SHA256(), length=WORD_BYTES, salt=None, info=purpose).derive(key)
