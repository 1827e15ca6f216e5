"""`hub deliver` as cron meets it: everything whose time has come is sent, once, and counted."""

from __future__ import annotations

import asyncio
import json
import subprocess
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
import pytest_asyncio

from tests.cli.test_commands import hub
from tests.support.events import (
    Receiver,
    announced,
    logged,
    open_events_world,
    read_until,
    receiving,
    subscribed,
)
from tests.support.parties import seeded
from tests.support.world import TOKEN_KEY, World


async def delivering(home: Path, database: str, *words: str) -> subprocess.CompletedProcess[str]:
    """Run the command while the receiver answers."""
    surroundings = {
        "HUB_MODE": "sandbox",
        "HUB_TOKEN_KEY": TOKEN_KEY,
        "HUB_WEBHOOK_NETWORKS": '["127.0.0.0/8"]',
    }
    done = await asyncio.to_thread(
        hub, "deliver", *words, home=home, database=database, **surroundings
    )
    assert done.returncode == 0, done.stderr
    return done


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def sandbox(
    database_url: str, tmp_path_factory: pytest.TempPathFactory
) -> AsyncIterator[World]:
    """A hub that serves and does not deliver, on a database first opened as a sandbox's."""
    empty = await delivering(tmp_path_factory.mktemp("home"), database_url, "--json")
    assert json.loads(empty.stdout) == {"delivered": 0, "failed": 0, "given_up": 0}
    async with open_events_world(database_url) as it:
        await seeded(it)
        yield it


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def receiver() -> AsyncIterator[Receiver]:
    async with receiving() as it:
        yield it


async def test_what_is_due_is_sent_once_and_counted(
    sandbox: World, receiver: Receiver, tmp_path: Path, database_url: str
) -> None:
    agency = sandbox.agency("370000")
    made = await subscribed(agency, receiver.url)
    await announced(sandbox, "one", "two")
    await read_until(agency, "two")
    done = await delivering(tmp_path, database_url, "--json")
    assert json.loads(done.stdout) == {"delivered": 2, "failed": 0, "given_up": 0}
    assert receiver.subjects == ["one", "two"]
    assert all(post.is_signed_by(made["secret"]) for post in receiver.got)
    again = await delivering(tmp_path, database_url)
    assert [line.split() for line in again.stdout.splitlines()] == [
        ["delivered", "0"],
        ["failed", "0"],
        ["given_up", "0"],
    ]
    assert receiver.subjects == ["one", "two"]


async def test_what_is_refused_is_counted_as_failed_and_waits_for_its_time(
    sandbox: World, receiver: Receiver, tmp_path: Path, database_url: str
) -> None:
    agency = sandbox.agency("370000")
    receiver.script.append(500)
    await announced(sandbox, "three")
    await read_until(agency, "three")
    done = await delivering(tmp_path, database_url)
    assert "failed      1" in done.stdout
    (number,) = {it["number"] for it in (await agency.get("/v1/subscriptions")).json()["items"]}
    last = (await logged(agency, number))[-1]
    assert (last["outcome"], last["fault"]) == ("failed", "answered_no")
