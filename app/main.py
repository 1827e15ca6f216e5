"""Compose the hub: settings in, application out."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable, Coroutine, Mapping
from contextlib import asynccontextmanager, suppress
from dataclasses import replace
from datetime import datetime

from fastapi import APIRouter, FastAPI

from app.advance.routes import router as advance
from app.catalogues.routes import router as catalogues
from app.clearing.routes import router as clearing
from app.deadlines.routes import router as deadlines
from app.deadlines.ticking import Ticker, TickMetrics
from app.entitlement.routes import router as entitlement
from app.events.routes import router as events
from app.events.schemas.webhooks import webhooks
from app.events.ticking import Deliverer, DeliveryMetrics, due_acts
from app.filing.routes import router as filing
from app.gateway.envelope import Reference, refusal_answer
from app.gateway.errors import SessionExpired
from app.gateway.outputs import write_json
from app.gateway.routes import router as gateway
from app.institutions.routes import router as institutions
from app.kernel.refusal import Refusal
from app.ledger.routes import router as ledger
from app.parties.routes import router as parties
from app.proof.routes import router as proof
from app.proof.service.watching import SealMetrics
from app.reference.routes import router as reference
from app.reversal.routes import router as reversal
from app.review.routes import router as review
from app.runtime import docs_pages, http, switchboard
from app.runtime.at_hand import PagesAtHand
from app.runtime.auth import Signer
from app.runtime.db import open_engine
from app.runtime.door import Hub
from app.runtime.gate import Gate
from app.runtime.health import LastLook, Readiness
from app.runtime.hub import Clock, build_hub, wall_clock
from app.runtime.lane import LaneMetrics
from app.runtime.limits import Limits
from app.runtime.problems import Answer, problem_of
from app.runtime.settings import Mode, Settings
from app.runtime.shedding import Doorstep, Shedding, Spared, counted
from app.runtime.signatures import Signing
from app.runtime.signing import SignedAnswers
from app.runtime.telemetry import Metrics, Telemetry
from app.runtime.turns import Turns
from app.sandbox.fault_layer import FaultLayer
from app.sandbox.moved_clock import MovedClock
from app.sandbox.playground import Playground
from app.sandbox.request_log import RequestLog
from app.sandbox.routes import router as sandbox
from app.settlement.lane import SettlingLane, open_lane
from app.settlement.routes import router as settlement
from app.visit.lane import DeskLane
from app.visit.lane import open_lane as open_desk_lane
from app.visit.routes import router as visit
from app.visit.uploading import UploadingLane
from app.visit.uploading import open_lane as open_uploading_lane

__all__ = ["Clock", "again_and_again", "build_hub", "build_ticker", "create_app", "wall_clock"]

# In the order of the road.
ROUTERS: tuple[APIRouter, ...] = (
    parties,
    institutions,
    catalogues,
    ledger,
    entitlement,
    filing,
    visit,
    settlement,
    reversal,
    review,
    advance,
    clearing,
    proof,
    deadlines,
    events,
    reference,
    gateway,
)


def create_app(settings: Settings, *, url: str, clock: Clock = wall_clock) -> FastAPI:
    """Build the application for the database at `url`; a sandbox where the settings say so."""
    assert settings.token_key is not None, "the command line makes or reads the key first"
    engine = open_engine(url, settings)
    metrics = Metrics()
    playground = Playground(MovedClock(clock)) if settings.mode is Mode.SANDBOX else None
    hub = build_hub(engine, settings, clock if playground is None else playground.clock)
    ticker = build_ticker(hub, settings, "hub:service", TickMetrics(metrics.registry))
    deliverer = Deliverer.of(hub, settings, wall_clock, DeliveryMetrics(metrics.registry))

    @asynccontextmanager
    async def lifespan(served: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        if playground is not None:
            await playground.recall(hub)
        async with (
            again_and_again(ticker.keep_ticking, settings.tick_seconds),
            again_and_again(deliverer.keep_delivering, settings.deliver_seconds),
            docs_pages.foreseen(served),
        ):
            yield {}
        await engine.dispose()

    app = FastAPI(
        title=docs_pages.TITLE,
        description=docs_pages.DESCRIPTION,
        lifespan=lifespan,
        openapi_url=None,  # docs_pages serves the document, and the pages that show it
        # The hub counts and logs for itself, and personal numbers must reach no other exporter.
        telemetry={"tracing": False, "metrics": False, "logs": False, "auto_configure": False},
    )
    app.state.settings = settings
    app.state.hub = hub
    app.state.signer = Signer.of(settings.token_key.get_secret_value(), settings.token_minutes)
    _watch(app, metrics)
    app.state.pages = PagesAtHand()
    app.state.limits = Limits.of(settings)
    app.state.turns = turns = Turns.of(settings)
    sent_away = counted(metrics.registry, turns)
    app.state.doorstep = Doorstep(turns, Spared(app), sent_away, metrics.requests)
    app.state.signing = _signing_of(settings)
    app.state.ticker = ticker
    app.state.webhooks = webhooks()
    http.install(app)
    switchboard.take_in(app, *ROUTERS)
    if settings.lane_calls:
        _open_lane(app, settings)
    app.add_middleware(
        Shedding,
        settings=settings,
        doorstep=app.state.doorstep,
        say=lambda refusal, request: _as_gateway(refusal, request, hub.clock()),
    )
    if playground is not None:
        _install_sandbox(app, playground)
    docs_pages.install(app, http.EXAMPLE_KEY)
    switchboard.install(app.router)
    app.add_middleware(SignedAnswers, signing=app.state.signing, clock=hub.clock)
    app.add_middleware(Telemetry, settings=settings, metrics=metrics)
    return app


def build_ticker(
    hub: Hub, settings: Settings, client: str, metrics: TickMetrics | None = None
) -> Ticker:
    """Build what does all that falls due, wherever on the road."""
    return Ticker(hub, client, metrics, due_acts(settings))


def _watch(app: FastAPI, metrics: Metrics) -> None:
    """Let be told how the hub fares, to whoever asks and at the cost of one look a second."""
    app.state.metrics = metrics
    app.state.seal_metrics = SealMetrics(metrics.registry)
    app.state.last_observed = LastLook[None]()
    app.state.last_readiness = LastLook[Readiness]()


@asynccontextmanager
async def again_and_again(
    act: Callable[[float], Coroutine[None, None, None]], seconds: int
) -> AsyncIterator[None]:
    """Let what is due be done every so many seconds, or never."""
    if not seconds:
        yield
        return
    under_way = asyncio.create_task(act(seconds))
    try:
        yield
    finally:
        under_way.cancel()
        with suppress(asyncio.CancelledError):
            await under_way


def _open_lane(app: FastAPI, settings: Settings) -> None:
    """Let what is plain take a lane; inside every other layer, before the routes."""
    hub, registry = app.state.hub, app.state.metrics.registry
    gate = Gate(app.state.signer, app.state.limits, hub.clock)
    counted = LaneMetrics(registry)
    app.add_middleware(SettlingLane, lane=open_lane(hub, settings, counted), gate=gate)
    counted = LaneMetrics(registry, "hub_lines_lane")
    app.add_middleware(UploadingLane, lane=open_uploading_lane(hub, settings, counted), gate=gate)
    counted = LaneMetrics(registry, "hub_desk_lane")
    app.add_middleware(DeskLane, lane=open_desk_lane(hub, settings, counted), gate=gate)


def _signing_of(settings: Settings) -> Signing:
    """Take the hub's keys from the settings; one key in them is enough for everything."""
    sealing = settings.sealing_key or settings.token_key
    assert sealing is not None, "checked above"
    private = settings.signing_key
    return Signing.of(
        sealing.get_secret_value(),
        private.get_secret_value() if private else None,
        settings.signature_window_seconds,
    )


def _install_sandbox(app: FastAPI, playground: Playground) -> None:
    """Open the sandbox's own paths, and put its layers between the senders and the hub."""
    hub, signer = app.state.hub, app.state.signer
    app.state.playground = playground
    switchboard.take_in(app, sandbox)
    app.add_middleware(
        FaultLayer,
        playground=playground,
        hub=hub,
        signer=signer,
        say_session_expired=_session_expired,
    )
    app.add_middleware(RequestLog, hub=hub, signer=signer)


def _session_expired(request: str, now: datetime) -> bytes:
    """Say it as the gateway does."""
    return _as_gateway(SessionExpired(), request, now).body


def _as_gateway(refusal: Refusal, request: str, now: datetime) -> Answer:
    """Tell in the gateway's envelope what never became a message."""
    reference = Reference(message=request, received_at=now)
    body = write_json(refusal_answer(reference, refusal, now)).encode()
    return replace(problem_of(refusal, request), body=body, media_type="application/json")
