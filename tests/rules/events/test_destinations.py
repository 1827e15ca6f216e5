"""Where events are sent, on paper."""

from __future__ import annotations

import pytest

from app.events.errors import WebhookUrlRefused
from app.events.rules.destinations import is_forbidden, require_sendable

INNER = [
    "10.0.0.1", "172.16.5.5", "192.168.1.1", "127.0.0.1", "127.9.9.9", "0.0.0.0",  # noqa: S104 -- nothing is bound to it
    "169.254.169.254",
    "100.100.100.200", "168.63.129.16", "224.0.0.1", "255.255.255.255", "240.0.0.1", "192.0.2.1",
    "::", "::1", "fe80::1", "fe80::1%eth0", "fd00:ec2::254", "ff02::1", "::ffff:127.0.0.1",
    "::ffff:169.254.169.254", "2002:7f00:0001::", "64:ff9b::a00:1",
    "2001:0:7f00:1:0:0:f5ff:fffe", "192.0.0.192", "192.88.99.1", "fec0::1", "feff::1",
    "::ffff:192.0.0.192", "not an address", "",
]  # fmt: skip
PUBLIC = ["93.184.216.34", "223.5.5.5", "2400:3200::1", "::ffff:93.184.216.34"]


@pytest.mark.parametrize("address", INNER)
def test_an_inner_address_is_forbidden(address: str) -> None:
    assert is_forbidden(address, ())


@pytest.mark.parametrize("address", PUBLIC)
def test_a_public_address_is_not(address: str) -> None:
    assert not is_forbidden(address, ())


def test_the_settings_may_allow_an_inner_network_and_nothing_beside_it() -> None:
    allowed = ("10.20.0.0/16", "fd12::/16")
    assert not is_forbidden("10.20.3.4", allowed)
    assert not is_forbidden("fd12::1", allowed)
    assert not is_forbidden("::ffff:10.20.3.4", allowed)
    assert is_forbidden("10.21.3.4", allowed)
    assert is_forbidden("169.254.169.254", allowed)


@pytest.mark.parametrize(
    "url", ["https://events.example.com", "https://events.example.com:8443/a?b=c"]
)
def test_a_public_https_address_may_be_sent_to(url: str) -> None:
    require_sendable(url, (), plain=False)


def test_http_is_for_where_everything_is_made_up() -> None:
    require_sendable("http://events.example.com/x", (), plain=True)
    with pytest.raises(WebhookUrlRefused) as refused:
        require_sendable("http://events.example.com/x", (), plain=False)
    assert refused.value.facts == {"reason": "https"}


@pytest.mark.parametrize(
    ("url", "reason"),
    [
        ("https://events.example.com/" + "x" * 500, "format"),
        ("https://events.example.com/a b", "format"),
        ("https://events.example.com/\n", "format"),
        ("https://事件.example.com/", "format"),
        ("https://events.example.com:99999/", "format"),
        ("https://[::1/", "format"),
        ("https://u@events.example.com/", "format"),
        ("https://events.example.com\\@10.0.0.1/", "format"),
        ("https://events.example.com/#there", "format"),
        ("file:///etc/passwd", "scheme"),
        ("https://:443/", "host"),
        ("https://events.example.com:0/", "host"),
        ("https://10.0.0.1/", "address"),
        ("https://[fd00::1]/", "address"),
        ("https://127.1/", "address"),
        ("https://017700000001/", "address"),
        ("https://0x7f.1/", "address"),
    ],
)
def test_other_addresses_are_refused_with_the_reason(url: str, reason: str) -> None:
    with pytest.raises(WebhookUrlRefused) as refused:
        require_sendable(url, (), plain=True)
    assert refused.value.facts == {"reason": reason}
