"""Every SQL statement about persons: the operator's people and those of agencies."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.kernel.parties import PartyKind
from app.parties.model import PartyState, Person, PersonState, Seconding
from app.parties.tables import party, person
from app.runtime.auth import Caller
from app.runtime.db import Conn, Tx

# Of a party, or of all.
_OF_PARTY = sa.or_(
    sa.bindparam("party", type_=sa.Text).is_(None),
    person.c.party == sa.bindparam("party", type_=sa.Text),
)
_ONE = sa.select(person).where(person.c.id == sa.bindparam("id", type_=sa.Text), _OF_PARTY)
_ENTRY = sa.select(
    person,
    party.c.kind,
    party.c.region,
    party.c.state.label("party_state"),
    party.c.requests_per_minute.label("party_per_minute"),
).where(person.c.id == sa.bindparam("id", type_=sa.Text), person.c.party == party.c.code)
_PERSONS = sa.select(person).where(_OF_PARTY).order_by(person.c.id)
_PAGE = _PERSONS.where(person.c.id > sa.bindparam("after", type_=sa.Text)).limit(
    sa.bindparam("rows")
)
_ADD = sa.text(
    """
    INSERT INTO person (id, party, name, password_hash, seed, state, created_at, invited_until)
    VALUES (:id, :party, :name, :password_hash, :seed, :state, :created_at, :invited_until)
    ON CONFLICT (id) DO NOTHING RETURNING id
    """
).bindparams(sa.bindparam("invited_until", type_=sa.DateTime(timezone=True)))
_RENEW = sa.text(
    """
    UPDATE person SET password_hash = :password_hash, seed = :seed, last_step = 0,
                      state = 'active', sessions_valid_from = :at, invited_until = NULL
     WHERE id = :id
    """
)
_INVITE = sa.text(
    """
    UPDATE person SET password_hash = :invitation_hash, state = 'invited',
                      sessions_valid_from = :at, invited_until = :until
     WHERE id = :id
    """
)
# An invitation is good once: of two who bring the same one, the second finds it taken up.
_ENROL = sa.text(
    """
    UPDATE person SET password_hash = :password_hash, seed = :seed, last_step = 0,
                      state = 'active', invited_until = NULL
     WHERE id = :id AND state = 'invited' AND password_hash = :invitation_hash
    RETURNING id
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
_SECONDING = sa.text(
    """
    SELECT (SELECT count(*) FROM person WHERE party = :party AND state = 'active') AS persons,
           ARRAY(SELECT id FROM client
                  WHERE party = :party AND id IN (:first, :second)) AS machines,
           EXISTS (SELECT FROM database_mark WHERE mode = 'production') AS in_production
    """
).bindparams(
    *(sa.bindparam(name, type_=sa.Text) for name in ("party", "first", "second")),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """What a person signs in with, as it is kept."""

    password_hash: str = field(repr=False)
    seed: bytes = field(repr=False)  # sealed


@dataclass(frozen=True, slots=True, kw_only=True)
class Entry:
    """A person, what they are proved by, and the party they would speak for."""

    person: Person
    lock: Lock
    kind: PartyKind
    region: str | None
    party_state: PartyState
    party_per_minute: int | None


async def entry_of(conn: Conn, person_id: str) -> Entry | None:
    """Read a person with what they are proved by."""
    row = (await conn.execute(_ENTRY, {"id": person_id})).one_or_none()
    if row is None:
        return None
    return Entry(
        person=_person(row),
        lock=Lock(password_hash=row.password_hash, seed=row.seed),
        kind=PartyKind(row.kind),
        region=row.region,
        party_state=PartyState(row.party_state),
        party_per_minute=row.party_per_minute,
    )


async def person_by_id(conn: Conn, person_id: str, of: str | None) -> Person | None:
    """Read a person of a party, or of any."""
    row = (await conn.execute(_ONE, {"id": person_id, "party": of})).one_or_none()
    return None if row is None else _person(row)


async def persons(conn: Conn, of: str | None) -> list[Person]:
    """Read everybody, or a party's people, by id."""
    return [_person(row) for row in await conn.execute(_PERSONS, {"party": of})]


async def page(conn: Conn, of: str | None, after: str, rows: int) -> list[Person]:
    """Read a page of persons (one row more than asked), of a party or of all, by id."""
    asked = {"party": of, "after": after, "rows": rows + 1}
    return [_person(row) for row in await conn.execute(_PAGE, asked)]


async def seconding(tx: Tx, caller: Caller, first: str | None) -> Seconding:
    """Read what decides whether the caller may act after `first` for its party."""
    asked = {"party": caller.party, "first": first, "second": caller.client}
    row = (await tx.execute(_SECONDING, asked)).one()
    return Seconding(
        first=first,
        second=caller.client,
        persons=row.persons,
        machines=frozenset(row.machines),
        is_operator=caller.kind is PartyKind.OPERATOR,
        in_production=row.in_production,
    )


async def add(tx: Tx, it: Person, lock: Lock) -> bool:
    """Keep a new person; false when the id is taken."""
    row = {
        "id": it.id,
        "party": it.party,
        "name": it.name,
        "password_hash": lock.password_hash,
        "seed": lock.seed,
        "state": it.state,
        "created_at": it.created_at,
        "invited_until": it.invited_until,
    }
    return (await tx.execute(_ADD, row)).one_or_none() is not None


async def renew(tx: Tx, person_id: str, lock: Lock, at: datetime) -> bool:
    """Replace password and seed and end every session; false when nobody is called so."""
    row = {"id": person_id, "password_hash": lock.password_hash, "seed": lock.seed, "at": at}
    return (await tx.execute(_RENEW, row)).rowcount == 1


async def invite(
    tx: Tx, person_id: str, invitation_hash: str, *, at: datetime, until: datetime
) -> None:
    """Let a person in no more until they have taken up an invitation; end every session."""
    row = {"id": person_id, "invitation_hash": invitation_hash, "at": at, "until": until}
    await tx.execute(_INVITE, row)


async def enrol(conn: Conn, person_id: str, invitation_hash: str, lock: Lock) -> bool:
    """Take an invitation up; false when it was meanwhile."""
    row = {
        "id": person_id,
        "invitation_hash": invitation_hash,
        "password_hash": lock.password_hash,
        "seed": lock.seed,
    }
    return (await conn.execute(_ENROL, row)).one_or_none() is not None


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
    return Person(
        id=row.id,
        party=row.party,
        name=row.name,
        state=PersonState(row.state),
        created_at=row.created_at,
        invited_until=row.invited_until,
    )
