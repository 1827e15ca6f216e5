"""The one statement of an identification: who asks is named, and what they may know is read.

It is a function of the database (migration 0029), which keeps to the walls by itself.
"""

from __future__ import annotations

from typing import Any

import sqlalchemy as sa

from app.runtime.arrivals import Arrival
from app.runtime.walls import CERTIFICATE, ENTERED
from app.runtime.work import Reading

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
