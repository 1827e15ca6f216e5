"""Put together what requests and commands share, around an engine."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime

from sqlalchemy.ext.asyncio import AsyncEngine

from app.policy.book import PolicyBook
from app.policy.provisions import Provisions
from app.runtime.door import Hub
from app.runtime.settings import Settings
from app.runtime.work import Law

Clock = Callable[[], datetime]


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
        running_wait_seconds=settings.running_wait_ms / 1000,
    )
