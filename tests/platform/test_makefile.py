"""The Makefile explains itself, and what is missing."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

CHECKOUT = Path(__file__).parents[2]
TARGETS = {
    "bench", "check", "clean", "demo", "docs", "fmt", "golden", "help", "lock", "migrate", "run",
    "seed", "setup", "test",
}  # fmt: skip
MAKE = shutil.which("make")

pytestmark = pytest.mark.skipif(MAKE is None, reason="make is not installed")


def made(folder: Path, *words: str, path: str | None = None) -> subprocess.CompletedProcess[str]:
    """Run make in a folder, with nothing on the path but what is given."""
    assert MAKE is not None
    return subprocess.run(  # noqa: S603 - make, on our own file
        [MAKE, *words],
        cwd=folder,
        env={"PATH": path or "/usr/bin:/bin"},
        capture_output=True,
        text=True,
        check=False,
    )


def test_help_lists_every_target() -> None:
    listed = set(re.findall(r"^  make (\w+)", made(CHECKOUT, "help").stdout, re.MULTILINE))
    declared = re.search(r"^\.PHONY: (.+)$", (CHECKOUT / "Makefile").read_text(), re.MULTILINE)
    assert declared is not None
    assert listed == set(declared[1].split()) == TARGETS


@pytest.mark.parametrize(
    ("python", "sentence"),
    [
        ("echo Python 3.9.2; exit 1", "needs Python 3.11 or newer; found: Python 3.9.2"),
        ('case "$2" in *ensurepip*) exit 1;; esac', "apt install python3-venv"),
    ],
)
def test_a_python_that_will_not_do_is_explained(tmp_path: Path, python: str, sentence: str) -> None:
    shutil.copy(CHECKOUT / "Makefile", tmp_path)
    (tmp_path / "requirements").mkdir()
    (tmp_path / "requirements" / "demo.lock").touch()
    programs = tmp_path / "bin"
    programs.mkdir()
    (programs / "python3").write_text(f"#!/bin/bash\n{python}\n")
    (programs / "python3").chmod(0o755)
    done = made(tmp_path, "demo", path=str(programs))
    assert done.returncode != 0
    assert sentence in done.stderr
    assert done.stdout == "", "stdout holds only what was asked for"
