"""Sending one event to one address, so that nobody can make the hub ask inside its own network.

The name is resolved once, every address it has is looked at, and the connection goes to the one
that was looked at: what the name says a moment later does not matter. No redirect is followed, no
proxy asked, no answer read beyond its status, and the time is bounded as a whole.
"""

from __future__ import annotations

import asyncio
import socket
from collections.abc import Mapping
from dataclasses import dataclass
from importlib import import_module
from typing import TYPE_CHECKING

from app.events.model import Attempt, DeliveryFault
from app.events.rules import destinations

if TYPE_CHECKING:
    import httpx

ANSWERED_YES = range(200, 300)
REDIRECTED = range(300, 400)
AGENT = "hub-webhooks/1"
# Shares of the time: to resolve, and to connect and to shake hands each. They end before the whole
# does, for a handshake that is broken off from outside leaves its socket open.
RESOLVING, CONNECTING = 0.2, 0.35


@dataclass(frozen=True, slots=True)
class Outlet:
    """The way out: which inner networks are allowed, whether http is, how long is waited."""

    allowed: tuple[str, ...]
    plain: bool
    seconds: float


class ForbiddenError(Exception):
    """The name leads to where the hub does not send."""


class UnresolvedError(Exception):
    """The name leads nowhere."""


async def send(outlet: Outlet, url: str, body: bytes, headers: Mapping[str, str]) -> Attempt:
    """Send once; say what came of it."""
    await asyncio.to_thread(import_module, "httpx")  # the first time it takes too long to wait for
    import httpx

    try:
        async with asyncio.timeout(outlet.seconds):
            return _judge(await _post(outlet, httpx.URL(url), body, headers))
    except UnresolvedError:
        return Attempt(status=None, fault=DeliveryFault.NAME_UNRESOLVED)
    except ForbiddenError:
        return Attempt(status=None, fault=DeliveryFault.ADDRESS_FORBIDDEN)
    except (TimeoutError, httpx.TimeoutException):
        return Attempt(status=None, fault=DeliveryFault.TIMED_OUT)
    except (httpx.HTTPError, httpx.InvalidURL, OSError):  # an unreadable answer is none either
        return Attempt(status=None, fault=DeliveryFault.UNREACHABLE)


def _judge(status: int) -> Attempt:
    if status in ANSWERED_YES:
        return Attempt(status=status, fault=None)
    fault = DeliveryFault.REDIRECTED if status in REDIRECTED else DeliveryFault.ANSWERED_NO
    return Attempt(status=status, fault=fault)


async def _post(outlet: Outlet, url: httpx.URL, body: bytes, headers: Mapping[str, str]) -> int:
    import httpx

    if url.scheme != "https" and not outlet.plain:
        raise ForbiddenError
    address = await _resolve(outlet, url)
    sent = {
        **headers,
        "Host": url.netloc.decode("ascii"),
        "Content-Type": "application/json",
        "Accept-Encoding": "identity",
        "User-Agent": AGENT,
    }
    patience = httpx.Timeout(outlet.seconds, connect=CONNECTING * outlet.seconds)
    async with httpx.AsyncClient(trust_env=False, follow_redirects=False, timeout=patience) as http:
        # The certificate is checked against the name, though the address is what is connected to.
        request = http.build_request(
            "POST",
            url.copy_with(host=address),
            content=body,
            headers=sent,
            extensions={"sni_hostname": url.raw_host.decode("ascii")},
        )
        answer = await http.send(request, stream=True)
        await answer.aclose()
        return answer.status_code


async def _resolve(outlet: Outlet, url: httpx.URL) -> str:
    """Return an address of the host; one that is forbidden forbids them all."""
    port = url.port or (443 if url.scheme == "https" else 80)
    loop = asyncio.get_running_loop()
    try:
        async with asyncio.timeout(RESOLVING * outlet.seconds):
            found = await loop.getaddrinfo(url.host, port, type=socket.SOCK_STREAM)
    except (socket.gaierror, UnicodeError):
        raise UnresolvedError from None
    addresses = [str(each[4][0]) for each in found]
    if not addresses:
        raise UnresolvedError
    if any(destinations.is_forbidden(it, outlet.allowed) for it in addresses):
        raise ForbiddenError
    return addresses[0]
