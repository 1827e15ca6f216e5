"""Use cases of parties: seeds, clients and their secrets, tokens."""

from __future__ import annotations

from app.parties.service.clients import (
    clients,
    create_client,
    disable_client,
    rotate_client,
)
from app.parties.service.places import (
    list_regions,
    load_parties,
    load_regions,
    region,
    regions,
)
from app.parties.service.tokens import issue_token

__all__ = [
    "clients",
    "create_client",
    "disable_client",
    "issue_token",
    "list_regions",
    "load_parties",
    "load_regions",
    "region",
    "regions",
    "rotate_client",
]
