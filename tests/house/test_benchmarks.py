"""The benchmark runs and says what it measured; how long anything took is looked at by people."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

from benchmarks.__main__ import BUDGETS

ROOT = Path(__file__).parents[2]


def test_the_benchmark_measures_every_size_it_has_a_budget_for() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "--json", "--rounds", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert {it["lines"]: it["budget_ms"] for it in found} == BUDGETS
