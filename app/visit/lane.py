"""The desk's lane at the edge: plain identifications go together, out of the way of all else.

The route stays the definition; this is a shorter way to the same answer.
"""

from __future__ import annotations

import json

from pydantic import ValidationError

from app.kernel.refusal import Refusal
from app.runtime.depth import check_depth
from app.runtime.door import Hub
from app.runtime.gate import Gate, Headers, Request, Route, hear_plain
from app.runtime.lane import Lane, LaneMetrics
from app.runtime.settings import Settings
from app.runtime.telemetry import App, Message, Receive, Send
from app.visit.model import Identification
from app.visit.schemas import IdentificationView, IdentityIn
from app.visit.service.desk import Identifying
from app.visit.store.desk import Asked

BODY_BYTES_MAX = 2_048  # a claim is four short texts
TURNS = 2  # a call costs more than a claim: the fewer calls, the better for all
OK = 200
ROUTE = Route("/v1/workers/identify")


def open_lane(hub: Hub, settings: Settings, metrics: LaneMetrics) -> Lane[Asked, bytes]:
    """Open the desk's lane of one application."""
    return Lane(
        carry=Identifying(hub, _show),
        calls_max=settings.lane_calls,
        each_max=settings.lane_each_max,
        seconds_max=settings.request_seconds,
        metrics=metrics,
        turns=TURNS,
    )


def _show(it: Identification) -> bytes:
    return IdentificationView.of(it).model_dump_json().encode()


class DeskLane:
    """ASGI layer: a plain identification takes the lane."""

    def __init__(self, app: App, lane: Lane[Asked, bytes], gate: Gate) -> None:
        self.app = app
        self.lane = lane
        self.gate = gate

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        if scope["type"] != "http" or scope["path"] != ROUTE.path:
            await self.app(scope, receive, send)
            return
        it, asked = await hear_plain(
            Request(self.app, scope, receive, send),
            BODY_BYTES_MAX,
            lambda headers, body: self._plain(scope, headers, body),
        )
        answer = None if asked is None else await self.lane.take(asked)
        if answer is None:
            await it.pass_on()
        else:
            await it.answer(ROUTE, OK, answer)

    def _plain(self, scope: Message, headers: Headers, body: bytes) -> Asked | None:
        """Read what is asked, if all of it is as it is nearly always."""
        try:
            caller = self.gate.caller_of(headers)
            if caller is None:
                return None
            check_depth("json", body)
            claim = IdentityIn.model_validate(json.loads(body)).claim()
            self.gate.admit(scope, caller)
        except (Refusal, ValidationError, ValueError, RecursionError):
            return None  # the application says what is wrong with it
        return Asked(caller, str(scope.get("hub.request_id", "-")), claim)
