"""Who may read what: each name once, for all routes of the domain."""

from __future__ import annotations

from app.runtime.auth import PartyKind
from app.runtime.http import only

READERS = only(PartyKind.INSTITUTION, PartyKind.AGENCY, PartyKind.OPERATOR)
