"""What the faults found is told with the test that holds it, and every list of cuts is there."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
RESULTS = ROOT / "benchmarks" / "results"
HELD = re.compile(r"^`(tests/[\w/]+\.py)` `(test_\w+)`$")


def rows() -> list[list[str]]:
    """Read the table: what was wrong, what brought it to light, what is so now, held by."""
    lines = (RESULTS / "found.md").read_text("utf-8").splitlines()
    table = [line for line in lines if line.startswith("| ")]
    return [[cell.strip() for cell in line.strip("|").split(" | ")] for line in table[1:]]


def test_every_mistake_that_was_found_names_its_test_and_the_test_is_there() -> None:
    assert rows()
    for row in rows():
        assert len(row) == 4, row
        assert all(row), row
        held = HELD.match(row[3])
        assert held, row
        text = (ROOT / held[1]).read_text("utf-8")
        assert f"def {held[2]}(" in text, row


def test_the_lists_of_cuts_tell_of_every_request_of_the_walk() -> None:
    steps = (ROOT / "tests" / "faults" / "scenario.py").read_text("utf-8")
    names = re.findall(r'^    Step\("([\w-]+)"', steps, re.MULTILINE)
    assert names
    for page in ("faults.md", "awaits.md"):
        assert re.findall(r"^## (.+)$", (RESULTS / page).read_text("utf-8"), re.MULTILINE) == names
    killed = (RESULTS / "killed.md").read_text("utf-8")
    assert re.findall(r"^\| ([a-z-]+) \| 0 to \d+ \|$", killed, re.MULTILINE) == names


def test_the_model_of_the_road_shares_no_line_with_the_hub() -> None:
    model = sorted((ROOT / "tests" / "books" / "model").glob("*.py"))
    assert len(model) > 1
    imported = re.compile(
        r"^\s*(?:from|import) (?!__future__|tests\.books\.model\b)(\w+)", re.MULTILINE
    )
    outside = {name for it in model for name in imported.findall(it.read_text("utf-8"))}
    assert outside <= {"collections", "dataclasses", "datetime", "decimal", "typing"}
