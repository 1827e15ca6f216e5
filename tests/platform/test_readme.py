"""What the READMEs tell people to type is typed: the tour with curl, word for word.

Left out: `make` lines, which need a bare machine (the Makefile has tests of its own), and one-line
commands inside sentences and tables.
"""

from __future__ import annotations

import json
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.cli import test_commands
from tests.cli.test_commands import surroundings

CHECKOUT = Path(__file__).parents[2]
ENGLISH, CHINESE = CHECKOUT / "README.md", CHECKOUT / "README.zh-CN.md"
FENCED = re.compile(r"^```sh\n(.*?)^```$", re.MULTILINE | re.DOTALL)
HUB = "HUB=http://127.0.0.1:8000\n"
SECONDS_MAX = 240


def fenced(page: Path) -> list[str]:
    return FENCED.findall(page.read_text("utf-8"))


def is_made(block: str) -> bool:
    return all(line.startswith("make ") for line in block.splitlines())


def test_every_block_is_the_tour_or_made_of_make() -> None:
    (tour,) = [block for block in fenced(ENGLISH) if not is_made(block)]
    assert tour.startswith(HUB)
    assert [block for block in fenced(CHINESE) if not is_made(block)] == []
    assert "五分钟示例" in CHINESE.read_text("utf-8")  # it sends its readers to the tour


def test_both_pages_name_the_same_commands() -> None:
    def commands(page: Path) -> list[str]:
        made = [block for block in fenced(page) if is_made(block)]
        return [line.partition("#")[0].strip() for it in made for line in it.splitlines()]

    assert commands(ENGLISH) == commands(CHINESE) != []


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with what the setup puts into the checkout's `.venv/bin`."""
    found = tmp_path_factory.mktemp("checkout")
    programs = found / ".venv" / "bin"
    programs.mkdir(parents=True)
    for name, words in (("python", ""), ("hub", " -P -m app")):
        program = programs / name
        program.write_text(f'#!/bin/sh\nexec "{sys.executable}"{words} "$@"\n', "utf-8")
        program.chmod(0o755)
    return found


@pytest.fixture(scope="module")
def served(embedded_home: Path) -> Iterator[str]:
    """`make run`, without make."""
    with test_commands.served(embedded_home) as (base, _):
        yield base


def answers(text: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in text.splitlines() if line.startswith("{")]


@pytest.mark.skipif(shutil.which("curl") is None, reason="the tour is for machines with curl")
def test_the_tour_goes_as_told(served: str, folder: Path, embedded_home: Path) -> None:
    (tour,) = [block for block in fenced(ENGLISH) if not is_made(block)]
    done = subprocess.run(  # noqa: S603 -- the README's own words
        ["/bin/bash", "-eu", "-o", "pipefail", "-c", tour.replace(HUB, f"HUB={served}\n")],
        cwd=folder,
        env=surroundings(embedded_home, PYTHONPATH=str(CHECKOUT)),
        capture_output=True,
        text=True,
        timeout=SECONDS_MAX,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    worker, visit = answers(done.stderr)
    assert (worker["number"][0], visit["number"][0]) == ("W", "S")
    told = answers(done.stdout)
    assert [it for it in told if "code" in it and "title" in it] == []
    determination, filing, lines, discharged, preview, settled, again, message, proof = told
    assert determination["kind"] == "injury"
    assert filing["state"] == "approved"
    assert (lines["visit"], lines["accepted"]) == (visit["number"], 2)
    assert discharged["state"] == "discharged"
    # The listed drug is the fund's, the unlisted one the worker's.
    assert (preview["total"], preview["fund"], preview["own"]) == ("69.20", "19.20", "50.00")
    assert settled == again
    assert settled["fund"] == "19.20"
    assert message["outcome"] == "applied"
    assert proof["holds"] is True
