"""The disk under Postgres is full: what cannot be kept is not acknowledged, and goes on later."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio

from app.runtime import migrate
from app.runtime.embedded import EmbeddedPostgres
from tests.faults import books
from tests.faults.sender import Message, check, send_once, send_until_definite
from tests.support.institutions import JINAN
from tests.support.visit import VISITS, admitted, line, road
from tests.support.world import World, open_world

SIZE = "size=400m"
CALLS_MAX, LINES = 400, 100


@pytest.fixture(scope="module")
def small_disk() -> Iterator[Path]:
    """A file system of its own, which a test may fill to the last byte."""
    folder = Path(tempfile.mkdtemp(prefix="hub-disk-"))
    command = ["mount", "-t", "tmpfs", "-o", f"{SIZE},mode=711", "tmpfs", str(folder)]
    if os.geteuid() != 0 or shutil.which("mount") is None:
        folder.rmdir()
        pytest.skip("only root may make a file system that is small enough to fill")
    made = subprocess.run(command, check=False, capture_output=True, text=True)  # noqa: S603 -- our own words
    if made.returncode:
        folder.rmdir()
        pytest.skip(f"no file system of our own here: {made.stderr.strip()}")
    yield folder
    subprocess.run(["umount", "--lazy", str(folder)], check=True)  # noqa: S603, S607 -- as above
    folder.rmdir()


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def server(small_disk: Path) -> AsyncIterator[EmbeddedPostgres]:
    """A Postgres on the small disk."""
    it = EmbeddedPostgres(small_disk / "home")
    await asyncio.to_thread(it.start)
    await asyncio.to_thread(migrate.upgrade, it.url())
    yield it
    await asyncio.to_thread(it.stop)


def fill(disk: Path) -> Path:
    """Take all the room there is."""
    ballast = disk / "ballast"
    with ballast.open("wb", buffering=0) as file:
        for piece in (1 << 20, 1 << 12):
            try:
                while file.write(bytes(piece)) == piece:
                    pass
            except OSError:
                continue
    return ballast


def uploading(world: World, visit: str, call: int) -> Message:
    """Return a call of many lines."""
    lines = [line(f"{call}-{n}", item_name="注射用头孢唑林钠" * 8) for n in range(LINES)]
    return Message(
        sender=world.institution(JINAN),
        path=f"{VISITS}/{visit}/lines",
        body={"lines": lines},
        key=f"lines-{call}",
    )


async def test_a_full_disk_refuses_nothing_for_good_and_loses_nothing(
    small_disk: Path, server: EmbeddedPostgres
) -> None:
    async with open_world(server.url()) as world:
        await road(world)
        visit = await admitted(world)
        kept, refused = 0, None
        ballast = fill(small_disk)
        for call in range(CALLS_MAX):
            message = uploading(world, visit, call)
            answer = await send_once(message)
            assert answer is not None
            check(answer)
            if answer.status_code == 503:
                refused = message
                break
            assert answer.status_code == 201, answer.text
            kept += 1
        assert refused is not None
        assert (await world.http.get("/v1/health/live")).status_code == 200
        ballast.unlink()
        await asyncio.to_thread(restart_if_down, server)
        assert (await send_until_definite(refused)).status_code == 201
        await books.still(world)
        assert await books.broken(world) == []
        found = (await world.operator.get(f"{VISITS}/{visit}")).json()
        assert found["line_count"] == (kept + 1) * LINES


def restart_if_down(server: EmbeddedPostgres) -> None:
    """Do what an operator does where Postgres gave up: without room for its log it must."""
    running = server._process  # noqa: SLF001 -- nobody else knows whether it ended
    if running is None or running.poll() is not None:
        server.stop()
        server.start()
