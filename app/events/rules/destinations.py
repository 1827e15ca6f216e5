"""Where the hub sends events to: public https addresses, and what its settings allow beside them.

An address that leads into the hub's own network would make the hub ask there in its own name.
"""

from __future__ import annotations

from collections.abc import Sequence
from ipaddress import (
    IPv4Address,
    IPv4Network,
    IPv6Address,
    IPv6Network,
    ip_address,
    ip_network,
)
from urllib.parse import urlsplit

from app.events.errors import WebhookUrlRefused
from app.kernel.basis import basis

URL_MAX = 500
PORT_MAX = 65_535
# Public by the interpreter's list, yet nobody's beyond a network: Azure's wire server, the block
# Oracle's metadata answer from, the relays of 6to4, NAT64 of anything, site-local addresses.
NEVER: tuple[IPv4Network | IPv6Network, ...] = (
    ip_network("168.63.129.16/32"),
    ip_network("192.0.0.0/24"),
    ip_network("192.88.99.0/24"),
    ip_network("64:ff9b::/96"),
    ip_network("64:ff9b:1::/48"),
    ip_network("fec0::/10"),
)


@basis("hub-default/events")
def require_sendable(url: str, allowed: Sequence[str], *, plain: bool) -> None:
    """推送地址须为公网 https 地址: refuse another; `plain` lets http pass, as a sandbox may."""
    if len(url) > URL_MAX or not url.isascii() or not url.isprintable() or " " in url:
        raise WebhookUrlRefused(reason="format")
    try:
        parts = urlsplit(url)
        port = parts.port
    except ValueError:
        raise WebhookUrlRefused(reason="format") from None
    if parts.scheme not in ("https", "http"):
        raise WebhookUrlRefused(reason="scheme")
    if parts.scheme == "http" and not plain:
        raise WebhookUrlRefused(reason="https")
    if "@" in parts.netloc or "#" in url or "\\" in url:
        raise WebhookUrlRefused(reason="format")
    if not parts.hostname or port == 0:
        raise WebhookUrlRefused(reason="host")
    literal = _literal(parts.hostname)
    if literal is not None and is_forbidden(literal, allowed):
        raise WebhookUrlRefused(reason="address")


@basis("hub-default/events")
def is_forbidden(address: str, allowed: Sequence[str]) -> bool:
    """内网、回环、链路本地及元数据地址不得推送，白名单除外: say whether an address is one."""
    try:
        found = _meant(ip_address(address.partition("%")[0]))
    except ValueError:
        return True
    if any(found in ip_network(block) for block in allowed):
        return False
    if any(found in block for block in NEVER):
        return True
    return found.is_multicast or found.is_reserved or not found.is_global


def _meant(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """Return the IPv4 address another one only wraps."""
    if isinstance(address, IPv4Address):
        return address
    teredo = address.teredo
    return address.ipv4_mapped or address.sixtofour or (teredo[1] if teredo else address)


def _literal(host: str) -> str | None:
    """Return a host that is an address already; a number alone is one to most resolvers."""
    if host.replace(".", "").isdecimal() or host.startswith("0x"):
        return host
    return host if ":" in host else None
