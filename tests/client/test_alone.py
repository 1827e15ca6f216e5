"""The client stands alone: nothing of the hub's code inside, and its README tells the truth."""

from __future__ import annotations

import ast
import asyncio
import re
import subprocess
import sys
import zipfile
from decimal import Decimal
from pathlib import Path

import hub_client
from hub_client.answers import Settlement
from hub_client.clients import Verbs
from hub_client.shells import Verb
from tests.client.stays import LEFT_AT, admission, expected, identity, lines, ready
from tests.client.support import blocking
from tests.support.institutions import JINAN
from tests.support.world import START, World

PACKAGE = Path(hub_client.__file__).parent
README = PACKAGE.parents[1] / "README.md"
OUTSIDE = {"httpx"}


def test_it_imports_the_standard_library_httpx_and_itself() -> None:
    for module in PACKAGE.rglob("*.py"):
        for node in ast.walk(ast.parse(module.read_text("utf-8"))):
            names: list[str] = []
            if isinstance(node, ast.Import):
                names = [alias.name for alias in node.names]
            elif isinstance(node, ast.ImportFrom):
                names = [node.module or ""]
            for name in names:
                top = name.partition(".")[0]
                known = top in sys.stdlib_module_names or top in OUTSIDE | {"hub_client"}
                assert known, f"{module.name} imports {name}"


def test_every_verb_of_the_readme_exists_and_every_verb_has_a_sentence() -> None:
    told = set(re.findall(r"\bhub\.(\w+)\(", README.read_text("utf-8")))
    assert len(told) >= 7
    for name in told:
        assert isinstance(vars(Verbs)[name], Verb), name
    for name, verb in vars(Verbs).items():
        if isinstance(verb, Verb):
            assert verb.__doc__, name


async def test_the_ten_lines_do_what_they_say(world: World) -> None:
    await ready(world)
    worker = await expected(world)
    client = await blocking(world, JINAN)
    (code,) = re.findall(
        r"```python\n.*?(with HubClient.*?)```", README.read_text("utf-8"), re.DOTALL
    )
    given = {
        "HubClient": lambda _, desk: desk,
        "desk": client,
        "card": identity(worker),
        "admission": admission(worker),
        "lines": lines(3),
        "left_at": LEFT_AT,
        "our_total": Decimal(6),
        "today": START.date(),
        "rows_of_our_books": client.journal_rows,
        "adopt_the_hubs": hub_client.adopt_the_hubs,
    }
    await asyncio.to_thread(exec, code, given)
    done = given["done"]
    assert isinstance(done, Settlement)
    assert done.total == Decimal(6)


def test_it_installs_by_itself_with_its_types(tmp_path: Path) -> None:
    command = [sys.executable, "-m", "pip", "wheel", "-q", "--no-deps", "--no-build-isolation"]
    copy = tmp_path / "hub_client"
    subprocess.run(["cp", "-r", str(README.parent), str(copy)], check=True)  # noqa: S603, S607 -- our own paths
    subprocess.run([*command, "-w", str(tmp_path), str(copy)], check=True)  # noqa: S603 -- pip itself
    (wheel,) = tmp_path.glob("hub_client-*.whl")
    with zipfile.ZipFile(wheel) as archive:
        assert {"hub_client/py.typed", "hub_client/verbs/visits.py"} <= set(archive.namelist())
