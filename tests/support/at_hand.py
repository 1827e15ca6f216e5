"""A process that has loaded the hub and forks itself for every command: `hub` without its start.

Importing the hub is most of what a short command takes. A fork runs it as a process of its own
does: with its own surroundings and outputs, to the end of the interpreter, and to an exit code.
"""

from __future__ import annotations

import atexit
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Mapping, Sequence
from functools import cache
from importlib import import_module
from pathlib import Path
from typing import Any

from app.cli import main as hub

SECONDS_MAX = 240
LOADED = ("alembic.command", "app.cli.opened", "app.runtime.migrate")
TURN = threading.Lock()


def command(words: Sequence[str], surroundings: Mapping[str, str]) -> tuple[int, str, str]:
    """Run a command of the hub; return its exit code and what it said on both outputs."""
    with TURN, tempfile.TemporaryDirectory() as folder:
        out, err = (Path(folder, name) for name in ("out", "err"))
        outputs = {"out": str(out), "err": str(err)}
        code = _told(_forking(), {"words": words, "surroundings": surroundings} | outputs)
        return code, out.read_text("utf-8"), err.read_text("utf-8")


def _told(forking: subprocess.Popen[str], told: Mapping[str, Any]) -> int:
    assert forking.stdin is not None
    assert forking.stdout is not None
    forking.stdin.write(json.dumps(told) + "\n")
    forking.stdin.flush()
    return int(forking.stdout.readline())


@cache
def _forking() -> subprocess.Popen[str]:
    """Start the process that forks; it ends when nobody can write to it any more."""
    process = subprocess.Popen(  # noqa: S603 -- this very module
        [sys.executable, "-W", "error", "-m", __name__],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )

    def end() -> None:
        process.communicate()

    atexit.register(end)
    return process


def _become(told: Mapping[str, Any]) -> None:
    """Be the command, in its own surroundings and with its own outputs, for so long at most."""
    signal.alarm(SECONDS_MAX)
    os.environ.clear()
    os.environ.update(told["surroundings"])
    for number, place in enumerate((os.devnull, told["out"], told["err"])):
        os.dup2(os.open(place, os.O_RDWR | os.O_CREAT, 0o600), number)
    sys.argv = ["hub", *told["words"]]
    hub()


def main() -> None:
    """Fork for every line, and say how the child ended."""
    for module in LOADED:
        import_module(module)
    for line in sys.stdin:
        if os.fork() == 0:
            _become(json.loads(line))
            return
        _, status = os.wait()
        print(os.waitstatus_to_exitcode(status), flush=True)  # noqa: T201 -- this is how it talks


if __name__ == "__main__":
    main()
