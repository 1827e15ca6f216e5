"""One embedded Postgres from start to stop; the only class of this package its callers meet."""

from __future__ import annotations

import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import IO, Final, Self
from urllib.parse import quote

import asyncpg

from app.runtime.embedded import binaries, cluster, orphan, places
from app.runtime.embedded.account import Account
from app.runtime.embedded.databases import ensure_database
from app.runtime.embedded.errors import EmbeddedPostgresError

PORT: Final = 5432
START_SECONDS_MAX: Final = 300  # crash recovery may have much to replay
STOP_SECONDS_MAX: Final = 60
ASK_AGAIN_SECONDS: Final = 1
RIVAL_SECONDS_MAX: Final = 30
RELEASE_SECONDS_MAX: Final = 20
PAUSE_SECONDS: Final = 0.02
STILL_IN_USE: Final = ("pre-existing shared memory block", "is another postmaster")

SETTINGS: Final = {
    "listen_addresses": "",
    "port": str(PORT),
    "unix_socket_permissions": "0700",
    "max_connections": "60",
    "shared_buffers": "256MB",
    "max_wal_size": "2GB",
    "min_wal_size": "512MB",  # segments kept to be used again: all who commit wait for a new one
    "checkpoint_timeout": "15min",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    # A detail or a failed statement may hold a person's number; the log must not.
    "log_error_verbosity": "terse",
    "log_min_error_statement": "panic",
}
THROWAWAY: Final = {"fsync": "off", "synchronous_commit": "off", "full_page_writes": "off"}


class EmbeddedPostgres:
    """A Postgres whose data live in `home` and which lives no longer than its owner.

    The thread that calls `start` must live as long as the server: Linux tells a child of the death
    of the thread that made it. With `shared`, a home already served by another process is joined
    instead of refused. `durable=False` gives up safety for speed and is for tests alone. What the
    owner has to do `meanwhile` is done once, while the server gets ready.
    """

    def __init__(
        self,
        home: Path,
        *,
        shared: bool = False,
        durable: bool = True,
        meanwhile: Callable[[], object] | None = None,
    ) -> None:
        self.home = home.expanduser().absolute()
        self._shared = shared
        self._durable = durable
        self._meanwhile = meanwhile
        self._lock: IO[str] | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._places: places.Places | None = None
        self._socket: Path | None = None
        self._version = ""

    def __enter__(self) -> Self:
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.stop()

    @property
    def version(self) -> str:
        """The version of the running server, such as 18.6."""
        return self._version

    @property
    def joined(self) -> bool:
        """Whether the server belongs to another process."""
        return self._socket is not None and self._process is None

    def url(self, database: str = "hub") -> str:
        """Give the address of a database for SQLAlchemy."""
        if self._socket is None:
            raise EmbeddedPostgresError("The embedded Postgres is not running: call start() first.")
        return f"postgresql+asyncpg://hub@/{quote(database)}?host={self._socket}&port={PORT}"

    def ensure_database(self, name: str) -> None:
        """Create the database unless it exists."""
        ensure_database(self.url("postgres"), name)

    def start(self) -> None:
        """Serve this home, creating or repairing it first where needed."""
        if self._socket is not None:
            return
        try:
            self._take_home()
            if self._lock is not None:
                self._serve()
            self._do_meanwhile()  # where nothing had to be waited for
            self._version = ensure_database(self.url("postgres"), "hub")
        except OSError as error:
            self.stop()
            raise EmbeddedPostgresError(_file_trouble(self.home, error)) from error
        except asyncpg.PostgresError as error:
            self.stop()
            raise EmbeddedPostgresError(
                f"The database in {self.home} turned us away ({error}). If another hub is just "
                "stopping there, try again; otherwise run as the user who started it."
            ) from error
        except BaseException:
            self.stop()
            raise

    def stop(self) -> None:
        """Stop the server if it is ours, cleanly, and free the home; harmless when not started."""
        try:
            if self._process is not None:
                _end(self._process)
            if self._lock is not None and self._places is not None:
                places.clear_socket_folder(self._places)
        finally:
            self._process = self._socket = self._places = None
            if self._lock is not None:
                self._lock.close()
                self._lock = None

    def _take_home(self) -> None:
        """Get the lock, or join its holder, or say who has it."""
        folder = places.own_folder(self.home)
        deadline = time.monotonic() + RIVAL_SECONDS_MAX
        while True:
            self._lock = places.take_lock(folder)
            if self._lock is not None:
                return
            holder = places.lock_holder(folder)
            if not self._shared:
                raise EmbeddedPostgresError(
                    f"The database in {self.home} is in use by {holder}. Stop that one first, or "
                    "give this one a home of its own (HUB_HOME=another/folder)."
                )
            server = orphan.serving(places.places_of(self.home).data)
            if server is not None:
                self._socket = server.socket_folder
                return
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"{holder.capitalize()} holds the database in {self.home} but does not get it "
                    "ready. Stop that process and try again."
                )
            time.sleep(PAUSE_SECONDS)

    def _do_meanwhile(self) -> None:
        meanwhile, self._meanwhile = self._meanwhile, None
        if meanwhile is not None:
            meanwhile()

    def _serve(self) -> None:
        self._places, account = places.prepare(self.home)
        orphan.settle(self._places.data)
        chosen = binaries.find(cluster.made_by(self._places.data))
        chosen = binaries.within_reach(chosen, account, self._places.root)
        cluster.ensure(self._places, account, chosen, durable=self._durable)
        socket_folder = places.socket_folder(self._places, account)
        command = self._command(chosen, socket_folder)
        deadline = time.monotonic() + RELEASE_SECONDS_MAX
        while not self._launch(command, account):
            # What a killed server left behind is still letting go of its memory.
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"Processes of an earlier Postgres still use {self._places.data}. End them "
                    "(ps aux | grep postgres) and start again."
                )
            time.sleep(10 * PAUSE_SECONDS)
        self._socket = socket_folder

    def _command(self, chosen: binaries.Binaries, socket_folder: Path) -> list[str]:
        assert self._places is not None
        settings = {**SETTINGS, "unix_socket_directories": str(socket_folder)}
        if chosen.has_library("pg_stat_statements"):
            settings["shared_preload_libraries"] = "pg_stat_statements"
        if not self._durable:
            settings |= THROWAWAY
        options = [word for name, value in settings.items() for word in ("-c", f"{name}={value}")]
        return [str(chosen.folder / "postgres"), "-D", str(self._places.data), *options]

    def _launch(self, command: list[str], account: Account) -> bool:
        """Start the server and wait until it serves; False when it should be tried again."""
        assert self._places is not None
        with self._places.log.open("ab") as log:
            begin = log.tell()
            self._process = subprocess.Popen(
                account.run(*command),
                cwd="/",
                env=cluster.environment(),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
                start_new_session=True,  # Ctrl-C in the terminal is for the hub, not for Postgres
            )
        self._do_meanwhile()
        deadline = time.monotonic() + START_SECONDS_MAX
        while self._process.poll() is None:
            running = orphan.running(self._places.data)
            if running is not None and running.pid == self._process.pid and running.ready:
                return True
            if time.monotonic() > deadline:
                raise EmbeddedPostgresError(
                    f"Postgres did not get ready in {START_SECONDS_MAX} seconds; "
                    f"{self._places.log} says why."
                )
            time.sleep(PAUSE_SECONDS)
        self._process = None
        said = _said_since(self._places.log, begin)
        if any(sign in said for sign in STILL_IN_USE):
            return False
        raise EmbeddedPostgresError(
            f"Postgres did not start: {_reason(said)} The whole story is in {self._places.log}."
        )


