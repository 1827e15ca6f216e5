"""Which rungs are played, how often and how long, and against how much."""

from __future__ import annotations

from dataclasses import dataclass
from math import ceil

from benchmarks.ladder.hubs import Shape

CEILING, ROUTE = "L1", "L4"
NAMES = {
    "L0": "one row, one commit",
    "L1a": "a very small settlement, one server-side call",
    "L1": "the least the hub's settlement writes, one server-side call",
    "L1b": "the same as statements of their own",
    "L2": "L1 by the driver",
    "L3": "the hub's route, nobody at the gate",
    "L4": "the hub's route, whole",
    "L4c": "L4 with as few clients as the ceiling has",
    "L4b": "L4 again, in turn with L5",
    "L5": "L4 on a database with a history",
    "L6": "L5 while months close and quarters are cleared",
    "L7": "L4 with kill -9 of the hub and of Postgres",
    "preview": "preview of six lines 预结算",
    "identify": "identification at the desk 身份识别",
    "search": "institution search 查询协议机构",
    "lines": "fee lines, a hundred a call (rows)",
    "copy": "the same rows by COPY (rows)",
    "batch": "filings, a hundred a batch (rows)",
    "clearing": "settlements cleared (rows)",
}
LOW = ("L0", "L1a", "L1", "L1b", "L2", "L3", "L4", "L4c")
BESIDE = ("preview", "identify", "search", "lines", "copy", "batch")
GROWN = ("L5", "L6")
APART = ("clearing", "start", "idle")
ALL = (*LOW, *BESIDE, *GROWN, "L7", *APART)
QUICK = (*LOW, "preview", "identify", "search", "lines", "copy")

# Visits laid in for a second of the ceiling's rungs, and of the hub's: more than either settles.
CEILING_A_SECOND, HUB_A_SECOND = 4_000, 3_000
WARM_SECONDS = 2.0
# Of a quick run's five minutes: the others are for its setup, the open loop and the gate.
QUICK_WITHIN_SECONDS = 200.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Manner:
    """One run of the ladder."""

    rungs: tuple[str, ...]
    rounds: int
    seconds: float
    clients: int  # of the database, which is best with few, and of what is asked beside
    senders: int  # of settlements to the hub, where they queue in the service
    visits: int  # laid in, for the ceiling and again for every database of a hub
    settlements: int  # of the history
    cleared: int  # settlements a clearing is generated of
    shape: Shape
    within_seconds: float | None = None  # after which no round is begun but the first

    @property
    def warm_seconds(self) -> float:
        """How long a hub is sent to before anything is measured."""
        return min(WARM_SECONDS, self.seconds)

    def plays(self, *rungs: str) -> bool:
        """Say whether any of these is played."""
        return any(rung in self.rungs for rung in rungs)


def visits_for(rungs: tuple[str, ...], rounds: int, seconds: float) -> int:
    """Return how many visits a run needs at most: a ceiling's, or a hub's own."""
    ceiling = len({"L1", "L1b", "L2"} & set(rungs)) * rounds * seconds * CEILING_A_SECOND
    # L3, L4, L4c, L4b and L5 share two databases; then warming, the open loop and L7.
    hub = (3 * rounds + 3) * seconds * HUB_A_SECOND + 2 * WARM_SECONDS * HUB_A_SECOND
    return max(2_000, ceil(max(ceiling, hub)))
