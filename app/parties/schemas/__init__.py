"""Parties on the wire: regions and tokens, clients and keys, persons, proposals, editions."""

from __future__ import annotations

from app.parties.schemas.clients import (
    ClientView,
    KeyAsked,
    KeyView,
    OwnKeyView,
    SigningKeyView,
    StoppedView,
)
from app.parties.schemas.editions import EditionView
from app.parties.schemas.persons import AcceptanceAsked, AuthenticatorView, PersonView
from app.parties.schemas.places import RegionView, SessionAsked, TokenView
from app.parties.schemas.proposals import (
    DecidedView,
    ProposalAsked,
    ProposalView,
    ProposedView,
    VerdictAsked,
)

__all__ = [
    "AcceptanceAsked",
    "AuthenticatorView",
    "ClientView",
    "DecidedView",
    "EditionView",
    "KeyAsked",
    "KeyView",
    "OwnKeyView",
    "PersonView",
    "ProposalAsked",
    "ProposalView",
    "ProposedView",
    "RegionView",
    "SessionAsked",
    "SigningKeyView",
    "StoppedView",
    "TokenView",
    "VerdictAsked",
]
