"""Every SQL statement about clients, their secrets, and those who guess."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import sqlalchemy as sa
from sqlalchemy.dialects.postgresql import ARRAY

from app.kernel.parties import PartyKind, SignatureScheme
from app.parties.model import Client, ClientState, ClientTerms, PartyState, Secret
from app.parties.tables import client, client_key, client_secret, party
from app.runtime.db import Conn, Tx
from app.runtime.paging import PageAsked

_CLIENTS = sa.select(
    client,
    party.c.kind.label("kind"),
    party.c.name.label("party_name"),
    party.c.region.label("region"),
    party.c.state.label("party_state"),
).join_from(client, party, client.c.party == party.c.code)
_CLIENT = _CLIENTS.where(client.c.id == sa.bindparam("id", type_=sa.Text))
_CLIENT_LOCKED = _CLIENT.with_for_update(of=client)
_ALL_CLIENTS = _CLIENTS.where(
    sa.or_(
        sa.bindparam("party", type_=sa.Text).is_(None),
        client.c.party == sa.bindparam("party", type_=sa.Text),
    )
).order_by(client.c.party, client.c.id)
_CLIENT_PAGE = (
    _CLIENTS.where(
        client.c.id > sa.bindparam("after", type_=sa.Text),
        sa.or_(
            sa.bindparam("party", type_=sa.Text).is_(None),
            client.c.party == sa.bindparam("party", type_=sa.Text),
        ),
    )
    .order_by(client.c.id)
    .limit(sa.bindparam("rows"))
)
_LOCK = (
    _CLIENTS.add_columns(
        client_secret.c.hash,
        client_secret.c.hint,
        client_secret.c.expires_at.label("secret_expires_at"),
        client_secret.c.retired_at.label("secret_retired_at"),
        party.c.requests_per_minute.label("party_per_minute"),
        sa.select(
            sa.func.jsonb_object_agg(client_key.c.id, sa.func.coalesce(client_key.c.public_key, ""))
        )
        .where(client_key.c.client == client.c.id, client_key.c.retired_at.is_(None))
        .scalar_subquery()
        .label("keys"),
    )
    .join(
        client_secret,
        sa.and_(
            client_secret.c.client == client.c.id,
            client_secret.c.hint == sa.bindparam("hint", type_=sa.Text),
        ),
    )
    .where(client.c.id == sa.bindparam("id", type_=sa.Text))
)
_ADD_CLIENT = sa.text(
    """
    INSERT INTO client (id, party, state, created_at)
    VALUES (:id, :party, 'active', :created_at)
    ON CONFLICT (id) DO NOTHING RETURNING id
    """
)
_CHANGE = sa.update(client).where(client.c.id == sa.bindparam("which"))
_ADD_SECRET = sa.text(
    """
    INSERT INTO client_secret (client, hint, hash, created_at, expires_at)
    VALUES (:client, :hint, :hash, :created_at, :expires_at)
    """
).bindparams(sa.bindparam("expires_at", type_=sa.DateTime(timezone=True)))
_RETIRE = sa.text(
    """
    UPDATE client_secret SET retired_at = :at
     WHERE client = :client AND retired_at IS NULL AND (:hint = hint OR :hint = '*')
    RETURNING hint
    """
).bindparams(sa.bindparam("hint", type_=sa.Text))
_SECRETS = (
    sa.select(client_secret)
    .where(client_secret.c.client == sa.bindparam("client", type_=sa.Text))
    .order_by(client_secret.c.id)
)
# Also called by the operator's act: a token given at `before` or earlier opens nothing any more.
_REVOKE = sa.text(
    """
    UPDATE client SET tokens_valid_from = greatest(tokens_valid_from, :before) WHERE id = :id
    """
).bindparams(sa.bindparam("before", type_=sa.DateTime(timezone=True)))
ANYWHERE = "*"  # in an address's place: failures that count wherever they come from
_LOCKED_UNTIL = sa.text(
    """
    SELECT max(until) AS until, coalesce(max(failures) FILTER (WHERE who <> ''), 0) AS failures
      FROM lock_out
     WHERE address = :address AND who IN (:who, ''::bytea)
    """
)
# Nothing is counted while the lock lasts: who goes on guessing does not keep the owner out longer.
_COUNT_FAILURE = sa.text(
    """
    INSERT INTO lock_out (who, address, failures, last_at, until)
    SELECT who, :address, 1, :now, NULL FROM unnest(:who, :free) AS it (who, free)
    ON CONFLICT (who, address) DO UPDATE
       SET failures = CASE WHEN lock_out.last_at < :forgotten THEN 1
                           ELSE lock_out.failures + 1 END,
           last_at = :now,
           until = CASE
               WHEN lock_out.last_at >= :forgotten AND lock_out.failures + 1 >= (
                   SELECT free FROM unnest(:who, :free) AS it (who, free)
                    WHERE it.who = lock_out.who)
               THEN :now + least(:longest, :shortest * power(2, least(20, lock_out.failures + 1 - (
                   SELECT free FROM unnest(:who, :free) AS it (who, free)
                    WHERE it.who = lock_out.who))))
               END
     WHERE lock_out.until IS NULL OR lock_out.until <= :now
    RETURNING who
    """
).bindparams(
    sa.bindparam("who", type_=ARRAY(sa.LargeBinary)),
    sa.bindparam("free", type_=ARRAY(sa.Integer)),
    sa.bindparam("now", type_=sa.DateTime(timezone=True)),
    sa.bindparam("forgotten", type_=sa.DateTime(timezone=True)),
    sa.bindparam("longest", type_=sa.Interval),
    sa.bindparam("shortest", type_=sa.Interval),
)
_FORGIVE = sa.text(
    "UPDATE lock_out SET failures = 0, until = NULL WHERE who = :who AND address IN (:address, '*')"
)
_UNCOUNT = sa.text(
    """
    UPDATE lock_out SET failures = greatest(failures - 1, 0), until = NULL
     WHERE who = ''::bytea AND address = :address
    """
)
# The service may not delete: a function of the owner's removes what is old, and nothing else.
_PRUNE = sa.text("SELECT prune_lock_outs(:at, :days, :rows)").bindparams(
    sa.bindparam("at", type_=sa.DateTime(timezone=True))
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Lock:
    """A client together with the hash one of its secrets must match, and what its token says."""

    client: Client
    secret: Secret
    secret_hash: str
    party_per_minute: int | None
    keys: Mapping[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Guessing:
    """How many failures are free, how long the first lock lasts and the longest, and memory."""

    free: int
    free_per_address: int
    shortest: timedelta
    longest: timedelta
    memory: timedelta


async def lock_of(conn: Conn, client_id: str, hint: str) -> Lock | None:
    """Read a client and the hash of the secret that begins with `hint`."""
    row = (await conn.execute(_LOCK, {"id": client_id, "hint": hint})).one_or_none()
    if row is None:
        return None
    secret = Secret(
        hint=row.hint,
        created_at=row.created_at,
        expires_at=row.secret_expires_at,
        retired_at=row.secret_retired_at,
    )
    return Lock(
        client=_client(row),
        secret=secret,
        secret_hash=row.hash,
        party_per_minute=row.party_per_minute,
        keys=row.keys or {},
    )


async def client_by_id(conn: Conn, client_id: str) -> Client | None:
    """Read a client."""
    row = (await conn.execute(_CLIENT, {"id": client_id})).one_or_none()
    return None if row is None else _client(row)


async def locked_client(tx: Tx, client_id: str) -> Client | None:
    """Read a client and hold it until the transaction ends."""
    row = (await tx.execute(_CLIENT_LOCKED, {"id": client_id})).one_or_none()
    return None if row is None else _client(row)


async def clients(conn: Conn, party: str | None = None) -> list[Client]:
    """Read every client, or a party's, by party."""
    return [_client(row) for row in await conn.execute(_ALL_CLIENTS, {"party": party})]


