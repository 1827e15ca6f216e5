"""Tell whoever watches the hub that sealing keeps up: a check of health, and a gauge."""

from __future__ import annotations

from collections.abc import Sequence

from prometheus_client import CollectorRegistry, Gauge

from app.kernel.calendar import business_day
from app.kernel.parties import PartyKind
from app.kernel.refusal import Refusal
from app.proof.model.seals import Backlog, Journal
from app.proof.service import sealing
from app.runtime.auth import Caller
from app.runtime.door import Hub, reading
from app.runtime.health import Check

WATCHER = Caller(kind=PartyKind.OPERATOR, party="operator", region="000000", client="hub:watch")


class SealMetrics:
    """How far sealing lags behind, in days: two or more are an alarm (封存滞后告警)."""

    def __init__(self, registry: CollectorRegistry) -> None:
        self._days = Gauge(
            "hub_seal_backlog_days",
            "Days the oldest line of a journal waits for its seal",
            ["journal"],
            registry=registry,
        )
        for journal in Journal:
            self._days.labels(journal.value)

    async def observe(self, hub: Hub) -> None:
        """Look how far it is; a database that does not answer is told by other means."""
        try:
            found = await _backlogs(hub)
        except Refusal:
            return
        for it in found:
            self._days.labels(it.journal.value).set(it.days)


async def check(hub: Hub) -> Check:
    """Say how far sealing lags behind. It fails no hub: an alarm is no reason to stop settling."""
    try:
        found = await _backlogs(hub)
    except Refusal:
        return Check(name="seals", passed=True, found="unknown")
    said = ", ".join(f"{it.journal} {it.days} days" for it in found if it.days)
    return Check(
        name="seals",
        passed=not any(it.alarming for it in found),
        found=f"behind: {said}" if said else "up to date",
    )


async def _backlogs(hub: Hub) -> Sequence[Backlog]:
    async with reading(hub, WATCHER, "watch") as it:
        return await sealing.backlogs(it.rx, business_day(it.now))
