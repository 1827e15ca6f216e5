"""Shares are exact to the tenth of a percent, and the next target to come due is the one."""

from __future__ import annotations

from datetime import date

import pytest

from app.institutions.rules import share_of, target_due
from app.policy.book import CoverageTarget, PolicyBook


@pytest.mark.parametrize(
    ("online", "total", "permille"),
    [(0, 0, None), (0, 3, 0), (1, 3, 333), (2, 3, 667), (1, 16, 63), (3, 3, 1000)],
)
def test_a_share_is_rounded_half_up_to_the_tenth_of_a_percent(
    online: int, total: int, permille: int | None
) -> None:
    assert share_of(online, total).permille == permille


@pytest.mark.parametrize(
    ("online", "total", "percent", "is_reached"),
    [(3, 10, 30, True), (299, 1000, 30, False), (0, 0, 100, True), (0, 5, 0, True)],
)
def test_a_target_is_compared_before_any_rounding(
    online: int, total: int, percent: int, *, is_reached: bool
) -> None:
    assert share_of(online, total).reaches(percent) is is_reached


def test_the_next_target_to_come_due_counts_and_at_last_the_last() -> None:
    targets = PolicyBook.load().targets(date(2025, 9, 1), "370000")
    assert target_due(targets, date(2025, 12, 31)) == CoverageTarget(date(2025, 12, 31), 30, 0, 0)
    assert target_due(targets, date(2026, 1, 1)) == CoverageTarget(date(2026, 12, 31), 50, 50, 50)
    assert target_due(targets, date(2040, 1, 1)) == targets[-1]
    assert target_due([], date(2025, 1, 1)) is None
