"""Where one home keeps its Postgres: data, lock, log and a socket folder short enough to use."""

from __future__ import annotations

import contextlib
import fcntl
import os
import re
import shutil
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import IO

from app.runtime.embedded.account import Account, account_for
from app.runtime.embedded.errors import EmbeddedPostgresError

SOCKET_FOLDER_BYTES_MAX = 85  # the kernel allows 107 for the whole socket path on Linux, 103 on mac
PLAIN_PATH = re.compile(r"[A-Za-z0-9/._-]+")  # needs no quoting in any client's connection string
LOG_BYTES_MAX = 10 * 1024 * 1024


@dataclass(frozen=True, slots=True)
class Places:
    """The paths of one embedded Postgres."""

    home: Path
    root: Path

    @property
    def data(self) -> Path:
        """The data directory, complete or absent."""
        return self.root / "data"

    @property
    def half_made(self) -> Path:
        """Where initdb works, so that a half-made data directory never counts."""
        return self.root / "data.new"

    @property
    def log(self) -> Path:
        """What the server says."""
        return self.home / "log" / "postgres.log"

    @property
    def socket_note(self) -> Path:
        """Remembers a socket folder made elsewhere, to remove it after a crash."""
        return self.root / "socket-folder"


def own_folder(home: Path) -> Path:
    """Make the folder of Postgres inside the home, with its lock."""
    folder = home / "postgres"
    folder.mkdir(mode=0o700, parents=True, exist_ok=True)
    return folder


def take_lock(folder: Path) -> IO[str] | None:
    """Take the home for this process; None when another holds it. The kernel frees it at exit."""
    lock = (folder / "lock").open("a+")
    try:
        fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        lock.close()
        return None
    lock.truncate(0)
    lock.write(f"{os.getpid()}\n")
    lock.flush()
    return lock


def lock_holder(folder: Path) -> str:
    """Name the process that holds the lock, for a message."""
    number = (folder / "lock").read_text("utf-8").strip()
    return f"process {number}" if number else "another process"


def places_of(home: Path) -> Places:
    """Say where the files of this home are, without changing anything."""
    note = home / "postgres" / "elsewhere"
    root = Path(note.read_text("utf-8").strip()) if note.exists() else home / "postgres"
    return Places(home, root)


def prepare(home: Path) -> tuple[Places, Account]:
    """Settle, under the lock, where the files go and who owns them."""
    places = places_of(home)
    account = account_for(places.data)
    if places.root == home / "postgres" and not account.reaches(home):
        if places.data.exists():
            raise EmbeddedPostgresError(
                f"The user {account.name!r}, which runs Postgres, can no longer reach {home}. "
                f"Let others walk to it again (chmod o+x on it and the folders above)."
            )
        places = Places(home, _elsewhere(home))
    if not places.root.is_dir():
        raise EmbeddedPostgresError(
            f"The database of {home} was kept in {places.root}, which is gone. Bring it back, or "
            f"remove {home / 'postgres'} to begin with an empty one."
        )
    account.owns(places.root)
    places.log.parent.mkdir(mode=0o755, exist_ok=True)
    if places.log.exists() and places.log.stat().st_size > LOG_BYTES_MAX:
        places.log.replace(places.log.with_suffix(".log.1"))
    places.log.touch(mode=0o600)
    account.owns(places.log)
    return places, account


def _elsewhere(home: Path) -> Path:
    """Begin a folder that the server's user can reach; the home remembers which."""
    root = Path(tempfile.mkdtemp(prefix="hub-postgres-", dir="/var/tmp"))
    # mkdtemp answers a fresh 0700 folder, so nobody can have prepared it for us.
    (home / "postgres" / "elsewhere").write_text(f"{root}\n", "utf-8")
    return root


def socket_folder(places: Places, account: Account) -> Path:
    """Choose the socket's folder: inside the root, or a short one when that path would not do."""
    clear_socket_folder(places)
    folder = places.root / "socket"
    text = str(folder)
    if len(os.fsencode(text)) > SOCKET_FOLDER_BYTES_MAX or not PLAIN_PATH.fullmatch(text):
        folder = Path(tempfile.mkdtemp(prefix="hub-pg-", dir="/tmp"))
        places.socket_note.write_text(f"{folder}\n", "utf-8")
    folder.mkdir(mode=0o700, exist_ok=True)
    account.owns(folder)
    return folder


def clear_socket_folder(places: Places) -> None:
    """Remove the sockets of a server that is gone."""
    shutil.rmtree(places.root / "socket", ignore_errors=True)
    with contextlib.suppress(FileNotFoundError):
        noted = Path(places.socket_note.read_text("utf-8").strip())
        if noted.name.startswith("hub-pg-"):
            shutil.rmtree(noted, ignore_errors=True)
        places.socket_note.unlink()
