"""Every SQL statement about workers and their identities."""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from datetime import date, datetime
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY
from sqlalchemy.exc import IntegrityError

from app.entitlement.errors import CardTaken
from app.entitlement.model import CertificateKind, Person, Registered, Worker
from app.entitlement.tables import (
    INDEXED,
    entitlement_loss,
    worker,
    worker_identity,
    worker_serial,
)
from app.kernel.identity import Sex
from app.runtime.auth import Scope, visible
from app.runtime.db import Conn, Tx
from app.runtime.fetching import fetch
from app.runtime.numbers import next_number
from app.runtime.vault import Vault, vault_of
from app.runtime.walls import CERTIFICATE

SEEN = visible(regions=(worker.c.insured_region,))
CARDS = ("card_number", "electronic_card")
RENEWED = (*CARDS, *(f"{it}_index" for it in CARDS), "phone")
INDEXES = tuple(f"{it}_index" for it in INDEXED)
UNREAD = ("worker_id", *INDEXES)
NO_TEXTS: tuple[str, ...] = ()

_REGISTERED = (
    sa.select(
        worker,
        *(c for c in worker_identity.c if c.name not in UNREAD),
        entitlement_loss.c.lost_on,
    )
    .join(worker_identity, worker_identity.c.worker_id == worker.c.id)
    .outerjoin(entitlement_loss, entitlement_loss.c.worker_id == worker.c.id)
)
_NAMED = sa.union(
    sa.select(worker.c.id).where(
        worker.c.number == sa.any_(sa.bindparam("numbers", type_=ARRAY(sa.Text)))
    ),
    sa.select(worker_identity.c.worker_id).where(
        worker_identity.c.certificate_number_index
        == sa.any_(sa.bindparam("certificates", type_=ARRAY(sa.LargeBinary)))
    ),
).scalar_subquery()
_BY_NUMBER = _REGISTERED.where(worker.c.number == sa.bindparam("number"), SEEN)
_BY_CERTIFICATE = _REGISTERED.where(
    worker_identity.c.certificate_number_index == sa.bindparam("certificate", type_=sa.LargeBinary)
)
# Locked in one order, so that two batches of the same workers wait instead of deadlocking.
_LOCK = (
    sa.select(worker.c.id)
    .where(worker.c.id.in_(_NAMED))
    .order_by(worker.c.id)
    .with_for_update(key_share=True)
)
_LOCK_SEEN = _LOCK.where(SEEN)
_BY_IDS = _REGISTERED.where(worker.c.id == sa.any_(sa.bindparam("ids", type_=ARRAY(sa.BigInteger))))
_TURN = sa.text("SELECT pg_advisory_xact_lock(hashtextextended(encode(:certificate, 'hex'), 6))")
_ADD_WORKER = (
    worker.insert()
    .values(
        number=next_number("W", worker_serial),
        insured_region=sa.bindparam("number_region"),
        employer=sa.bindparam("employer"),
        registered_by=sa.bindparam("registered_by"),
        created_at=sa.bindparam("at"),
        updated_at=sa.bindparam("at"),
    )
    .returning(worker)
)
_ADD_IDENTITY = worker_identity.insert()
_TOUCH = (
    worker.update()
    .where(worker.c.id == sa.bindparam("worker_id"))
    .values(employer=sa.bindparam("employer"), updated_at=sa.bindparam("at"))
)
_CARDS = (
    worker_identity.update()
    .where(worker_identity.c.worker_id == sa.bindparam("of_worker"))
    .values(
        card_number=sa.bindparam("card_number"),
        card_number_index=sa.bindparam("card_number_index"),
        electronic_card=sa.bindparam("electronic_card"),
        electronic_card_index=sa.bindparam("electronic_card_index"),
        phone=sa.bindparam("phone"),
    )
)


async def registered(conn: Conn, scope: Scope, number: str) -> Registered | None:
    """Read a worker by public number."""
    row = (await conn.execute(_BY_NUMBER, {"number": number, **scope.binds()})).one_or_none()
    return None if row is None else registered_of(row, vault_of(conn))


async def holder(conn: Conn, certificate: str) -> Registered | None:
    """Read the worker a certificate belongs to, whoever asks: identity checks answer no more."""
    vault = vault_of(conn)
    asked = {"certificate": vault.index(certificate, CERTIFICATE)}
    found = await fetch(conn, _BY_CERTIFICATE, asked)
    return registered_of(found[0], vault) if found else None


async def by_ids(conn: Conn, worker_ids: Collection[int]) -> list[Registered]:
    """Read the workers other rows refer to."""
    vault = vault_of(conn)
    found = await fetch(conn, _BY_IDS, {"ids": list(worker_ids)})
    return [registered_of(row, vault) for row in found]


