"""How much of a province is online, beside what it should be."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date

from app.kernel.basis import basis
from app.policy.book import CoverageTarget


@dataclass(frozen=True, slots=True)
class Share:
    """How many of a province's institutions of a kind are online across provinces."""

    online: int
    total: int
    permille: int | None  # None where there is no institution of the kind

    def reaches(self, percent: int) -> bool:
        """Say whether the share is at least `percent`; nothing to open reaches every target."""
        return self.online * 100 >= percent * self.total


@basis("hub-default/coverage")
def share_of(online: int, total: int) -> Share:
    """Coverage is the online ones among all agreement institutions of the kind (上线率).

    Suspended and offline ones stay in the total: taking one offline never raises the share.
    """
    return Share(online, total, None if total == 0 else (online * 2000 + total) // (2 * total))


@basis("national-2025-17/targets", "beijing-2025-5/3.1")
def target_due(targets: Sequence[CoverageTarget], day: date) -> CoverageTarget | None:
    """The target that counts on a day is the next one to come due, or the last one."""
    ahead = [target for target in targets if day <= target.by]
    if ahead:
        return ahead[0]
    return targets[-1] if targets else None
