"""The second wall: whoever asks is named to the database, whose policies show no more than theirs.

The policies live in the migration. Here is how a connection learns for whom it works, and the few
purposes for which one worker's file is opened to somebody whose own rows do not reach it.
"""

from __future__ import annotations

import enum
from collections.abc import Mapping
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.kernel.parties import PartyKind
from app.kernel.regions import prefix_of
from app.runtime.auth import Caller, Unauthenticated
from app.runtime.db import Conn, Rx
from app.runtime.fetching import fetch
from app.runtime.vault import vault_of

CERTIFICATE = "certificate_number"  # a file is found by what its certificate is indexed as
NOWHERE = "~"  # begins no division code
NAMED = "hub.named"  # the connection still bears a name from a reading


class Purpose(enum.StrEnum):
    """Why one worker's file is opened beyond the caller's own rows."""

    IDENTIFY = "identify"  # an institution compares card and person (身份核验)
    ADMIT = "admit"  # and looks at what an admission rests on, open visits elsewhere included
    REGISTER = "register"  # an agency learns that a certificate is registered, and where not
    FILE = "file"  # a channel files for somebody who has shown a card


_NAME: dict[str, sa.types.TypeEngine[Any]] = {
    "wall_kind": sa.Text(),
    "wall_party": sa.Text(),
    "wall_prefix": sa.Text(),
}
_CHECKED: dict[str, sa.types.TypeEngine[Any]] = {
    "wall_client": sa.Text(),
    "wall_issued_at": sa.DateTime(timezone=True),
    "wall_now": sa.DateTime(timezone=True),
}
_CALLED = ", ".join(f":{name}" for name in _NAME)
ENTER = f"hub_enter({', '.join(f':{name}' for name in _CHECKED)}, {_CALLED}, "
AS = f"hub_as({_CALLED}, "
ENTERED = tuple(sa.bindparam(name, type_=kind) for name, kind in (_CHECKED | _NAME).items())
NAME_BINDS = tuple(sa.bindparam(name, type_=kind) for name, kind in _NAME.items())
REFUSED = "refused"  # the column of a statement that names its caller and asks on
_LEAVE = sa.text("SELECT hub_as('', '', NULL, false)")
_STEP = sa.text("SELECT hub_step(:purpose, :certificate, :number, :within)").bindparams(
    sa.bindparam("purpose", type_=sa.Text),
    sa.bindparam("certificate", type_=sa.LargeBinary),
    sa.bindparam("number", type_=sa.Text),
    sa.bindparam("within", type_=sa.Boolean),
)


def named(caller: Caller) -> dict[str, object]:
    """Write a caller as the policies know one: a party, and how the regions it governs begin."""
    prefix = NOWHERE
    if caller.kind is PartyKind.OPERATOR:
        prefix = ""
    elif caller.kind is PartyKind.AGENCY:
        prefix = prefix_of(caller.region)
    return {"wall_kind": caller.kind.value, "wall_party": caller.party, "wall_prefix": prefix}


def checked(caller: Caller, now: datetime) -> dict[str, object]:
    """Write a caller whose client is looked at, too: whether it still stands."""
    client: Mapping[str, object] = {
        "wall_client": caller.client,
        "wall_issued_at": caller.issued_at,
        "wall_now": now,
    }
    return {**named(caller), **client}


def require_standing(reason: str | None) -> None:
    """Refuse a client that was revoked, disabled or has expired since it got its token."""
    if reason is not None:
        raise Unauthenticated(reason=reason)


async def enter(rx: Rx, caller: Caller, now: datetime) -> None:
    """Name who asks, and refuse who no longer stands: one statement, before any other.

    The name stays with the connection. It ends when the next one is named or `leave` is called,
    and one of both is the first thing whoever takes the connection does.
    """
    await enter_by(rx, caller, now, (_ENTER, {}))


def entering(*asked: sa.ColumnElement[Any]) -> sa.Select[Any]:
    """Build a statement that names who asks and reads something open to all; for `enter_by`."""
    called = sa.func.hub_enter(*ENTERED, sa.false(), type_=sa.Text)
    return sa.select(called.label(REFUSED), *asked)


_ENTER = entering()


async def enter_by(
    rx: Rx, caller: Caller, now: datetime, asked: tuple[sa.Executable, Mapping[str, object]]
) -> Any:  # noqa: ANN401 -- a row of a statement that only its author knows
    """Name who asks by a statement that answers a question as well; return its only row."""
    rx.info[NAMED] = True
    statement, binds = asked
    (row,) = await fetch(rx, statement, {**checked(caller, now), **binds})
    require_standing(row.refused)
    return row


async def leave(rx: Rx) -> None:
    """Let a connection that nobody is to be named for forget the last name; it seldom has one."""
    if rx.info.get(NAMED):
        await rx.execute(_LEAVE)
        rx.info[NAMED] = False


async def step(
    conn: Conn, purpose: Purpose, *, certificate: str | None, number: str | None, within: bool
) -> None:
    """Open one worker's file for a purpose; nobody's, if there is no such worker."""
    asked = {
        "purpose": purpose.value,
        "certificate": certificate and vault_of(conn).index(certificate, CERTIFICATE),
        "number": number,
        "within": within,
    }
    await fetch(conn, _STEP, asked)
