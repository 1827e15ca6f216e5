"""Reads what a server wrote about itself, and settles what an owner that was killed left behind."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Final

from app.runtime.embedded.errors import EmbeddedPostgresError

SHUTDOWN_SECONDS_MAX: Final = 60
PAUSE_SECONDS: Final = 0.05
STATUS_LINE: Final = 7  # pid, data, start time, port, socket folder, address, memory key, status


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A server's own note, `postmaster.pid`; it may be stale."""

    pid: int
    socket_folder: Path
    ready: bool


def running(data: Path) -> Running | None:
    """Read the note of the server of this data directory, complete or not at all."""
    try:
        lines = (data / "postmaster.pid").read_text("utf-8").splitlines()
    except OSError:
        return None
    if len(lines) <= STATUS_LINE or not lines[0].isdecimal():
        return None
    return Running(
        pid=int(lines[0]),
        socket_folder=Path(lines[4]),
        ready=lines[STATUS_LINE].strip() == "ready",
    )


def serving(data: Path) -> Running | None:
    """Read the note of a server that is really there and takes connections."""
    noted = running(data)
    return noted if noted is not None and noted.ready and _serves(noted.pid, data) else None


def settle(data: Path) -> None:
    """Under the lock: wait for a server whose owner died, and clear the note of one that is gone.

    Postgres clears a stale note itself, except where the number was given to another process of
    its user since; it would then refuse to start for ever.
    """
    note = data / "postmaster.pid"
    pid = _noted_pid(note)
    if pid is None or not _alive(pid):
        return
    if not _serves(pid, data):
        with contextlib.suppress(FileNotFoundError):
            note.unlink()
        return
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGINT)  # most often it is already on its way
    deadline = time.monotonic() + SHUTDOWN_SECONDS_MAX
    while _alive(pid) and _serves(pid, data):
        if time.monotonic() > deadline:
            raise EmbeddedPostgresError(
                f"A Postgres left by an earlier hub (process {pid}) still serves {data} and does "
                f"not stop. End it (kill -QUIT {pid}) and start again."
            )
        time.sleep(PAUSE_SECONDS)


def _noted_pid(note: Path) -> int | None:
    try:
        first = note.read_text("utf-8").partition("\n")[0].strip()
    except FileNotFoundError:
        return None
    if first.isdecimal():
        return int(first)
    note.unlink()  # cut short by a crash: it names nobody, and Postgres would not start over it
    return None


def _alive(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return True


def _serves(pid: int, data: Path) -> bool:
    """Whether that process is a server of this very data directory."""
    command = _command_of(pid)
    return "postgres" in command and str(data) in command


def _command_of(pid: int) -> str:
    """Read a process's command line; empty when it is gone, or a zombie that serves nobody."""
    listed = Path(f"/proc/{pid}/cmdline")
    if Path("/proc/self").exists():
        try:
            return listed.read_bytes().replace(b"\0", b" ").decode("utf-8", "surrogateescape")
        except OSError:
            return ""
    words = ["/bin/ps", "-ww", "-o", "stat=,args=", "-p", str(pid)]  # a system without /proc
    said = subprocess.run(words, capture_output=True, text=True, check=False).stdout.strip()
    state, _, command = said.partition(" ")
    return "" if state.startswith("Z") else command
