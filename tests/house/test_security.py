"""The threat model says of every threat how it is stopped, and names tests that exist."""

from __future__ import annotations

import re
from pathlib import Path

CHECKOUT = Path(__file__).parents[2]
PAGE = (CHECKOUT / "docs" / "security.md").read_text("utf-8")
NAMED = re.compile(r"`([^`]+)`")
# Whatever is tried here is tried by somebody hostile: the page says by whom.
HOSTILE = ("tests/fuzz", "tests/walls")


def test_walls_and_threats_are_told_in_one_place_each_and_lead_to_one_another() -> None:
    walls = (CHECKOUT / "docs" / "walls.md").read_text("utf-8")
    assert "(walls.md)" in PAGE
    assert "(security.md#" in walls
    assert "| threat" not in walls


def threats() -> list[list[str]]:
    """Read the rows of the table."""
    table = PAGE.partition("## Threats")[2].partition("\n## ")[0]
    lines = [line for line in table.splitlines() if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split("|")] for line in lines[1:]]


def named_tests() -> set[str]:
    return {name for row in threats() for name in NAMED.findall(row[3])}


def test_every_threat_says_who_what_how_and_which_test() -> None:
    assert len(threats()) > 30
    assert [row for row in threats() if len(row) != 4 or not all(row)] == []
    assert [row for row in threats() if not NAMED.search(row[3])] == []


def test_every_test_named_exists() -> None:
    assert sorted(it for it in named_tests() if not (CHECKOUT / it).is_file()) == []


def test_every_attack_that_is_played_is_on_the_page() -> None:
    played = {
        str(path.relative_to(CHECKOUT))
        for folder in HOSTILE
        for path in (CHECKOUT / folder).glob("test_*.py")
    }
    assert sorted(played - named_tests()) == []