async def locked(
    tx: Tx,
    scope: Scope | None,
    *,
    numbers: Sequence[str] = NO_TEXTS,
    certificates: Sequence[str] = NO_TEXTS,
) -> list[Registered]:
    """Read workers and hold them against filings and losses written elsewhere at the same time.

    Without a scope only for an identity that the caller has proven or is about to prove.
    """
    vault = vault_of(tx)
    indexed = [vault.index(each, CERTIFICATE) for each in certificates]
    asked = {"numbers": list(numbers), "certificates": indexed}
    if scope is None:
        held = await tx.execute(_LOCK, asked)
    else:
        held = await tx.execute(_LOCK_SEEN, {**asked, **scope.binds()})
    # Read after the lock: what a rival committed while this waited is seen now.
    return await by_ids(tx, held.scalars().all())


async def take_turn(tx: Tx, certificate: str) -> None:
    """Let registrations of one certificate follow one another."""
    await tx.execute(_TURN, {"certificate": vault_of(tx).index(certificate, CERTIFICATE)})


async def add(
    tx: Tx, person: Person, *, region: str, employer: str, by: tuple[str, datetime, date]
) -> Worker:
    """Keep a new worker; `by` is the party, the instant and the business day."""
    party, at, day = by
    row = (
        await tx.execute(
            _ADD_WORKER,
            {
                "number_region": region,
                "number_day": day,
                "employer": employer,
                "registered_by": party,
                "at": at,
            },
        )
    ).one()
    made = _worker(row)
    await _unless_taken(
        tx,
        _ADD_IDENTITY,
        {
            "worker_id": made.id,
            "certificate_kind": person.certificate_kind,
            "sex": person.sex,
            **_sealed(vault_of(tx), made.id, person),
        },
    )
    return made


async def renew(tx: Tx, of: Worker, person: Person, employer: str, at: datetime) -> None:
    """Keep a worker's new employer, cards and phone."""
    await tx.execute(_TOUCH, {"worker_id": of.id, "employer": employer, "at": at})
    sealed = _sealed(vault_of(tx), of.id, person)
    row = {"of_worker": of.id, **{name: sealed[name] for name in RENEWED}}
    await _unless_taken(tx, _CARDS, row)


async def _unless_taken(tx: Tx, statement: sa.Executable, row: Mapping[str, object]) -> None:
    try:
        await tx.execute(statement, dict(row))
    except IntegrityError as error:
        # The database's sentence names the index, and the number: only the first is passed on.
        field = next((card for card in CARDS if f"identity_{card}" in str(error.orig)), None)
        if field is None:
            raise
        raise CardTaken(field=field) from None


def _worker(row: sa.Row[Any]) -> Worker:
    return Worker(
        id=row.id,
        number=row.number,
        insured_region=row.insured_region,
        employer=row.employer,
        registered_by=row.registered_by,
        created_at=row.created_at,
        updated_at=row.updated_at,
    )


def _sealed(vault: Vault, worker_id: int, person: Person) -> dict[str, bytes | None]:
    """Write what is kept of a person: each value encrypted for its row, and how it is found."""
    clear: dict[str, str | None] = {
        "certificate_number": person.certificate_number,
        "name": person.name,
        "card_number": person.card_number,
        "electronic_card": person.electronic_card,
        "phone": person.phone,
        "birth_date": person.birth_date.isoformat(),
    }
    kept: dict[str, bytes | None] = {}
    for column, text in clear.items():
        kept[column] = None if text is None else vault.encrypt(text, worker_id, column)
        if column in INDEXED:
            kept[f"{column}_index"] = None if text is None else vault.index(text, column)
    return kept


def registered_of(row: sa.Row[Any], vault: Vault) -> Registered:
    """Read a worker and who that is out of a row; personal data are decrypted here."""

    def opened(kept: bytes | None, column: str) -> str | None:
        return None if kept is None else vault.decrypt(kept, row.id, column)

    person = Person(
        name=vault.decrypt(row.name, row.id, "name"),
        certificate_kind=CertificateKind(row.certificate_kind),
        certificate_number=vault.decrypt(row.certificate_number, row.id, CERTIFICATE),
        card_number=opened(row.card_number, "card_number"),
        electronic_card=opened(row.electronic_card, "electronic_card"),
        phone=opened(row.phone, "phone"),
        sex=Sex(row.sex),
        birth_date=date.fromisoformat(vault.decrypt(row.birth_date, row.id, "birth_date")),
    )
    return Registered(worker=_worker(row), person=person, lost_on=row.lost_on)
