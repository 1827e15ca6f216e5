"""Every operation of the interface, sent whatever its document allows and much that it does not.

Schemathesis plays a caller of each kind against a laid-out hub on a real socket, and holds every
answer to the document: no 5xx, no status, header or shape that is not written there. What fails is
printed as a curl command. A usual run plays an institution and an agency, briefly;
`HUB_FUZZ_SECONDS=600` plays all four kinds for so long, with every phase.
"""

from __future__ import annotations

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.fuzz.serving import serving
from tests.support.laid import laid_out
from tests.support.world import Client, World
from tests.walls.matrix import HOSPITAL

HERE = Path(__file__).parent
LONG = int(os.environ.get("HUB_FUZZ_SECONDS", "0"))
ROLES = ("institution", "agency", "operator", "channel")  # the first two in every run


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def served(
    world: World, database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[str]:
    """A hub laid out for its documentation page, on a real socket of this machine."""
    await laid_out(world, database_url, tmp_path_factory.mktemp("home"))
    async with serving(world.app) as port:
        yield f"http://127.0.0.1:{port}"


def client(world: World, role: str) -> Client:
    """Return a caller of a kind, one to whom some of what is laid out belongs."""
    if role == "operator":
        return world.operator
    if role == "channel":
        return world.channel()
    return world.agency("110000") if role == "agency" else world.institution(HOSPITAL)


def effort() -> tuple[str, ...]:
    """Say how much is tried."""
    if LONG:
        share = str(LONG // len(ROLES))
        return ("--phases", "examples,coverage,fuzzing,stateful", "--max-time", share)
    return ("--phases", "examples,fuzzing", "--max-examples", "1")


@pytest.mark.parametrize("role", ROLES if LONG else ROLES[:2])
async def test_whatever_is_sent_is_answered_as_documented(
    world: World, served: str, role: str
) -> None:
    bearer = client(world, role).headers()["Authorization"]
    command = (
        "-m", "schemathesis.cli", "--config-file", str(HERE / "schemathesis.toml"),
        "run", f"{served}/openapi.json", "--header", f"Authorization:{bearer}",
        "--seed", "20250901", "--no-color", "--warnings", "off", *effort(),
    )  # fmt: skip
    asked = await asyncio.create_subprocess_exec(
        sys.executable,
        *command,
        cwd=HERE.parents[1],
        env={**os.environ, "SCHEMATHESIS_HOOKS": "tests.fuzz.hooks", "COLUMNS": "100"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    told, _ = await asked.communicate()
    assert asked.returncode == 0, told.decode()
