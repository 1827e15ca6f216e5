"""Compose the hub: settings in, application out."""

from __future__ import annotations

from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import asynccontextmanager
from datetime import UTC, datetime

from fastapi import APIRouter, FastAPI
from sqlalchemy.ext.asyncio import AsyncEngine

from app.policy.book import PolicyBook, Provisions
from app.runtime import http
from app.runtime.auth import Signer
from app.runtime.db import open_engine
from app.runtime.door import Hub
from app.runtime.settings import Settings
from app.runtime.telemetry import Metrics, Telemetry
from app.runtime.work import Law

Clock = Callable[[], datetime]

# In the order of the road.
ROUTERS: tuple[APIRouter, ...] = ()


def wall_clock() -> datetime:
    """Return the present instant."""
    return datetime.now(UTC)


def build_hub(engine: AsyncEngine, settings: Settings, clock: Clock = wall_clock) -> Hub:
    """Put together what every request and every command shares."""
    law = Law(book=PolicyBook.load(), provisions=Provisions.load())
    return Hub(
        engine=engine,
        reading_engine=engine.execution_options(isolation_level="AUTOCOMMIT"),
        law=law,
        clock=clock,
        attempts_max=settings.attempts_max,
    )


def create_app(settings: Settings, *, url: str, clock: Clock = wall_clock) -> FastAPI:
    """Build the application for the database at `url`."""
    assert settings.token_key is not None, "the command line makes or reads the key first"
    engine = open_engine(url, settings)
    metrics = Metrics()

    @asynccontextmanager
    async def lifespan(_: FastAPI) -> AsyncIterator[Mapping[str, object]]:
        yield {}
        await engine.dispose()

    app = FastAPI(
        title="Work-injury cross-province settlement hub 工伤保险跨省异地就医直接结算平台",
        lifespan=lifespan,
        docs_url=None,
        redoc_url=None,
    )
    app.state.settings = settings
    app.state.hub = build_hub(engine, settings, clock)
    app.state.signer = Signer.of(settings.token_key.get_secret_value(), settings.token_minutes)
    app.state.metrics = metrics
    http.install(app)
    for router in ROUTERS:
        app.include_router(router)
    app.add_middleware(Telemetry, settings=settings, metrics=metrics)
    return app
