"""What a reader must know about the machine before believing a figure."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import subprocess
from collections.abc import Mapping
from datetime import UTC, datetime
from pathlib import Path

from benchmarks.ladder.place import ROOT

SHOWN = ("fastapi", "starlette", "uvicorn", "uvloop", "sqlalchemy", "asyncpg", "pydantic")


def facts() -> Mapping[str, str]:
    """Return when, what and on what is measured."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": _processor(),
        "cores": str(os.cpu_count()),
        "memory": f"{os.sysconf('SC_PHYS_PAGES') * os.sysconf('SC_PAGE_SIZE') / 2**30:.0f} GiB",
        "python": platform.python_version(),
        **{name: importlib.metadata.version(name) for name in SHOWN},
        "load_average_before": load_average(),
    }


def load_average() -> str:
    """Return how busy the machine has been: one, five and fifteen minutes."""
    return " ".join(f"{each:.2f}" for each in os.getloadavg())


def _commit() -> str:
    asked = ["git", "describe", "--always", "--dirty"]
    try:
        done = subprocess.run(  # noqa: S603 -- fixed words
            asked, cwd=ROOT, capture_output=True, text=True, check=False
        )
    except OSError:
        return "unknown"
    return done.stdout.strip() or "unknown"


def _processor() -> str:
    try:
        said = Path("/proc/cpuinfo").read_text()
    except OSError:
        return platform.processor() or platform.machine()
    named = [line for line in said.splitlines() if line.startswith("model name")]
    return named[0].partition(":")[2].strip() if named else platform.machine()
