"""The lane at the edge: takes plain requests to settle and to preview out of the way of all else.

What a route's dependencies check one by one is checked here for the requests that hospitals send
most. Whatever is not plain, or turns out not to be, goes on to the application as it came, which
answers it as ever: the route stays the definition, this is a shorter way to the same answer.
"""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

from pydantic import ValidationError

from app.kernel.refusal import Refusal
from app.policy.provisions import Provisions
from app.runtime import prose
from app.runtime.depth import check_depth
from app.runtime.door import Hub, check_key, fingerprint_of
from app.runtime.gate import Gate, Headers, Request, Route, hear_plain
from app.runtime.lane import Lane, LaneMetrics
from app.runtime.problems import Answer
from app.runtime.settings import Settings
from app.runtime.telemetry import App, Message, Receive, Send
from app.settlement.model import Preview, SettlementWithLines
from app.settlement.schemas import PreviewView, SettledView, SettleIn
from app.settlement.service.lane import Asked, Settling
from app.settlement.service.previewing import PreviewAsked, Previewing
from app.visit.model import Course

PATH = re.compile(r"/v1/visits/(S[0-9]{19})/(settle|preview)")
BODY_BYTES_MAX = 2_048  # a settle is a total, a count and an invoice number
ACTION = "POST /v1/visits/{number}/settle"  # as the door writes it
OK, CREATED = 200, 201


SETTLE = Route("/v1/visits/{number}/settle")
PREVIEW = Route("/v1/visits/{number}/preview")


@dataclass(frozen=True, slots=True)
class Lanes:
    """The two lanes of one application."""

    settling: Lane[Asked, Answer]
    previewing: Lane[PreviewAsked, bytes]


def open_lane(hub: Hub, settings: Settings, metrics: LaneMetrics) -> Lanes:
    """Open the lanes of one application; both look into the same lists at hand."""
    settling, provisions = Settling(hub), hub.law.provisions
    return Lanes(
        settling=Lane(
            carry=settling,
            calls_max=settings.lane_calls,
            each_max=settings.lane_each_max,
            seconds_max=settings.request_seconds,
            metrics=metrics,
            beside_min=settings.lane_beside_min,
        ),
        previewing=Lane(
            carry=Previewing(hub, settling.shelf, lambda it: _preview(it, provisions)),
            calls_max=settings.lane_calls,
            each_max=settings.lane_each_max,
            seconds_max=settings.request_seconds,
            metrics=LaneMetrics(metrics.registry, "hub_preview_lane"),
        ),
    )


def _settled(it: SettlementWithLines, _: Course) -> bytes:
    return SettledView.settled(it).model_dump_json().encode()


def _preview(it: Preview, provisions: Provisions) -> bytes:
    return PreviewView.of(it, provisions).model_dump_json().encode()


class SettlingLane:
    """ASGI layer: a plain request to settle or to preview takes its lane."""

    def __init__(self, app: App, lane: Lanes, gate: Gate) -> None:
        self.app = app
        self.lanes = lane
        self.gate = gate

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        # For whoever is asked for the same at another address.
        scope["hub.settling"] = self.lanes.settling
        named = PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if named is None:
            await self.app(scope, receive, send)
        elif named[2] == "settle":
            await self._settle(Request(self.app, scope, receive, send), named[1])
        else:
            await self._preview(Request(self.app, scope, receive, send), named[1])

    async def _settle(self, it: Request, visit: str) -> None:
        it, asked = await hear_plain(
            it, BODY_BYTES_MAX, lambda headers, body: self._plain(it.scope, headers, visit, body)
        )
        answer = None if asked is None else await self.lanes.settling.take(asked)
        if answer is None:
            await it.pass_on()
        else:
            await it.answer(SETTLE, answer.status, answer.body)

    async def _preview(self, it: Request, visit: str) -> None:
        asked = self._plain_preview(it.scope, visit)
        answer = None if asked is None else await self.lanes.previewing.take(asked)
        if answer is None:
            await it.pass_on()
        else:
            await it.answer(PREVIEW, OK, answer)

    def _plain(self, scope: Message, headers: Headers, visit: str, body: bytes) -> Asked | None:
        """Read what is asked, if all of it is as it is nearly always."""
        key = headers.get(b"idempotency-key", b"").decode("latin-1")
        try:
            caller = self.gate.caller_of(headers)
            if caller is None:
                return None
            check_key(key, caller.party)
            prose.check_key(key)
            self.gate.admit(scope, caller)
            check_depth("json", body)
            prose.check_body("json", body)
            settle = SettleIn.model_validate(json.loads(body)).read()
        except (Refusal, ValidationError, ValueError, RecursionError):
            return None  # the application says what is wrong with it
        if "\0" in (settle.invoice_no or ""):  # which Postgres does not keep
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
            show=_settled,
        )

    def _plain_preview(self, scope: Message, visit: str) -> PreviewAsked | None:
        """Read who asks for a preview: there is nothing else to it."""
        headers = dict(scope["headers"])
        if scope["method"] != "POST" or scope["query_string"] or _has_body(headers):
            return None
        try:
            caller = self.gate.caller_of(headers)
            if caller is None:
                return None
            self.gate.admit(scope, caller)
        except (Refusal, ValueError):
            return None
        request = str(scope.get("hub.request_id", "-"))
        return PreviewAsked(caller=caller, request=request, visit=visit)


def _has_body(headers: Headers) -> bool:
    return headers.get(b"content-length", b"0") != b"0" or b"transfer-encoding" in headers
