"""Decides which operating-system user Postgres runs as, since it refuses to run as root."""

from __future__ import annotations

import os
import pwd
import sys
from dataclasses import dataclass
from pathlib import Path

from app.runtime.embedded.errors import EmbeddedPostgresError

LAUNCHER = Path(__file__).with_name("launch.py")
STAND_INS = ("postgres", "nobody")
ENTER = 0o1  # the execute bit, in the owner's, the group's or the others' three


@dataclass(frozen=True, slots=True)
class Account:
    """The user that owns the server and its files."""

    name: str
    uid: int
    gid: int

    @property
    def switched(self) -> bool:
        """Whether the server runs as somebody else than the caller."""
        return self.uid != os.geteuid()

    def owns(self, path: Path) -> None:
        """Make `path` this account's, where that takes a change."""
        if self.switched:
            os.chown(path, self.uid, self.gid, follow_symlinks=False)

    def run(self, *command: str) -> list[str]:
        """Word a command so that it runs as this account and dies with this thread."""
        launcher = [sys.executable, "-I", "-S", str(LAUNCHER)]
        return [*launcher, str(os.getpid()), str(self.uid), str(self.gid), *command]

    def reaches(self, path: Path) -> bool:
        """Whether this account may walk down to `path`, or run it."""
        return not self.switched or all(map(self._may_enter, (path, *path.parents)))

    def _may_enter(self, path: Path) -> bool:
        facts = path.stat()
        if facts.st_uid == self.uid:
            return bool(facts.st_mode >> 6 & ENTER)
        if facts.st_gid == self.gid:
            return bool(facts.st_mode >> 3 & ENTER)
        return bool(facts.st_mode & ENTER)


def caller_name() -> str:
    """Name the user this process runs as; peer authentication goes by the name."""
    return _entry(os.geteuid()).pw_name


def account_for(existing: Path) -> Account:
    """Run as ourselves; as root, as the owner of the data that exists, else as a stand-in."""
    if os.geteuid() != 0:
        return _account(_entry(os.geteuid()))
    if existing.exists() and (owner := existing.stat().st_uid) != 0:
        return _account(_entry(owner))
    for name in STAND_INS:
        try:
            return _account(pwd.getpwnam(name))
        except KeyError:
            continue
    raise EmbeddedPostgresError(
        "Postgres will not run as root, and this machine has neither a 'postgres' nor a 'nobody' "
        "user. Add one (useradd --system postgres), or run the hub as an ordinary user."
    )


def _entry(uid: int) -> pwd.struct_passwd:
    try:
        return pwd.getpwuid(uid)
    except KeyError:
        raise EmbeddedPostgresError(
            f"User id {uid} has no name on this machine, which Postgres needs. Add the user to "
            "/etc/passwd, run as another one, or set DATABASE_URL."
        ) from None


def _account(entry: pwd.struct_passwd) -> Account:
    return Account(entry.pw_name, entry.pw_uid, entry.pw_gid)
