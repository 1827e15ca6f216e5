"""The first statement of every write: it names the caller to the walls and takes the message's id.

The last of a refused one, too: what became of the attempt is kept under the same name.
"""

from __future__ import annotations

import enum

import sqlalchemy as sa

from app.runtime import walls
from app.runtime.auth import Caller
from app.runtime.db import Tx
from app.runtime.messages import Stamp
from app.runtime.walls import AS, ENTER


class Claim(enum.Enum):
    """What came of taking an id for an attempt."""

    TAKEN = enum.auto()  # by this attempt
    RUNNING = enum.auto()  # another attempt is under way
    KNOWN = enum.auto()  # answered, reversed or fenced before


_STAMPED = (
    sa.bindparam("party", type_=sa.Text),
    sa.bindparam("key", type_=sa.Text),
    sa.bindparam("fingerprint", type_=sa.LargeBinary),
    sa.bindparam("action", type_=sa.Text),
    sa.bindparam("client", type_=sa.Text),
    sa.bindparam("at", type_=sa.DateTime(timezone=True)),
)
# Each step waits for the one before it: what is written is checked against a name that is known.
_CLAIM = sa.text(
    f"""
    WITH entered AS MATERIALIZED (
        SELECT {ENTER} true) AS refused
    ), idle AS MATERIALIZED (
        SELECT pg_try_advisory_xact_lock(
            hashtextextended('message ' || :party || ' ' || :key, 0)
        ) AS it FROM entered WHERE refused IS NULL
    ), taken AS (
        INSERT INTO message (party, key, fingerprint, state, action, client, at)
        SELECT :party, :key, :fingerprint, 'applied', :action, :client, :at FROM idle WHERE it
        ON CONFLICT (party, key) DO UPDATE
           SET state = 'applied', action = excluded.action, client = excluded.client,
               at = excluded.at, status = NULL, body = NULL
         WHERE message.state = 'refused' AND message.fingerprint = excluded.fingerprint
        RETURNING true
    )
    SELECT entered.refused, idle.it AS idle, EXISTS (SELECT FROM taken) AS taken
      FROM entered LEFT JOIN idle ON true
    """  # noqa: S608 -- constants only
).bindparams(*_STAMPED, *walls.ENTERED)
_REFUSED = sa.text(
    f"""
    WITH entered AS MATERIALIZED (
        SELECT {AS} true)
    )
    INSERT INTO message (party, key, fingerprint, state, action, client, at, status, body)
    SELECT :party, :key, :fingerprint, 'refused', :action, :client, :at, :status, :body
      FROM entered
    ON CONFLICT (party, key) DO UPDATE
       SET at = excluded.at, status = excluded.status, body = excluded.body
     WHERE message.state = 'refused' AND message.fingerprint = excluded.fingerprint
    """  # noqa: S608 -- constants only
).bindparams(
    *_STAMPED,
    *walls.NAME_BINDS,
    sa.bindparam("status", type_=sa.SmallInteger),
    sa.bindparam("body", type_=sa.LargeBinary),
)


async def claim(tx: Tx, caller: Caller, stamp: Stamp) -> Claim:
    """Take the id for this attempt, in one statement whatever became of it before."""
    found = (await tx.execute(_CLAIM, _row(stamp) | walls.checked(caller, stamp.at))).one()
    walls.require_standing(found.refused)
    if not found.idle:
        return Claim.RUNNING
    return Claim.TAKEN if found.taken else Claim.KNOWN


async def note_refusal(tx: Tx, caller: Caller, stamp: Stamp, answer: tuple[int, bytes]) -> None:
    """Remember that the message was refused; it may be tried again under the same id."""
    answered = {"status": answer[0], "body": answer[1]}
    await tx.execute(_REFUSED, _row(stamp) | walls.named(caller) | answered)


def _row(stamp: Stamp) -> dict[str, object]:
    return {
        "party": stamp.party,
        "key": stamp.key,
        "fingerprint": stamp.fingerprint,
        "action": stamp.action,
        "client": stamp.client,
        "at": stamp.at,
    }
