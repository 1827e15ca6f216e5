"""Parties on the wire: regions and tokens, clients and keys, persons, proposals."""

from __future__ import annotations

from app.parties.schemas.clients import (
    ClientView,
    KeyAsked,
    KeyView,
    OwnKeyView,
    SigningKeyView,
    StoppedView,
)
from app.parties.schemas.persons import EnrolmentAsked, EnrolmentView, PersonView
from app.parties.schemas.places import RegionView, SessionAsked, TokenView
from app.parties.schemas.proposals import (
    DecidedView,
    ProposalAsked,
    ProposalView,
    ProposedView,
    VerdictAsked,
)

__all__ = [
    "ClientView",
    "DecidedView",
    "EnrolmentAsked",
    "EnrolmentView",
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