def _end(process: subprocess.Popen[bytes]) -> None:
    """Ask for a fast shutdown, again while it has not ended, then insist."""
    deadline = time.monotonic() + STOP_SECONDS_MAX
    while process.poll() is None and time.monotonic() < deadline:
        # One who has just been launched and whom the shell told to ignore SIGINT does not hear it
        # yet; to one that is on its way a second one says nothing new.
        process.send_signal(signal.SIGINT)
        if _ended_within(process, ASK_AGAIN_SECONDS):
            return
    if process.poll() is None:
        process.send_signal(signal.SIGQUIT)
        if not _ended_within(process, 10):
            process.kill()
            process.wait()


def _ended_within(process: subprocess.Popen[bytes], seconds: float) -> bool:
    try:
        process.wait(seconds)
    except subprocess.TimeoutExpired:
        return False
    return True


def _said_since(log: Path, begin: int) -> str:
    with log.open("rb") as file:
        file.seek(begin)
        return file.read().decode("utf-8", "replace")


def _reason(said: str) -> str:
    lines = [line.strip() for line in said.splitlines() if line.strip()]
    grave = [line for line in lines if "FATAL:" in line or "PANIC:" in line]
    words = (grave or lines or ["it said nothing"])[-1]
    return words.rpartition("FATAL:")[2].strip().rstrip(".") + "."


def _file_trouble(home: Path, error: OSError) -> str:
    what = f"{error.filename}: {error.strerror}" if error.filename else str(error)
    return (
        f"The embedded Postgres cannot use {home} ({what}). Run as the user who made it, free some "
        "space, or set HUB_HOME to a folder this user may write."
    )
