"""The statements of identifications: what those who ask may know is read, and who looked is kept.

They are functions of the database (migrations 0029 and 0031), which keep to the walls by
themselves. One names who asks and looks for them; the others look for many, and keep their traces.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import sqlalchemy as sa

from app.entitlement.model import IdentityClaim, comparable_number
from app.runtime.arrivals import Arrival
from app.runtime.auth import Caller
from app.runtime.fetching import rows_of
from app.runtime.lane import Wire
from app.runtime.vault import Vault
from app.runtime.walls import CERTIFICATE, ENTERED
from app.runtime.work import Reading, Record

_READ: tuple[tuple[str, type[sa.types.TypeEngine[Any]]], ...] = (
    ("refused", sa.Text),
    ("region", sa.Text),  # the institution's own
    ("id", sa.BigInteger),
    ("number", sa.Text),
    ("insured_region", sa.Text),
    ("employer", sa.Text),
    ("registered_by", sa.Text),
    ("created_at", sa.DateTime),
    ("updated_at", sa.DateTime),
    ("certificate_kind", sa.Text),
    ("certificate_number", sa.LargeBinary),
    ("name", sa.LargeBinary),
    ("card_number", sa.LargeBinary),
    ("electronic_card", sa.LargeBinary),
    ("phone", sa.LargeBinary),
    ("sex", sa.Text),
    ("birth_date", sa.LargeBinary),
    ("lost_on", sa.Date),
    ("determinations", sa.JSON),
    ("filings", sa.JSON),
)
_ALL = "SELECT * FROM desk_look($1, $2, $3, $4, $5)"
_KEEP = "SELECT desk_keep($1, $2, $3, $4, $5, $6, $7)"
_SHOWN = sa.bindparam("certificate", type_=sa.LargeBinary)
_LOOK = sa.select(
    sa.func.identify_look(*ENTERED, _SHOWN).table_valued(
        *(sa.column(name, kind) for name, kind in _READ)
    )
)


async def look(arrival: Arrival, certificate: str) -> tuple[Reading, Any]:
    """Enter with a certificate: the reading, and the row of whom it belongs to."""
    asked = {"certificate": arrival.vault.index(certificate, CERTIFICATE)}
    return await arrival.enter(_LOOK, asked)


@dataclass(frozen=True, slots=True)
class Asked:
    """One who asks who stands before them."""

    caller: Caller
    request: str
    claim: IdentityClaim


async def look_at_all(
    wire: Wire, vault: Vault, some: Sequence[Asked], now: datetime
) -> dict[int, Any]:
    """Look for all: whom a certificate belongs to, by place (from 0); the others are left out."""
    found = await wire.fetch(
        _ALL,
        [it.caller.party for it in some],
        [it.caller.client for it in some],
        [it.caller.issued_at for it in some],
        [vault.index(comparable_number(it.claim.certificate_number), CERTIFICATE) for it in some],
        now,
    )
    return {row.n - 1: row for row in rows_of(found)}


async def keep(wire: Wire, now: datetime, traces: Sequence[tuple[Asked, Record]]) -> None:
    """Put the looks of all on record, at once; they are looks of one kind."""
    first = traces[0][1]
    await wire.execute(
        _KEEP,
        now,
        first.action,
        json.dumps(first.facts),
        [asked.caller.party for asked, _ in traces],
        [asked.caller.client for asked, _ in traces],
        [asked.request for asked, _ in traces],
        [trace.subject for _, trace in traces],
    )
