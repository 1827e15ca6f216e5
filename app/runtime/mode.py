"""What a hub and its database are for: a database once marked is never opened for the other.

The mark is written when a database is first opened, and no setting of a running hub can change
it: a production database cannot become a sandbox by a slip of the environment.
"""

from __future__ import annotations

import asyncpg
import sqlalchemy as sa

from app.runtime.db import METADATA, moment, one_of
from app.runtime.embedded.databases import in_own_loop, select_one_column
from app.runtime.migrate import DatabaseNotReadyError
from app.runtime.settings import Mode, Settings

database_mark = sa.Table(
    "database_mark",
    METADATA,
    sa.Column("single", sa.Boolean, primary_key=True),  # one row at most
    sa.Column("mode", sa.Text, nullable=False),
    moment("marked_at"),
    sa.CheckConstraint("single", name="single"),
    one_of("mode", Mode),
)

_MARK = "SELECT mode FROM database_mark"
_IS_EMPTY = "SELECT NOT EXISTS (SELECT FROM party) AND NOT EXISTS (SELECT FROM message)"
_MARK_AS = (
    "INSERT INTO database_mark (single, mode, marked_at) VALUES (true, $1, now()) "
    "ON CONFLICT DO NOTHING"
)


def mode_of(settings: Settings) -> Mode:
    """Return what a hub is for: the embedded database is for trying out, any other is not."""
    if settings.mode is not None:
        return settings.mode
    return Mode.SANDBOX if settings.database_url is None else Mode.PRODUCTION


def resolved(settings: Settings) -> Settings:
    """Return the settings with the mode written out."""
    return settings.model_copy(update={"mode": mode_of(settings)})


def require(url: str, mode: Mode, *, embedded: bool) -> None:
    """Refuse a database marked for the other mode; mark one that bears no mark yet.

    A database of yours is marked a sandbox only while it is empty.
    """
    try:
        found = in_own_loop(select_one_column(url, _MARK))
        if not found:
            _mark(url, mode, embedded=embedded)
            found = in_own_loop(select_one_column(url, _MARK))
    except asyncpg.InsufficientPrivilegeError as error:
        raise DatabaseNotReadyError(
            "The database does not say yet what it is for, and this user may not write it down. "
            "Run `hub migrate` with the same HUB_MODE and start again."
        ) from error
    if found != [mode.value]:
        raise DatabaseNotReadyError(
            f"The database is marked {found[0]}, so it is not opened as {mode}. Set "
            f"HUB_MODE={found[0]}, or give this hub a database of its own."
        )


def _mark(url: str, mode: Mode, *, embedded: bool) -> None:
    empty = in_own_loop(select_one_column(url, _IS_EMPTY)) == [True]
    if mode is Mode.SANDBOX and not (empty or embedded):
        raise DatabaseNotReadyError(
            "The database holds business already and is not marked a sandbox, so it is not opened "
            "as one. Give the sandbox an empty database, or leave HUB_MODE away."
        )
    in_own_loop(select_one_column(url, _MARK_AS, mode.value))
