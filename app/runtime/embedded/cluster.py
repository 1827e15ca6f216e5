"""Makes a data directory once, whole or not at all, and says who may connect to it."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

from app.runtime.embedded.account import Account, caller_name
from app.runtime.embedded.binaries import Binaries
from app.runtime.embedded.errors import EmbeddedPostgresError
from app.runtime.embedded.places import Places

SUPERUSER = "hub"
# libc's ctype, because Postgres's builtin provider leaves pg_trgm blind to Chinese.
CTYPE = "en_US.UTF-8" if sys.platform == "darwin" else "C.UTF-8"
HALF_A_DATA_DIRECTORY = (
    "{data} is not a complete Postgres data directory ({missing} is missing), so it is not touched."
    " Restore it from a backup, or move it away to begin with an empty database."
)


def made_by(data: Path) -> int | None:
    """Tell the major version that made a data directory; None when there is none yet."""
    if not data.exists() or not any(data.iterdir()):
        return None
    for vital in ("PG_VERSION", "global/pg_control"):
        if not (data / vital).exists():
            raise EmbeddedPostgresError(HALF_A_DATA_DIRECTORY.format(data=data, missing=vital))
    words = (data / "PG_VERSION").read_text("utf-8").strip()
    if not words.isdecimal():
        raise EmbeddedPostgresError(
            HALF_A_DATA_DIRECTORY.format(data=data, missing="a number in PG_VERSION")
        )
    return int(words)


def ensure(places: Places, account: Account, chosen: Binaries, *, durable: bool) -> None:
    """Make the data directory unless it exists, and let exactly the caller and the owner in."""
    if made_by(places.data) is None:
        shutil.rmtree(places.half_made, ignore_errors=True)  # an initdb that was cut short
        _initialise(places, account, chosen, durable=durable)
        if places.data.exists():
            places.data.rmdir()  # empty, as made_by has seen
        places.half_made.rename(places.data)
    people = sorted({caller_name(), account.name})
    _write(account, places.data / "pg_hba.conf", "local all all peer map=hub\n")
    _write(
        account,
        places.data / "pg_ident.conf",
        "".join(f'hub "{person}" {SUPERUSER}\n' for person in people),
    )


def environment() -> dict[str, str]:
    """Give the server our surroundings without what would steer it: PG* and the locale."""
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PG", "LC_")) and name not in ("LANG", "LANGUAGE", "TZ")
    }
    return kept | {"LC_ALL": "C"}


def _initialise(places: Places, account: Account, chosen: Binaries, *, durable: bool) -> None:
    options = [
        f"--pgdata={places.half_made}",
        f"--username={SUPERUSER}",
        "--encoding=UTF8",
        "--locale=C",
        f"--lc-ctype={CTYPE}",
        "--data-checksums",
        "--auth=peer",
    ]
    if not durable:
        options.append("--no-sync")
    done = subprocess.run(
        account.run(str(chosen.folder / "initdb"), *options),
        cwd="/",
        env=environment(),
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        shutil.rmtree(places.half_made, ignore_errors=True)
        lines = [line for line in done.stdout.splitlines() if "error:" in line] or ["no reason"]
        with places.log.open("a", encoding="utf-8") as log:
            log.write(done.stdout)
        raise EmbeddedPostgresError(
            f"The data directory could not be made: {lines[0]}. {places.log} has the whole story."
        )


def _write(account: Account, file: Path, text: str) -> None:
    file.write_text(text, "utf-8")
    file.chmod(0o600)
    account.owns(file)
