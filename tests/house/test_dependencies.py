"""Every locked version of a dependency was looked at; a new one fails until somebody has."""

from __future__ import annotations

import re
import tomllib
from datetime import date
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PINNED = re.compile(r"^([A-Za-z0-9._-]+)(?:\[[^\]]*\])?==([^\s;\\]+)", re.MULTILINE)
REVIEW = tomllib.loads((CHECKOUT / "requirements" / "review.toml").read_text("utf-8"))


def locked() -> dict[str, str]:
    """Return what production installs."""
    return dict(PINNED.findall((CHECKOUT / "requirements" / "hub.lock").read_text("utf-8")))


def test_every_version_that_production_installs_was_reviewed() -> None:
    reviewed = REVIEW["versions"]
    assert {
        name: version for name, version in locked().items() if reviewed.get(name) != version
    } == {}
    assert set(reviewed) == set(locked()), "a review of what is no longer installed"


def test_the_review_says_when_and_by_what_it_was_made() -> None:
    assert isinstance(REVIEW["reviewed_on"], date)
    assert len(REVIEW["method"]) > 40
    assert all(len(why) > 20 for why in REVIEW["remarks"].values())
    assert set(REVIEW["remarks"]) <= set(REVIEW["versions"])
