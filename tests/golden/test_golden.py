"""What the hub promises in writing: a change here is a change of the promise, so the diff is read.

`make golden` rewrites the files.
"""

from __future__ import annotations

import json
import os
import subprocess
import sys
from pathlib import Path

from fastapi.routing import APIRoute, iter_route_contexts

from tests.support.world import World

HERE = Path(__file__).parent
ROOT = HERE.parents[1]
REWRITE = os.environ.get("HUB_GOLDEN") == "write"


def compare(name: str, text: str) -> None:
    """Hold `text` against the golden file, or write it."""
    file = HERE / name
    if REWRITE:
        file.write_text(text, "utf-8")
    assert file.read_text("utf-8") == text, f"{name} changed: read the diff, then `make golden`"


def test_the_interface_is_as_published(world: World) -> None:
    description = json.dumps(world.app.openapi(), ensure_ascii=False, indent=1, sort_keys=True)
    compare("openapi.json", description + "\n")


def test_who_may_call_what_is_as_published(world: World) -> None:
    lines = []
    for context in iter_route_contexts(world.app.routes):
        route = context.original_route
        if not isinstance(route, APIRoute):
            continue
        kinds: set[str] = set()
        for dependency in route.dependencies:
            kinds |= {str(k) for k in getattr(dependency.dependency, "kinds", ())}
        allowed = " ".join(sorted(kinds)) or "-"
        methods = route.methods or ()
        lines += [f"{method:6} {context.path:60} {allowed}" for method in methods]
    compare("callers.txt", "\n".join(sorted(lines)) + "\n")


def test_the_generated_pages_are_fresh() -> None:
    arguments = [sys.executable, str(ROOT / "docs" / "generate.py"), "--check"]
    done = subprocess.run(arguments, cwd=ROOT, capture_output=True, text=True, check=False)  # noqa: S603 -- our own script
    assert done.returncode == 0, done.stderr
