"""The durable journal (日志): what was meant is on disk before it is sent, what came of it after.

SQLite in WAL mode with an fsync per commit. One process opens a journal at a time; a second window
(窗口) keeps its own. It holds whole messages, personal numbers among them: the file is private to
its user, and `forget` removes what is settled and old.
"""

from __future__ import annotations

import enum
import sqlite3
import threading
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from hub_client.ids import CHINA, STAMP, Mark, message_id

NEVER = "19700101000000"
SCHEMA = """
CREATE TABLE IF NOT EXISTS message (
    id TEXT PRIMARY KEY,
    verb TEXT NOT NULL,
    method TEXT NOT NULL,
    path TEXT NOT NULL,
    body BLOB,
    state TEXT NOT NULL,
    repeats INTEGER NOT NULL DEFAULT 0,
    status INTEGER,
    answer BLOB,
    meant_at TEXT NOT NULL,
    settled_at TEXT
) WITHOUT ROWID;
CREATE INDEX IF NOT EXISTS message_open ON message (meant_at)
    WHERE state IN ('meant', 'unknown');
CREATE TABLE IF NOT EXISTS mark (
    one INTEGER PRIMARY KEY CHECK (one = 1),
    second TEXT NOT NULL,
    place INTEGER NOT NULL
);
INSERT OR IGNORE INTO mark VALUES (1, '19700101000000', 0);
"""


class State(enum.StrEnum):
    """Where a message stands, as far as this side knows."""

    MEANT = "meant"  # on disk, perhaps on its way
    UNKNOWN = "unknown"  # sent, unanswered
    APPLIED = "applied"
    REFUSED = "refused"
    FENCED = "fenced"  # shut out: it has not happened and never will
    REVERSED = "reversed"  # happened and was undone


OPEN = (State.MEANT, State.UNKNOWN)


@dataclass(frozen=True, slots=True, kw_only=True)
class Intent:
    """What is to be done, before it has an id."""

    verb: str
    method: str
    path: str
    body: bytes | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """One message of the journal."""

    id: str
    intent: Intent
    state: State
    repeats: int = 0
    status: int | None = None
    answer: bytes | None = None

    @property
    def is_open(self) -> bool:
        """Say whether its outcome is still to be learnt."""
        return self.state in OPEN


class JournalInUseError(Exception):
    """Another process holds this journal; every window keeps its own."""


