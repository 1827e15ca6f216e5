"""Gives tests their database, and what else each of them stands on.

The first who asks starts the server; parallel workers share one.
"""

from __future__ import annotations

import gc
import os
import shutil
import tempfile
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest
import pytest_asyncio
import structlog
from argon2 import PasswordHasher
from coverage import Coverage
from hypothesis import HealthCheck, settings

from app.parties.service import credentials, proving
from app.runtime.telemetry import line_log
from tests.support.order import is_measured, place_of
from tests.support.pg import TestServer, fresh_database
from tests.support.world import World, open_world

# What holds the hub to something outside of test files is to say what it found, too.
pytest.register_assert_rewrite("tests.books", "tests.faults")
SERVER = pytest.StashKey[TestServer]()
# Of no use to anybody who guesses, and none to a test that waits: a fiftieth of the work.
LIGHT = PasswordHasher(time_cost=1, memory_cost=1024, parallelism=1)

# Nothing is timed in a test: a property that holds, holds on a slow machine too. What it is held to
# is the same in every run, so that a change is judged by nothing but itself; HUB_SEED=0 seeks more.
settings.register_profile(
    "hub",
    deadline=None,
    derandomize=os.environ.get("HUB_SEED") != "0",
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("hub")


def _server_of(config: pytest.Config) -> TestServer:
    """Start the run's server unless it runs already."""
    server = config.stash.get(SERVER, None)
    if server is None:
        server = TestServer()
        server.start()
        config.stash[SERVER] = server
    return server


@pytest.hookimpl(optionalhook=True)
def pytest_configure_node(node: object) -> None:
    """In the parent of parallel workers: own the server that they share."""
    config: pytest.Config = node.config  # type: ignore[attr-defined]  # pytest-xdist is untyped
    server = _server_of(config)
    node.workerinput["hub_server"] = (server.url, server.template)  # type: ignore[attr-defined]  # as above


def pytest_unconfigure(config: pytest.Config) -> None:
    """Leave nothing behind, also after Ctrl-C."""
    server = config.stash.get(SERVER, None)
    if server is not None:
        server.stop()


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Run files in the order of their places."""
    items.sort(key=lambda item: place_of(_file_of(item)))


def pytest_collection() -> None:
    """Let the collector rest while what stays is loaded."""
    gc.disable()


def pytest_collection_finish() -> None:
    """Search what was loaded to stay for garbage once, and not over and over during the run."""
    gc.collect()
    gc.freeze()
    gc.enable()


def pytest_runtest_protocol(item: pytest.Item) -> None:
    """Measure no more from the first file on that is not measured: those come last."""
    running = Coverage.current()
    if running is not None and not is_measured(_file_of(item)):
        running.stop()


def _file_of(item: pytest.Item) -> str:
    return item.nodeid.partition("::")[0]


@pytest.fixture(scope="session", autouse=True)
def earnest_hasher() -> Iterator[PasswordHasher]:
    """Hash secrets at little cost in every test; what production pays is here to be looked at."""
    earnest = proving.HASHER
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(proving, "HASHER", LIGHT)
        patched.setattr(credentials, "HASHER", LIGHT)
        yield earnest


@pytest.fixture(scope="module", autouse=True)
def the_log_as_it_was() -> Iterator[None]:
    """Let a command that sets up the log of its own process change nothing for other files."""
    before = structlog.get_config()
    line_log.cache_clear()
    yield
    structlog.configure(**before)
    line_log.cache_clear()


@pytest.fixture(scope="session")
def database_server(request: pytest.FixtureRequest) -> tuple[str, str]:
    """The superuser's address of the run's server, and the name of the migrated template."""
    given = getattr(request.config, "workerinput", {}).get("hub_server")
    if given is not None:
        url, template = given
        return str(url), str(template)
    server = _server_of(request.config)
    return server.url, server.template


@pytest.fixture(scope="module")
def database_url(database_server: tuple[str, str]) -> Iterator[str]:
    """A migrated database for this test module alone."""
    url, template = database_server
    with fresh_database(url, template) as address:
        yield address


@pytest.fixture
def empty_database_url(database_server: tuple[str, str]) -> Iterator[str]:
    """An empty database for this test alone, not migrated."""
    url, _ = database_server
    with fresh_database(url, "template0") as address:
        yield address


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def world(database_url: str) -> AsyncIterator[World]:
    """A hub on this module's database, with a client for every party."""
    async with open_world(database_url) as it:
        yield it


@pytest.fixture(scope="module")
def embedded_home() -> Iterator[Path]:
    """A home for a hub of its own: one that Postgres may walk to also where tests run as root."""
    folder = Path(tempfile.mkdtemp(prefix="hub-home-"))
    folder.chmod(0o711)
    yield folder
    shutil.rmtree(folder)
