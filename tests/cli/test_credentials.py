"""Ready-made clients: made once, mended where the file or the database lost them."""

from __future__ import annotations

import json
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio
import sqlalchemy as sa

from app.cli.credentials import READY_MADE, ensure_credentials
from app.cli.seeding import seed
from tests.support.world import World


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def seeds(world: World) -> AsyncIterator[None]:
    loaded: list[str] = []
    assert await seed(world.hub, loaded.append) == len(loaded) == 36
    yield


async def opened(world: World, path: Path) -> set[int]:
    """Ask for a token with every client in the file."""
    clients = json.loads(path.read_text())["clients"]  # noqa: ASYNC240 -- a few bytes
    assert set(clients) == set(READY_MADE)
    answers = [
        await world.http.post(
            "/oauth/token",
            data={
                "grant_type": "client_credentials",
                "client_id": it["client_id"],
                "client_secret": it["client_secret"],
            },
        )
        for it in clients.values()
    ]
    return {answer.status_code for answer in answers}


async def test_they_are_made_once_and_kept(world: World, tmp_path: Path) -> None:
    path = await ensure_credentials(world.hub, tmp_path)
    written = path.read_bytes()
    assert await opened(world, path) == {200}
    await ensure_credentials(world.hub, tmp_path)
    assert path.read_bytes() == written


@pytest.mark.parametrize("left", [None, "nonsense", '{"clients": 1}'])
async def test_a_lost_or_broken_file_is_written_anew_with_new_secrets(
    world: World, tmp_path: Path, left: str | None
) -> None:
    path = await ensure_credentials(world.hub, tmp_path)
    path.unlink()
    if left is not None:
        path.write_text(left)
    await ensure_credentials(world.hub, tmp_path)
    assert await opened(world, path) == {200}


async def test_a_file_that_outlived_its_database_is_mended(world: World, tmp_path: Path) -> None:
    path = await ensure_credentials(world.hub, tmp_path)
    async with world.tx() as owner:
        await owner.execute(sa.text("DELETE FROM client_secret WHERE client LIKE '%-local'"))
        await owner.execute(sa.text("DELETE FROM client WHERE id LIKE '%-local'"))
    await ensure_credentials(world.hub, tmp_path)
    assert await opened(world, path) == {200}
