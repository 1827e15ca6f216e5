"""Parties on the wire: regions and tokens, clients and keys, proposals."""

from __future__ import annotations

from app.parties.schemas.clients import (
    ClientView,
    KeyAsked,
    KeyView,
    OwnKeyView,
    SigningKeyView,
    StoppedView,
)
from app.parties.schemas.places import RegionView, SessionAsked, TokenView
from app.parties.schemas.proposals import DecidedView, ProposalAsked, ProposalView, VerdictAsked

__all__ = [
    "ClientView",
    "DecidedView",
    "KeyAsked",
    "KeyView",
    "OwnKeyView",
    "ProposalAsked",
    "ProposalView",
    "RegionView",
    "SessionAsked",
    "SigningKeyView",
    "StoppedView",
    "TokenView",
    "VerdictAsked",
]
