"""Buckets, addresses, depths and lifetimes, without a hub."""

from __future__ import annotations

import json
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.parties import PartyKind
from app.parties.model import Client, ClientState, ClientTerms, PartyState, Secret
from app.runtime.addresses import address_of, household_of, is_block, is_within
from app.runtime.auth import Caller, Terms
from app.runtime.depth import DEPTH_MAX, is_too_deep
from app.runtime.limits import BUCKETS_MAX, Buckets, Limits, RateLimited

NOW = datetime(2025, 9, 1, 1, tzinfo=UTC)
CALLER = Caller(kind=PartyKind.AGENCY, party="370000", region="370000", client="c")


@dataclass
class Clock:
    """A clock that stands until it is moved."""

    now: float = 1_000.0

    def __call__(self) -> float:
        return self.now


@given(st.integers(min_value=1, max_value=2_000))
def test_a_bucket_holds_a_minutes_worth_and_refuses_the_next(per_minute: int) -> None:
    buckets = Buckets(Clock())
    left = [buckets.take("client", "c", per_minute).left for _ in range(per_minute)]
    assert left == list(range(per_minute - 1, -1, -1))
    with pytest.raises(RateLimited) as refused:
        buckets.take("client", "c", per_minute)
    assert refused.value.facts["retry_after_seconds"] >= 1  # type: ignore[operator]  # an int


def test_who_waits_as_long_as_told_is_let_in_again() -> None:
    clock = Clock()
    buckets = Buckets(clock)
    for _ in range(2):
        buckets.take("client", "c", 2)
    with pytest.raises(RateLimited) as refused:
        buckets.take("client", "c", 2)
    wait = refused.value.facts["retry_after_seconds"]
    assert wait == 30
    clock.now += 14
    with pytest.raises(RateLimited):
        buckets.take("client", "c", 2)
    clock.now += 16
    assert buckets.take("client", "c", 2).left == 0


def test_a_person_has_a_rate_of_their_own_over_all_sessions() -> None:
    limits = Limits(100, 100, 600, person_per_minute=2, buckets=Buckets(Clock()))
    li, wu = (replace(CALLER, client=f"person:{it}") for it in ("li", "wu"))
    assert [limits.admit(replace(li, issued_at=NOW)).left, limits.admit(li).left] == [1, 0]
    with pytest.raises(RateLimited) as refused:
        limits.admit(li)
    assert refused.value.facts["of"] == "person"
    assert limits.admit(wu).of == "person"
    assert limits.admit(CALLER).left == 96


def test_a_client_that_runs_away_uses_up_its_own_limit_and_not_its_partys() -> None:
    limits = Limits(2, 10, 600, buckets=Buckets(Clock()))
    for _ in range(2):
        limits.admit(CALLER)
    for _ in range(50):
        with pytest.raises(RateLimited) as refused:
            limits.admit(CALLER)
        assert refused.value.facts["of"] == "client"
    assert limits.buckets.take("party", CALLER.party, 10).left == 10 - 2 - 1


def test_one_bucket_does_not_empty_another_and_a_full_one_may_be_forgotten() -> None:
    buckets = Buckets(Clock())
    for number in range(BUCKETS_MAX + 5):
        assert buckets.take("client", str(number), 1).left == 0
    assert len(buckets.full_at) == BUCKETS_MAX


def test_a_client_and_its_party_each_have_a_bucket_and_the_token_may_say_how_large() -> None:
    limits = Limits(client_per_minute=3, party_per_minute=100, sign_ins_per_minute=1)
    assert (limits.admit(CALLER).of, limits.admit(CALLER).left) == ("client", 1)
    own = Caller(
        kind=PartyKind.AGENCY,
        party="110000",
        region="110000",
        client="d",
        terms=Terms(client_per_minute=50, party_per_minute=2),
    )
    assert limits.admit(own).of == "party"
    limits.admit(own)
    with pytest.raises(RateLimited) as refused:
        limits.admit(own)
    assert refused.value.facts["of"] == "party"
    limits.admit_sign_in("192.0.2.1")
    with pytest.raises(RateLimited):
        limits.admit_sign_in("192.0.2.1")


def test_what_is_left_is_told_in_the_headers_of_the_draft() -> None:
    standing = Buckets(Clock()).take("client", "c", 60)
    assert standing.headers() == [
        (b"ratelimit-policy", b'"client";q=60;w=60'),
        (b"ratelimit", b'"client";r=59;t=1'),
    ]


def scope(peer: str | None, *forwarded: str) -> dict[str, object]:
    headers = [(b"x-forwarded-for", value.encode()) for value in forwarded]
    return {"client": None if peer is None else (peer, 1), "headers": headers}