class Journal:
    """The messages of one window of one party."""

    def __init__(
        self, path: Path | str, *, party: str, window: int = 0, clock: Callable[[], datetime]
    ) -> None:
        self.party = party
        self.window = window
        self._clock = clock
        self._lock = threading.Lock()
        if str(path) != ":memory:":
            Path(path).touch(mode=0o600)
        self._db = sqlite3.connect(path, isolation_level=None, check_same_thread=False, timeout=0)
        try:
            self._db.execute("PRAGMA locking_mode=EXCLUSIVE")
            self._db.execute("PRAGMA journal_mode=WAL")
            self._db.execute("PRAGMA synchronous=FULL")
            self._db.executescript(f"BEGIN IMMEDIATE; {SCHEMA} COMMIT;")
        except sqlite3.OperationalError as error:
            self._db.close()
            raise JournalInUseError(str(path)) from error

    def close(self) -> None:
        """Let another process have it."""
        with self._lock:
            self._db.close()

    def mean(self, intent: Intent) -> Entry:
        """Write down what is meant, under an id nobody has had.

        The same act pressed again while its first outcome is open is the same message.
        """
        with self._lock, self._db:
            self._db.execute("BEGIN IMMEDIATE")
            same = self._db.execute(
                "SELECT * FROM message WHERE state IN ('meant', 'unknown') AND verb = ?"
                " AND method = ? AND path = ? AND body IS ? LIMIT 1",
                (intent.verb, intent.method, intent.path, intent.body),
            ).fetchone()
            if same is not None:
                self._db.execute("UPDATE message SET repeats = repeats + 1 WHERE id = ?", same[:1])
                return _entry(same)
            made = message_id(self.party, self.window, self._next_mark())
            self._db.execute(
                "INSERT INTO message (id, verb, method, path, body, state, meant_at)"
                " VALUES (?, ?, ?, ?, ?, 'meant', ?)",
                (made, intent.verb, intent.method, intent.path, intent.body, self._now()),
            )
        return Entry(id=made, intent=intent, state=State.MEANT)

    def repeat(self, made: str) -> None:
        """Write down that it is about to leave again: an earlier copy may still be on its way."""
        self._write("UPDATE message SET repeats = repeats + 1 WHERE id = ?", made)

    def doubt(self, made: str) -> None:
        """Write down that no answer came."""
        self._write("UPDATE message SET state = 'unknown' WHERE id = ? AND state = 'meant'", made)

    def settle(self, made: str, state: State, status: int | None, answer: bytes | None) -> Entry:
        """Write down what became of it."""
        self._write(
            "UPDATE message SET state = ?, status = ?, answer = ?, settled_at = ? WHERE id = ?",
            state.value,
            status,
            answer,
            self._now(),
            made,
        )
        return self[made]

    def restate(self, made: str, state: State) -> None:
        """Change the state of a settled message: it was reversed, or fenced after all."""
        self._write("UPDATE message SET state = ? WHERE id = ?", state.value, made)

    def __getitem__(self, made: str) -> Entry:
        found = self.find(made)
        if found is None:
            raise KeyError(made)
        return found

    def find(self, made: str) -> Entry | None:
        """Look a message up."""
        with self._lock:
            row = self._db.execute("SELECT * FROM message WHERE id = ?", (made,)).fetchone()
        return None if row is None else _entry(row)

    def latest(self, verb: str) -> Entry | None:
        """Return the message of this verb that was meant last."""
        with self._lock:
            row = self._db.execute(
                "SELECT * FROM message WHERE verb = ? ORDER BY id DESC LIMIT 1", (verb,)
            ).fetchone()
        return None if row is None else _entry(row)

    def unsettled(self) -> list[Entry]:
        """List what is still open, oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT * FROM message WHERE state IN ('meant', 'unknown') ORDER BY meant_at, id"
            ).fetchall()
        return [_entry(row) for row in rows]

    def meant_on(self, day: str) -> list[Entry]:
        """List the messages of a day in China (YYYY-MM-DD), oldest first."""
        with self._lock:
            rows = self._db.execute(
                "SELECT * FROM message WHERE substr(meant_at, 1, 8) = ? ORDER BY meant_at, id",
                (day.replace("-", ""),),
            ).fetchall()
        return [_entry(row) for row in rows]

    def forget(self, before: datetime) -> int:
        """Remove settled messages meant before an instant; the ids they had stay spent."""
        with self._lock:
            return self._db.execute(
                "DELETE FROM message WHERE state NOT IN ('meant', 'unknown') AND meant_at < ?",
                (before.astimezone(CHINA).strftime(STAMP),),
            ).rowcount

    def _next_mark(self) -> Mark:
        second, place = self._db.execute("SELECT second, place FROM mark").fetchone()
        last = Mark(datetime.strptime(second, STAMP), place)  # noqa: DTZ007 -- civil time, as kept
        following = last.next(self._clock())
        self._db.execute(
            "UPDATE mark SET second = ?, place = ?",
            (following.second.strftime(STAMP), following.place),
        )
        return following

    def _now(self) -> str:
        return self._clock().astimezone(CHINA).strftime(STAMP)

    def _write(self, statement: str, *values: str | int | bytes | None) -> None:
        with self._lock:
            self._db.execute(statement, values)


def _entry(
    row: tuple[str, str, str, str, bytes | None, str, int, int | None, bytes | None],
) -> Entry:
    made, verb, method, path, body, state, repeats, status, answer, *_ = row
    return Entry(
        id=made,
        intent=Intent(verb=verb, method=method, path=path, body=body),
        state=State(state),
        repeats=repeats,
        status=status,
        answer=answer,
    )
