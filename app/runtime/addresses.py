"""Where a request comes from: the peer itself, or what a trusted proxy says of it.

By default no proxy is trusted and its headers count for nothing.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network
from typing import Any, ClassVar

from app.kernel.refusal import Kind, Refusal

UNKNOWN = "-"
HOUSEHOLD_BITS = 64  # of an IPv6 address: what one subscriber is given, at the least
FORWARDED_FOR = b"x-forwarded-for"


class AddressRefused(Refusal):
    """The client is held to addresses, and the request comes from another."""

    kind: ClassVar = Kind.FORBIDDEN
    code: ClassVar = "address-refused"
    title: ClassVar = "This client may not call from this address"
    title_zh: ClassVar = "该客户端不允许从当前地址接入"
    remedy: ClassVar = "Call from an agreed address, or have the operator change the list."
    remedy_zh: ClassVar = "请从约定的地址接入，或联系平台运维变更地址清单。"


@lru_cache(maxsize=4_096)
def _network(block: str) -> IPv4Network | IPv6Network:
    return ip_network(block)


def is_block(text: str) -> bool:
    """Say whether a text is a CIDR block, written with its first address."""
    try:
        _network(text)
    except ValueError:
        return False
    return True


def is_within(address: str, blocks: Iterable[str]) -> bool:
    """Say whether an address lies in one of the blocks."""
    found = _address(address)
    return found is not None and any(found in _network(block) for block in blocks)


def household_of(address: str) -> str:
    """Return by which address guesses and tries are counted: of IPv6 the network it lies in.

    Whoever has one address of such a network has all of them, and would guess from a new one
    each time.
    """
    found = _address(address)
    if not isinstance(found, IPv6Address):
        return address
    return str(ip_network((found, HOUSEHOLD_BITS), strict=False))


def address_of(scope: Mapping[str, Any], trusted: Iterable[str]) -> str:
    """Return the address a request came from.

    A peer among the trusted is a proxy: what it appended to X-Forwarded-For is read from the
    right, and the first hop that is not trusted is who called. A hop that cannot be read ends it.
    """
    peer = scope.get("client")
    at = _plain(peer[0]) if peer else None
    if at is None:
        return UNKNOWN
    if not is_within(at, trusted):
        return at
    for hop in reversed(_hops(scope)):
        known = _plain(hop)
        if known is None:
            break
        at = known
        if not is_within(at, trusted):
            break
    return at


def _hops(scope: Mapping[str, Any]) -> list[str]:
    sent = [value.decode("latin-1") for name, value in scope["headers"] if name == FORWARDED_FOR]
    return [hop.strip() for hop in ",".join(sent).split(",")] if sent else []


def _address(text: str) -> IPv4Address | IPv6Address | None:
    try:
        found = ip_address(text)
    except ValueError:
        return None
    mapped = found.ipv4_mapped if isinstance(found, IPv6Address) else None
    return mapped or found


def _plain(text: str) -> str | None:
    found = _address(text)
    return None if found is None else str(found)
