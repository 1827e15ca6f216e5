"""Regions, parties and their clients, as the hub thinks of them."""

from __future__ import annotations

import enum
from dataclasses import dataclass, field
from datetime import date, datetime

from app.kernel.parties import PartyKind
from app.kernel.regions import Level


class AgencyRole(enum.StrEnum):
    """经办职责: a province may split the business and the money between two agencies."""

    BUSINESS = "business"
    MONEY = "money"
    BOTH = "both"


class PartyState(enum.StrEnum):
    """接入方状态."""

    ACTIVE = "active"
    DISABLED = "disabled"


class ClientState(enum.StrEnum):
    """客户端状态: a disabled client gets no more tokens."""

    ACTIVE = "active"
    DISABLED = "disabled"


@dataclass(frozen=True, slots=True, kw_only=True)
class Region:
    """行政区划: a province or a city, with where its code is from."""

    code: str
    name: str
    name_en: str | None
    level: Level
    parent: str | None
    source: str
    as_of: date


@dataclass(frozen=True, slots=True, kw_only=True)
class RegionsAsked:
    """Which regions: of a level, directly under a parent, both or neither."""

    level: Level | None = None
    parent: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Party:
    """接入方: anyone with credentials."""

    code: str
    kind: PartyKind
    name: str
    region: str | None  # none for the operator and the national channels
    parent: str | None
    role: AgencyRole | None
    source: str
    state: PartyState = PartyState.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """客户端: one credential of a party, without its secret."""

    id: str
    party: str
    kind: PartyKind
    party_name: str
    region: str | None
    state: ClientState
    party_state: PartyState
    created_at: datetime
    rotated_at: datetime | None

    @property
    def may_enter(self) -> bool:
        """Say whether neither the client nor its party is disabled."""
        return self.state is ClientState.ACTIVE and self.party_state is PartyState.ACTIVE


@dataclass(frozen=True, slots=True, kw_only=True)
class Credential:
    """A client id and its secret in clear: shown once, when made or rotated, and never kept."""

    id: str
    party: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Token:
    """访问令牌: what a client's credentials buy."""

    access: str = field(repr=False)
    seconds: int
