"""What every plan of one client shares: journal, credentials, token, pacing and clocks."""

from __future__ import annotations

import enum
import time
from collections.abc import Callable
from dataclasses import dataclass, field

from hub_client.journal import Journal
from hub_client.pacing import Pacing


class Unseen(enum.StrEnum):
    """What to do with a message that the hub has never seen."""

    RESEND = "resend"  # once more, under the same id
    FENCE = "fence"  # shut it out, so that a late original is refused


@dataclass(frozen=True, slots=True)
class Credentials:
    """A client of a party, as the hub gave them; `repr` does not tell the secret."""

    client_id: str
    secret: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Token:
    """A bearer token and the monotonic second after which it is not used any more."""

    access: str = field(repr=False)
    until: float


@dataclass(slots=True, kw_only=True)
class Desk:
    """The one mutable thing of a client besides its journal."""

    journal: Journal
    credentials: Credentials
    pacing: Pacing = field(default_factory=Pacing)
    when_unseen: Unseen = Unseen.RESEND
    monotonic: Callable[[], float] = time.monotonic
    wall: Callable[[], float] = time.time
    token: Token | None = None
    under_way: set[str] = field(default_factory=set)
