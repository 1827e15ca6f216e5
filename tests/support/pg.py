"""One Postgres for the whole test run: a template migrated once, cloned for whoever asks."""

from __future__ import annotations

import contextlib
import fcntl
import os
import shutil
import tempfile
import time
import uuid
from collections.abc import Iterator
from pathlib import Path

from sqlalchemy.engine import make_url

from app.runtime import migrate
from app.runtime.embedded import EmbeddedPostgres, binaries
from app.runtime.embedded.databases import administer, in_own_loop, quoted, select_one_column

PREFIX = "hub_test_"
FOLDER_PREFIX = "hub-test-"
ABANDONED_AFTER_SECONDS = 300


class TestServer:
    """The server of one run; whoever starts it stops it, and it leaves nothing behind."""

    __test__ = False  # a name pytest would otherwise collect

    def __init__(self) -> None:
        self._stack = contextlib.ExitStack()
        self.run = f"{PREFIX}{uuid.uuid4().hex[:8]}_"
        self.url = ""

    @property
    def template(self) -> str:
        """The database every clone is made from."""
        return f"{self.run}template"

    def start(self) -> None:
        """Start or reach the server and migrate the template."""
        given = os.environ.get("HUB_TEST_DATABASE_URL")
        try:
            self.url = given or self._embedded()
            self._stack.callback(self._drop_all)
            administer(self.url, f"CREATE DATABASE {quoted(self.template)}")
            migrate.upgrade(address(self.url, self.template))
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Remove every database, the server and its folder."""
        self._stack.close()

    def _embedded(self) -> str:
        _sweep()
        folder = Path(tempfile.mkdtemp(prefix=FOLDER_PREFIX))
        folder.chmod(0o711)  # as root, Postgres runs as another user and must walk through
        self._stack.callback(shutil.rmtree, folder, ignore_errors=True)
        server = self._stack.enter_context(EmbeddedPostgres(folder, durable=False))
        return server.url("postgres")

    def _drop_all(self) -> None:
        # An embedded server goes as a whole; a given one must get every database dropped.
        if not os.environ.get("HUB_TEST_DATABASE_URL"):
            return
        mine = "SELECT datname FROM pg_database WHERE starts_with(datname, $1)"
        for name in in_own_loop(select_one_column(self.url, mine, self.run)):
            drop(self.url, str(name))


def client_program() -> Path:
    """Name the `psql` that came with the Postgres the tests would start."""
    return binaries.find(None).folder / "psql"


def address(server_url: str, database: str) -> str:
    """Give the address of another database of the same server."""
    return make_url(server_url).set(database=database).render_as_string(hide_password=False)


@contextlib.contextmanager
def fresh_database(server_url: str, template: str) -> Iterator[str]:
    """Clone the template, or `template0` for an empty database, and drop the clone afterwards."""
    run = template.removesuffix("template") if template.startswith(PREFIX) else PREFIX
    name = f"{run}{uuid.uuid4().hex[:12]}"
    administer(server_url, f"CREATE DATABASE {quoted(name)} TEMPLATE {quoted(template)}")
    try:
        yield address(server_url, name)
    finally:
        drop(server_url, name)


def drop(server_url: str, name: str) -> None:
    """Drop a database whoever is still connected to it."""
    administer(server_url, f"DROP DATABASE IF EXISTS {quoted(name)} WITH (FORCE)")


def _sweep() -> None:
    """Remove the folders of runs that were killed: their servers died with them."""
    for folder in Path(tempfile.gettempdir()).glob(f"{FOLDER_PREFIX}*"):
        with contextlib.suppress(OSError):
            old = time.time() - folder.stat().st_mtime > ABANDONED_AFTER_SECONDS
            if folder.stat().st_uid != os.geteuid() or not old:
                continue
            with (folder / "postgres" / "lock").open("r+") as lock:
                fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)  # a live run still holds it
                shutil.rmtree(folder, ignore_errors=True)
