"""Signatures against the vector that Standard Webhooks publishes."""

from __future__ import annotations

import base64

from app.events.rules.signatures import PREFIX, hint_of, secret_of, signature

# Of the reference implementation: secret, id, time, body, and what they are signed as.
SECRET = "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"
VECTOR = "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_the_published_vector_is_signed_as_published() -> None:
    key, body = base64.b64decode(SECRET), b'{"test": 2432232314}'
    assert signature([key], "msg_p5jXN8AQM9LWM0D4loKWxJek", 1614265330, body) == VECTOR


def test_every_key_signs_the_newest_first() -> None:
    one, two = (signature([key], "evt_1", 1, b"{}") for key in (b"one", b"two"))
    assert signature([b"two", b"one"], "evt_1", 1, b"{}") == f"{two} {one}"


def test_whatever_is_signed_changes_the_signature() -> None:
    found = {
        signature([b"key"], "evt_1", 1, b"{}"),
        signature([b"kez"], "evt_1", 1, b"{}"),
        signature([b"key"], "evt_2", 1, b"{}"),
        signature([b"key"], "evt_1", 2, b"{}"),
        signature([b"key"], "evt_1", 1, b"[]"),
    }
    assert len(found) == 5


def test_a_secret_is_spelled_as_receivers_read_it_and_its_name_tells_nothing_of_it() -> None:
    key = bytes(range(32))
    assert base64.b64decode(secret_of(key).removeprefix(PREFIX)) == key
    assert len(hint_of(key)) == 8
    assert hint_of(key) not in (key.hex(), secret_of(key))
