"""Every SQL statement about the operator's people."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.parties.model import Person, PersonState
from app.parties.tables import person
from app.runtime.db import Conn, Tx

_PERSON = sa.select(person).where(person.c.id == sa.bindparam("id", type_=sa.Text))
_PERSONS = sa.select(person).order_by(person.c.id)
_ADD = sa.text(
    """
    INSERT INTO person (id, name, password_hash, seed, state, created_at)
    VALUES (:id, :name, :password_hash, :seed, 'active', :created_at)
    ON CONFLICT (id) DO NOTHING RETURNING id
    """
)
_RENEW = sa.text(
    """
    UPDATE person SET password_hash = :password_hash, seed = :seed, last_step = 0,
                      state = 'active', sessions_valid_from = :at
     WHERE id = :id
    """
)
_DISABLE = sa.text("UPDATE person SET state = 'disabled', sessions_valid_from = :at WHERE id = :id")
_END_SESSIONS = sa.text(
    """
    UPDATE person SET sessions_valid_from = greatest(sessions_valid_from, :before) WHERE id = :id
    """
).bindparams(sa.bindparam("before", type_=sa.DateTime(timezone=True)))
# A code is good once: of two who bring the same one, the second finds its step taken.
_TAKE_STEP = sa.text(
    "UPDATE person SET last_step = :step WHERE id = :id AND last_step < :step RETURNING id"
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What a person signs in with, as it is kept."""

    password_hash: str = field(repr=False)
    seed: bytes = field(repr=False)  # sealed


async def lock_of(conn: Conn, person_id: str) -> tuple[Person, Lock] | None:
    """Read a person with what they are proved by."""
    row = (await conn.execute(_PERSON, {"id": person_id})).one_or_none()
    if row is None:
        return None
    return _person(row), Lock(password_hash=row.password_hash, seed=row.seed)


async def persons(conn: Conn) -> list[Person]:
    """Read everybody, by id."""
    return [_person(row) for row in await conn.execute(_PERSONS)]


async def add(tx: Tx, it: Person, lock: Lock) -> bool:
    """Keep a new person; false when the id is taken."""
    row = {
        "id": it.id,
        "name": it.name,
        "password_hash": lock.password_hash,
        "seed": lock.seed,
        "created_at": it.created_at,
    }
    return (await tx.execute(_ADD, row)).one_or_none() is not None


async def renew(tx: Tx, person_id: str, lock: Lock, at: datetime) -> bool:
    """Replace password and seed and end every session; false when nobody is called so."""
    row = {"id": person_id, "password_hash": lock.password_hash, "seed": lock.seed, "at": at}
    return (await tx.execute(_RENEW, row)).rowcount == 1


async def disable(tx: Tx, person_id: str, at: datetime) -> bool:
    """Let a person sign in no more and end every session; false when nobody is called so."""
    return (await tx.execute(_DISABLE, {"id": person_id, "at": at})).rowcount == 1


async def end_sessions(tx: Tx, person_id: str, before: datetime) -> None:
    """End every session that began by then."""
    await tx.execute(_END_SESSIONS, {"id": person_id, "before": before})


async def take_step(conn: Conn, person_id: str, step: int) -> bool:
    """Use the code of a step up; false when it, or a later one, was used before."""
    row = {"id": person_id, "step": step}
    return (await conn.execute(_TAKE_STEP, row)).one_or_none() is not None


def _person(row: sa.Row[Any]) -> Person:
    return Person(id=row.id, name=row.name, state=PersonState(row.state), created_at=row.created_at)
