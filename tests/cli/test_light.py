"""What a command, and a hub that starts, load at once: nothing they do not need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest
from typer.main import get_group

from app.cli.late import LateCommand
from app.cli.program import PLACES, program

LOADED = "import {module}, json, sys; print(json.dumps(sorted(sys.modules)))"
OF_THE_SERVICE = {"fastapi", "sqlalchemy", "asyncpg", "uvicorn", "app.main"}
FOR_ONE_USE = {"openpyxl", "httpx", "alembic", "hub_client", "app.sandbox.examples"}


def loaded_by(module: str) -> set[str]:
    """Import a module in a process of its own; return every module that is there then."""
    command = [sys.executable, "-c", LOADED.format(module=module)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)  # noqa: S603 -- ours
    return set(json.loads(done.stdout))


def test_the_list_of_commands_loads_nothing_of_the_hub() -> None:
    heavy = OF_THE_SERVICE | FOR_ONE_USE | {"pydantic", "rich"}
    assert not loaded_by("app.cli.program") & heavy


def test_a_token_is_fetched_without_the_service() -> None:
    assert not loaded_by("app.cli.token") & OF_THE_SERVICE


@pytest.mark.parametrize("module", ["app.main", "app.cli.opened"])
def test_a_hub_that_starts_loads_nothing_that_few_requests_need(module: str) -> None:
    loaded = loaded_by(module)
    assert loaded & OF_THE_SERVICE
    assert not loaded & FOR_ONE_USE
    assert not any(it.startswith(("app.sandbox.story", "app.sandbox.play.")) for it in loaded)


def test_postgres_is_started_before_what_serves_is_loaded() -> None:
    assert "app.cli.opened" not in loaded_by("app.cli.running")
    assert "app.main" not in loaded_by("app.cli.running")


@pytest.mark.parametrize("name", PLACES)
def test_the_list_says_of_a_command_what_the_command_says_of_itself(name: str) -> None:
    late = get_group(program).commands[name]
    assert isinstance(late, LateCommand)
    itself = late.load()
    assert itself.name == name
    assert itself.help.partition("\n")[0] == late.help
