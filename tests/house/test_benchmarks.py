"""The benchmark runs and says what it measured; how long anything took is looked at by people."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks.budgets import BUDGETS

ROOT = Path(__file__).parents[2]


def test_the_benchmark_measures_every_size_it_has_a_budget_for() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "benchmarks", "budgets", "--json", "--rounds", "1"],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert {it["lines"]: it["budget_ms"] for it in found} == BUDGETS


def test_a_clearing_is_measured_whole_at_every_size_asked_for() -> None:
    asked = ["clearing", "--json", "--rounds", "1", "--sizes", "40", "400"]
    done = subprocess.run(  # noqa: S603 -- our own words
        [sys.executable, "-m", "benchmarks", *asked],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    found = json.loads(done.stdout)
    assert [(it["settlements"], it["claims"]) for it in found["sizes"]] == [(40, 40), (400, 400)]
    (grown,) = found["growth"]
    assert grown["settlements"] == 10
    assert 10 ** grown["exponent"] == pytest.approx(grown["seconds"], rel=0.05)
