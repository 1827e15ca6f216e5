"""How long to keep trying: growing pauses with jitter, the hub's Retry-After, one deadline."""

from __future__ import annotations

import random
from collections.abc import Callable
from dataclasses import dataclass


@dataclass(frozen=True, slots=True, kw_only=True)
class Pacing:
    """The limits of one call's attempts."""

    first_pause: float = 0.5
    longest_pause: float = 8.0
    deadline: float = 60.0
    jitter: Callable[[], float] = random.random  # 0 ≤ x < 1

    def pause(self, attempt: int, asked: float | None) -> float:
        """Return the wait after the `attempt`-th try; never less than the hub asked for.

        The jitter keeps the windows of a hospital from coming back all at once.
        """
        grown = min(self.first_pause * 2.0 ** min(attempt - 1, 16), self.longest_pause)
        return max(grown * (0.5 + self.jitter() / 2), asked or 0.0)
