"""The lane of fee lines at the edge: plain calls go together, out of the way of all else.

The route stays the definition; this is a shorter way to the same answer.
"""

from __future__ import annotations

import re

from app.kernel.refusal import Refusal
from app.runtime import prose
from app.runtime.door import Hub, check_key, fingerprint_of
from app.runtime.gate import Gate, Headers, Request, Route, hear_plain
from app.runtime.lane import Lane, LaneMetrics
from app.runtime.problems import Answer
from app.runtime.settings import Settings
from app.runtime.telemetry import App, Message, Receive, Send
from app.visit.model import LinesTaken
from app.visit.schemas import ChargesIn, LinesTakenView
from app.visit.service.lane import Uploading
from app.visit.store.lane import Asked

PATH = re.compile(r"/v1/visits/(S[0-9]{19})/lines")
BODY_BYTES_MAX = 128 * 1024  # a hundred lines with all that can be said of them
ROUTE = Route("/v1/visits/{number}/lines")
EACH_MAX = 8  # calls are long, and each waits for all it is carried with


def open_lane(hub: Hub, settings: Settings, metrics: LaneMetrics) -> Lane[Asked, Answer]:
    """Open the lane of one application."""
    return Lane(
        carry=Uploading(hub, _show),
        calls_max=settings.lane_calls,
        each_max=EACH_MAX,
        seconds_max=settings.request_seconds,
        metrics=metrics,
    )


def _show(it: LinesTaken) -> bytes:
    return LinesTakenView.of(it).model_dump_json().encode()


class UploadingLane:
    """ASGI layer: a plain call of fee lines takes the lane."""

    def __init__(self, app: App, lane: Lane[Asked, Answer], gate: Gate) -> None:
        self.app = app
        self.lane = lane
        self.gate = gate

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """Serve one request."""
        named = PATH.fullmatch(scope["path"]) if scope["type"] == "http" else None
        if named is None:
            await self.app(scope, receive, send)
            return
        it, asked = await hear_plain(
            Request(self.app, scope, receive, send),
            BODY_BYTES_MAX,
            lambda headers, body: self._plain(scope, headers, named[1], body),
        )
        answer = None if asked is None else await self.lane.take(asked)
        if answer is None:
            await it.pass_on()
        else:
            await it.answer(ROUTE, answer.status, answer.body)

    def _plain(self, scope: Message, headers: Headers, visit: str, body: bytes) -> Asked | None:
        """Read what is asked, if all of it is as it is nearly always."""
        key = headers.get(b"idempotency-key", b"").decode("latin-1")
        try:
            caller = self.gate.caller_of(headers)
            if caller is None:
                return None
            check_key(key, caller.party)
            prose.check_key(key)
            charges = ChargesIn.read(body)
            self.gate.admit(scope, caller)
        except (Refusal, ValueError):
            return None  # the application says what is wrong with it
        return Asked(
            caller=caller,
            key=key,
            fingerprint=fingerprint_of("POST", scope["path"], body),
            request=str(scope.get("hub.request_id", "-")),
            visit=visit,
            charges=charges,
        )