async def client_page(conn: Conn, party: str | None, page: PageAsked) -> list[Client]:
    """Read a page of clients (one row more than asked), of a party or of all, by id."""
    row = {"after": page.after, "party": party, "rows": page.rows + 1}
    return [_client(it) for it in await conn.execute(_CLIENT_PAGE, row)]


async def secrets(conn: Conn, client_id: str) -> list[Secret]:
    """Read what is known of a client's secrets, oldest first."""
    return [
        Secret(
            hint=row.hint,
            created_at=row.created_at,
            expires_at=row.expires_at,
            retired_at=row.retired_at,
        )
        for row in await conn.execute(_SECRETS, {"client": client_id})
    ]


async def add_client(tx: Tx, client_id: str, party: str, at: datetime) -> bool:
    """Keep a new client; false when the id is taken."""
    row = {"id": client_id, "party": party, "created_at": at}
    return (await tx.execute(_ADD_CLIENT, row)).one_or_none() is not None


async def add_secret(tx: Tx, client_id: str, secret: Secret, secret_hash: str) -> None:
    """Keep the hash of one more secret of a client."""
    row = {
        "client": client_id,
        "hint": secret.hint,
        "hash": secret_hash,
        "created_at": secret.created_at,
        "expires_at": secret.expires_at,
    }
    await tx.execute(_ADD_SECRET, row)
    await _change(tx, client_id, rotated_at=secret.created_at)


