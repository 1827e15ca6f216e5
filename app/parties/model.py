"""Regions, parties and their clients, as the hub thinks of them."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime

from app.kernel.parties import KeyKind, PartyKind, SignatureScheme
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
    """客户端状态: a disabled client gets no more tokens, and those it has open nothing."""

    ACTIVE = "active"
    DISABLED = "disabled"


class PersonState(enum.StrEnum):
    """人员状态: an invited person does not sign in yet, a disabled one no more."""

    INVITED = "invited"
    ACTIVE = "active"
    DISABLED = "disabled"


class ProposalState(enum.StrEnum):
    """提议状态: laid by one person, decided by another."""

    OPEN = "open"
    APPROVED = "approved"
    REJECTED = "rejected"


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
class ClientTerms:
    """接入条件: what a client is held to beside its secret; by default to nothing."""

    addresses: tuple[str, ...] = ()  # CIDR blocks it may come from; none: from anywhere
    requests_per_minute: int | None = None  # None: as the settings say for everybody
    expires_at: datetime | None = None
    signature: SignatureScheme | None = None  # None: messages are not signed


@dataclass(frozen=True, slots=True, kw_only=True)
class Secret:
    """密钥: what is kept in clear of one secret; a client may have several at a time."""

    hint: str  # its open first part, by which people tell secrets apart
    created_at: datetime
    expires_at: datetime | None = None
    retired_at: datetime | None = None

    def is_good(self, now: datetime) -> bool:
        """Say whether it still opens: neither retired nor past its last moment."""
        return self.retired_at is None and (self.expires_at is None or now < self.expires_at)


@dataclass(frozen=True, slots=True, kw_only=True)
class Client:
    """客户端: one credential of a party, without its secrets."""

    id: str
    party: str
    kind: PartyKind
    party_name: str
    region: str | None
    state: ClientState
    party_state: PartyState
    created_at: datetime
    rotated_at: datetime | None
    tokens_valid_from: datetime | None = None
    terms: ClientTerms = ClientTerms()

    def may_enter(self, now: datetime) -> bool:
        """Say whether neither the client nor its party is disabled, and its last day is to come."""
        last = self.terms.expires_at
        active = self.state is ClientState.ACTIVE and self.party_state is PartyState.ACTIVE
        return active and (last is None or now < last)


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


@dataclass(frozen=True, slots=True, kw_only=True)
class Key:
    """签名密钥: what a client signs its messages by."""

    id: str
    client: str
    kind: KeyKind
    public_key: str | None  # none: a shared key, which the hub derives and never keeps
    created_at: datetime
    retired_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Person:
    """人员: one of a party's people, who signs in with a password and a one-time code."""

    id: str
    party: str
    name: str
    state: PersonState
    created_at: datetime
    invited_until: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Enrolment:
    """What a new person takes along: the address for an authenticator, shown once."""

    id: str
    authenticator: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Invitation:
    """邀请: what a person enrols with. Who proposed them has one half, who approved the other."""

    person: str
    half: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Acceptance:
    """What an invited person enrols with: both halves, and a password of their own."""

    person: str
    invitation: str = field(repr=False)
    password: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class SignIn:
    """What a person signs in with."""

    person: str
    password: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Asked:
    """What is proposed: an act, whom it is about, and what else it needs."""

    act: str
    subject: str
    details: Mapping[str, object] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposal:
    """提议: a sensitive act that waits for a second person of the party."""

    number: str
    party: str
    asked: Asked
    reason: str
    state: ProposalState
    proposed_by: str
    proposed_at: datetime
    expires_at: datetime
    decided_by: str | None = None
    decided_at: datetime | None = None
    decision: str | None = None
    invitation: bytes | None = None  # a digest of its first half


@dataclass(frozen=True, slots=True, kw_only=True)
class Proposed:
    """A proposal just made, with the half of an invitation it began, shown this once."""

    proposal: Proposal
    invitation: Invitation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Verdict:
    """裁定: what the second person says, and why."""

    number: str
    approves: bool
    reason: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Decided:
    """A proposal with its verdict, and what came of it, shown this once: a secret or a half."""

    proposal: Proposal
    credential: Credential | None = None
    invitation: Invitation | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Seconding:
    """双人复核: who acted first, who acts now, and how the party of the latter does by two."""

    first: str | None  # the client, or nobody yet
    second: str
    persons: int  # how many of the party's people can sign in
    machines: frozenset[str] = frozenset()  # which of both are machines of the party
    is_operator: bool = False
    in_production: bool = False  # what the database is for


@dataclass(frozen=True, slots=True, kw_only=True)
class Edition:
    """政策参数版次: an edition of the policy book that was adopted, and what it changed."""

    id: int
    version: str
    digest: str
    follows: str | None  # the edition it was compared with; the first follows none
    changes: tuple[str, ...]
    proposal: str | None  # none: adopted by whoever set the hub up, or by a sandbox for itself
    adopted_at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class NewEdition:
    """An edition to adopt, as it was laid before those who decide."""

    version: str
    digest: str
    book: str = field(repr=False)
    follows: str | None
    changes: tuple[str, ...]
