"""Signatures agree with the published examples, and with nothing else."""

from __future__ import annotations

import hashlib
import hmac

import gmalg
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from app.kernel.parties import SignatureScheme
from app.runtime.signatures import (
    ID,
    ORDER,
    AnswerText,
    Message,
    Signing,
    hmac_sm3,
    is_public_key,
    public_key_of,
    sign_sm2,
    sm3,
    verify_sm2,
)

RAW, DER = SignatureScheme.SM2_RAW, SignatureScheme.SM2_DER
# GB/T 32918.5, annex A: the curve's example of a signature.
PRIVATE = bytes.fromhex("3945208f7b2144b13f36e38ac6d39f95889393692860b51a42fb81ef4df7c5b8")
PUBLIC = (
    "0409f9df311e5421a150dd7d161e4bc5c672179fad1833fc076bb08ff356f35020"
    "ccea490ce26775a52dc6ea718cc1aa600aed05fbf35e084a6632f6072da9ad13"
)
NONCE = 0x59276E27D506861A16680F3AD9C02DCCEF3CC1FA3CDBE4CE6D54B80DEAC1BC21
R = "f5a03b0648d2c4630eeac513e1bb81a15944da3827d5b74143ac7eaceee720b3"
S = "b1b6aa29df212fd8763182bc0d421ca1bb9038fd1f7f42d4840b69c485bbc1aa"
TEXT = b"message digest"


@pytest.mark.parametrize(
    ("content", "digest"),
    [
        (b"abc", "66c7f0f462eeedd9d1f2d46bdc10e4e24167c4875cf2f7a2297da02b8f4ba8e0"),
        (b"abcd" * 16, "debe9ff92275b8a138604889c18e5a4d6fdb70e5387e5765293dcba39c0c5732"),
    ],
)
def test_sm3_gives_the_digests_of_gb_t_32905(content: bytes, digest: str) -> None:
    assert sm3(content).hex() == digest


@given(st.binary(min_size=1, max_size=100), st.binary(max_size=200))
@settings(max_examples=50, deadline=None)
def test_hmac_sm3_is_hmac_over_sm3_as_two_other_implementations_have_it(
    key: bytes, content: bytes
) -> None:
    assert hmac_sm3(key, content) == hmac.digest(key, content, "sm3")
    assert sm3(content) == hashlib.new("sm3", content).digest()


def test_sm2_gives_the_key_and_verifies_the_signature_of_gb_t_32918() -> None:
    assert public_key_of(PRIVATE) == PUBLIC
    assert verify_sm2(PUBLIC, TEXT, bytes.fromhex(R + S), RAW)


def test_the_library_signs_as_gb_t_32918_does_with_its_random_number() -> None:
    r, s = gmalg.SM2(PRIVATE, uid=ID, rnd_fn=lambda _: NONCE).sign(TEXT)
    assert (r.hex(), s.hex()) == (R, S)


@pytest.mark.parametrize("scheme", [RAW, DER])
def test_what_was_signed_verifies_and_what_was_changed_does_not(scheme: SignatureScheme) -> None:
    made = sign_sm2(PRIVATE, TEXT, scheme)
    assert verify_sm2(PUBLIC, TEXT, made, scheme)
    assert not verify_sm2(PUBLIC, TEXT + b".", made, scheme)
    assert not verify_sm2(public_key_of(bytes([7] * 32)), TEXT, made, scheme)


def test_one_notation_is_not_taken_for_the_other() -> None:
    assert not verify_sm2(PUBLIC, TEXT, sign_sm2(PRIVATE, TEXT, DER), RAW)
    assert not verify_sm2(PUBLIC, TEXT, sign_sm2(PRIVATE, TEXT, RAW), DER)


@pytest.mark.parametrize(
    "signature",
    [
        b"",
        b"\0" * 64,
        bytes.fromhex(R) + b"\0" * 32,
        b"\0" * 32 + bytes.fromhex(S),
        ORDER.to_bytes(32, "big") + bytes.fromhex(S),
        bytes.fromhex(R) + ORDER.to_bytes(32, "big"),
        b"\xff" * 64,
        bytes.fromhex(R + S + "00"),
    ],
)
def test_a_signature_out_of_range_is_none(signature: bytes) -> None:
    assert not verify_sm2(PUBLIC, TEXT, signature, RAW)


@pytest.mark.parametrize(
    "text",
    ["", "04", "zz", PUBLIC[2:], "02" + PUBLIC[2:66], "04" + "01" * 64, PUBLIC + "00", "00"],
)
def test_a_public_key_is_a_point_of_the_curve(text: str) -> None:
    assert is_public_key(PUBLIC)
    assert not is_public_key(text)


def message(**other: str | bytes) -> bytes:
    whole: dict[str, str | bytes] = {
        "method": "POST",
        "target": "/v1/visits?x=1",
        "message_id": "m-1",
        "date": "2025-09-01T09:00:00+08:00",
        "body": b"{}",
    }
    return Message(**(whole | other)).text()  # type: ignore[arg-type]  # named above


def test_everything_that_matters_of_a_request_is_signed() -> None:
    others: list[dict[str, str | bytes]] = [
        {"method": "PUT"},
        {"target": "/v1/visits?x=2"},
        {"message_id": "m-2"},
        {"date": "2025-09-01T09:00:01+08:00"},
        {"body": b"{ }"},
    ]
    assert len({message(), *(message(**other) for other in others)}) == 6


def test_the_text_that_is_signed_is_written_as_documented() -> None:
    assert message().decode().split("\n") == [
        "hub-request",
        "POST",
        "/v1/visits?x=1",
        "m-1",
        "2025-09-01T09:00:00+08:00",
        sm3(b"{}").hex(),
    ]
    answer = AnswerText(status=200, of="c2ln", date="2025-09-01T01:00:00.000+00:00", body=b"")
    assert answer.text().decode().split("\n") == [
        "hub-answer",
        "200",
        "c2ln",
        "2025-09-01T01:00:00.000+00:00",
        sm3(b"").hex(),
    ]


def test_the_hubs_keys_are_its_own_and_every_shared_key_is_another() -> None:
    one = Signing.of("a" * 32, None, 300)
    other = Signing.of("b" * 32, None, 300)
    given_key = Signing.of("a" * 32, PRIVATE.hex(), 300)
    assert given_key.public_key == PUBLIC
    assert one.public_key == Signing.of("a" * 32, None, 300).public_key != other.public_key
    assert len({one.shared_key("k-1"), one.shared_key("k-2"), other.shared_key("k-1")}) == 3
