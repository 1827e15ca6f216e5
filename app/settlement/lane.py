"""The lane at the edge: takes plain requests to settle out of the way of everything general.

What a route's dependencies check one by one is checked here for the one request that hospitals send
most. Whatever is not plain, or turns out not to be, goes on to the application as it came, which
answers it as ever: the route stays the definition, this is a shorter way to the same answer.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime

from pydantic import ValidationError

from app.kernel.parties import PartyKind
from app.kernel.refusal import Refusal
from app.runtime import prose
from app.runtime.auth import Caller, Signer
from app.runtime.depth import check_depth
from app.runtime.door import Hub, check_key, fingerprint_of
from app.runtime.heard import hear
from app.runtime.lane import Lane, LaneMetrics
from app.runtime.limits import Limits
from app.runtime.problems import Answer
from app.runtime.settings import Settings
from app.runtime.telemetry import App, Message, Receive, Send
from app.settlement.model import SettlementWithLines
from app.settlement.schemas import SettledView, SettleIn
from app.settlement.service.lane import Settling
from app.settlement.store.lane import Asked
from app.visit.model import Course

PATH = re.compile(r"/v1/visits/(S[0-9]{19})/settle")
JSON = (b"application/json", b"application/json; charset=utf-8")
BODY_BYTES_MAX = 2_048  # a settle is a total, a count and an invoice number
BEARER = b"Bearer "
ACTION = "POST /v1/visits/{number}/settle"  # as the door writes it
CREATED = 201


@dataclass(frozen=True, slots=True)
class Route:
    """What the telemetry calls the route by; the application's own says the same."""

    path: str = "/v1/visits/{number}/settle"


ROUTE = Route()


def open_lane(hub: Hub, settings: Settings, metrics: LaneMetrics) -> Lane[Asked, Answer]:
    """Open the lane of one application."""
    return Lane(
        carry=Settling(hub),
        calls_max=settings.lane_calls,
        each_max=settings.lane_each_max,
        seconds_max=settings.request_seconds,
        metrics=metrics,
    )


def _show(it: SettlementWithLines, _: Course) -> bytes:
    return SettledView.settled(it).model_dump_json().encode()


class SettlingLane:
    """ASGI layer: a plain request to settle takes the lane."""

    def __init__(
        self,
        app: App,
        lane: Lane[Asked, Answer],
        signer: Signer,
        limits: Limits,
        clock: Callable[[], datetime],
    ) -> None:
        self.app = app
        self.lane = lane
        self.signer = signer
        self.limits = limits
        self.clock = clock

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        scope["hub.settling"] = self.lane  # for whoever is asked for the same at another address
        named = _named(scope)
        if named is None:
            await self.app(scope, receive, send)
            return
        heard = await hear(receive)
        body = heard.body
        asked = None if body is None else self._plain(scope, named, body)
        answer = None if asked is None else await self.lane.take(asked)
        if answer is None:
            await self.app(scope, heard, send)
            return
        scope["route"] = ROUTE
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", str(len(answer.body)).encode()),
        ]
        await send({"type": "http.response.start", "status": answer.status, "headers": headers})
        await send({"type": "http.response.body", "body": answer.body})

    def _plain(self, scope: Message, visit: str, body: bytes) -> Asked | None:
        """Read what is asked, if all of it is as it is nearly always."""
        headers = dict(scope["headers"])
        sent = headers.get(b"authorization", b"")
        if not (
            headers.get(b"content-type", b"").lower() in JSON
            and b"content-encoding" not in headers
            and sent.startswith(BEARER)
        ):
            return None
        key = headers.get(b"idempotency-key", b"").decode("latin-1")
        try:
            caller = self._admitted(scope, sent[len(BEARER) :].decode("latin-1"), key)
            check_depth("json", body)
            prose.check_body("json", body)
            settle = SettleIn.model_validate(json.loads(body)).read()
        except (Refusal, ValidationError, ValueError, RecursionError):
            return None  # the application says what is wrong with it
        if caller is None or "\0" in (settle.invoice_no or ""):  # which Postgres does not keep
            return None
        return Asked(
            action=ACTION,
            status=CREATED,
            caller=caller,
            key=key,
            fingerprint=fingerprint_of("POST", scope["path"], body),
            request=str(scope.get("hub.request_id", "-")),
            visit=visit,
            worker=None,
            settle=settle,
            show=_show,
        )

    def _admitted(self, scope: Message, token: str, key: str) -> Caller | None:
        """Read who calls; None where the message would have to be signed or come from somewhere."""
        caller = self.signer.read(token, self.clock())
        if caller.kind is not PartyKind.INSTITUTION:
            return None
        if caller.terms.addresses or caller.terms.signature is not None:
            return None
        check_key(key, caller.party)
        prose.check_key(key)
        scope["hub.limit"] = self.limits.admit(caller)
        scope["hub.caller"], scope["hub.admitted"] = caller, True
        return caller


def _named(scope: Message) -> str | None:
    """Return the visit that a request asks to settle, if that is what it asks, and shortly."""
    if scope["type"] != "http" or scope["method"] != "POST" or scope["query_string"]:
        return None
    named = PATH.fullmatch(scope["path"])
    if named is None:
        return None
    length = dict(scope["headers"]).get(b"content-length", b"")
    return named[1] if length.isdigit() and int(length) <= BODY_BYTES_MAX else None