async def retire_secrets(tx: Tx, client_id: str, hint: str | None, at: datetime) -> list[str]:
    """End one secret of a client, or all of them; return the hints of those ended."""
    row = {"client": client_id, "hint": "*" if hint is None else hint, "at": at}
    return list((await tx.execute(_RETIRE, row)).scalars())


async def revoke_tokens(tx: Tx, client_id: str, before: datetime) -> None:
    """Make every token good for nothing that was given to a client by then."""
    await tx.execute(_REVOKE, {"id": client_id, "before": before})


async def state(tx: Tx, client_id: str, now: ClientState) -> None:
    """Disable or enable a client."""
    await _change(tx, client_id, state=now)


async def keep_terms(tx: Tx, client_id: str, terms: ClientTerms) -> None:
    """Replace what a client is held to."""
    await _change(
        tx,
        client_id,
        addresses=list(terms.addresses),
        requests_per_minute=terms.requests_per_minute,
        expires_at=terms.expires_at,
        signature=terms.signature,
    )


async def _change(tx: Tx, client_id: str, **values: object) -> None:
    changed = (await tx.execute(_CHANGE.values(**values), {"which": client_id})).rowcount
    assert changed == 1, "the row is locked"


async def failures(conn: Conn, who: bytes, address: str) -> tuple[datetime | None, int]:
    """Read until when guesses are locked out here, and how often the guesser has failed."""
    row = (await conn.execute(_LOCKED_UNTIL, {"who": who, "address": address})).one()
    return row.until, row.failures


async def count_failure(
    conn: Conn, who: bytes, address: str, now: datetime, rule: Guessing
) -> bool:
    """Count a failure for who guesses and for where from; false when already locked out."""
    everybody = b""
    wholly = address == ANYWHERE
    row = {
        "who": [who] if wholly else [who, everybody],
        "free": [rule.free] if wholly else [rule.free, rule.free_per_address],
        "address": address,
        "now": now,
        "forgotten": now - rule.memory,
        "shortest": rule.shortest,
        "longest": rule.longest,
    }
    counted: Sequence[bytes] = (await conn.execute(_COUNT_FAILURE, row)).scalars().all()
    return who in counted


async def forgive(conn: Conn, who: bytes, address: str) -> None:
    """Forget the failures of one who has proved to be the owner."""
    await conn.execute(_FORGIVE, {"who": who, "address": address})


async def uncount(conn: Conn, address: str) -> None:
    """Take from an address's count what was counted before it was judged, and was no failure."""
    await conn.execute(_UNCOUNT, {"address": address})


async def prune_lock_outs(tx: Tx, at: datetime, days: int, *, rows: int) -> int:
    """Remove counts of guesses older than so many days, at most so many; return how many went."""
    return int((await tx.execute(_PRUNE, {"at": at, "days": days, "rows": rows})).scalar_one())


def _client(row: sa.Row[Any]) -> Client:
    return Client(
        id=row.id,
        party=row.party,
        kind=PartyKind(row.kind),
        party_name=row.party_name,
        region=row.region,
        state=ClientState(row.state),
        party_state=PartyState(row.party_state),
        created_at=row.created_at,
        rotated_at=row.rotated_at,
        tokens_valid_from=row.tokens_valid_from,
        terms=ClientTerms(
            addresses=tuple(row.addresses),
            requests_per_minute=row.requests_per_minute,
            expires_at=row.expires_at,
            signature=SignatureScheme(row.signature) if row.signature else None,
        ),
    )