PROXIES = ("10.0.0.0/8", "fd00::/8")


@pytest.mark.parametrize(
    ("peer", "forwarded", "expected"),
    [
        ("192.0.2.1", (), "192.0.2.1"),
        ("192.0.2.1", ("203.0.113.9",), "192.0.2.1"),  # whoever says so is no proxy of ours
        ("10.1.1.1", (), "10.1.1.1"),
        ("10.1.1.1", ("203.0.113.9",), "203.0.113.9"),
        ("10.1.1.1", ("198.51.100.7, 203.0.113.9",), "203.0.113.9"),  # the left is the sender's
        ("10.1.1.1", ("203.0.113.9", "10.2.2.2"), "203.0.113.9"),
        ("10.1.1.1", ("203.0.113.9, junk",), "10.1.1.1"),
        ("fd00::1", ("2001:db8::1",), "2001:db8::1"),
        ("::ffff:10.1.1.1", ("203.0.113.9",), "203.0.113.9"),
        ("unix", (), "-"),
        (None, (), "-"),
    ],
)
def test_a_proxy_is_believed_only_when_trusted_and_only_as_far(
    peer: str | None, forwarded: tuple[str, ...], expected: str
) -> None:
    assert address_of(scope(peer, *forwarded), PROXIES) == expected


def test_by_default_no_proxy_is_trusted() -> None:
    assert address_of(scope("10.1.1.1", "203.0.113.9"), ()) == "10.1.1.1"


def test_a_block_is_written_with_its_first_address() -> None:
    assert is_block("10.1.2.0/24")
    assert is_block("2001:db8::/32")
    assert not is_block("10.1.2.3/24")
    assert is_within("10.1.2.3", ["10.1.2.0/24"])
    assert is_within("::ffff:10.1.2.3", ["10.1.2.0/24"])
    assert not is_within("10.1.3.3", ["10.1.2.0/24"])
    assert not is_within("-", ["0.0.0.0/0"])


@pytest.mark.parametrize(
    ("address", "household"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2::", "2001:db8:1:2::/64"),
        ("2001:db8:1:3::", "2001:db8:1:3::/64"),
        ("::ffff:192.0.2.1", "::ffff:192.0.2.1"),  # IPv4, however it is written
        ("-", "-"),
        ("*", "*"),
    ],
)
def test_tries_of_one_network_of_ipv6_are_counted_together(address: str, household: str) -> None:
    assert household_of(address) == household


def nested(depth: int) -> bytes:
    return b"[" * depth + b"]" * depth


def test_a_body_is_as_deep_as_any_message_and_no_deeper() -> None:
    assert not is_too_deep(nested(DEPTH_MAX))
    assert is_too_deep(nested(DEPTH_MAX + 1))
    wide = json.dumps([{"a": ["[[[[", '"{{{{\\', "]"]}] * 200).encode()
    assert not is_too_deep(wide)
    assert is_too_deep(b'{"a": [' + wide + b"," + nested(DEPTH_MAX) + b"]}")


def client(**other: object) -> Client:
    whole: dict[str, object] = {
        "id": "c",
        "party": "370000",
        "kind": PartyKind.AGENCY,
        "party_name": "x",
        "region": "370000",
        "state": ClientState.ACTIVE,
        "party_state": PartyState.ACTIVE,
        "created_at": NOW,
        "rotated_at": None,
    }
    return Client(**(whole | other))  # type: ignore[arg-type]  # named above


@pytest.mark.parametrize(
    ("other", "enters"),
    [
        ({}, True),
        ({"state": ClientState.DISABLED}, False),
        ({"party_state": PartyState.DISABLED}, False),
        ({"terms": ClientTerms(expires_at=NOW)}, False),
        ({"terms": ClientTerms(expires_at=NOW + timedelta(seconds=1))}, True),
    ],
)
def test_a_client_enters_while_it_and_its_party_stand(
    other: dict[str, object], *, enters: bool
) -> None:
    assert client(**other).may_enter(NOW) is enters


def test_a_secret_is_good_until_it_is_retired_or_over() -> None:
    later = NOW + timedelta(seconds=1)
    assert Secret(hint="a", created_at=NOW).is_good(NOW)
    assert Secret(hint="a", created_at=NOW, expires_at=later).is_good(NOW)
    assert not Secret(hint="a", created_at=NOW, expires_at=NOW).is_good(NOW)
    assert not Secret(hint="a", created_at=NOW, retired_at=NOW).is_good(NOW)


def test_a_person_is_told_from_a_machine_by_what_no_client_may_be_called() -> None:
    person = Caller(
        kind=PartyKind.OPERATOR, party="operator", region="000000", client="person:chen"
    )
    assert (person.person, CALLER.person) == ("chen", None)
