"""Client of the work-injury settlement hub, right by construction.

What is meant is on disk before it is sent; an answer that does not come is asked for; a message is
repeated only under its own id. A call ends applied (it returns), refused (it raises why), or not
yet known (it raises that, and `recover` will tell).
"""

from hub_client.clients import AsyncHubClient, HubClient
from hub_client.desk import Credentials, Desk, Unseen
from hub_client.journal import Entry, Journal, JournalInUseError, State
from hub_client.pacing import Pacing
from hub_client.problems import (
    AnswerUnreadableError,
    ConflictError,
    FencedError,
    HubError,
    HubRefusedError,
    LinesMissingError,
    MalformedError,
    NotAllowedError,
    NotFoundError,
    OutcomeUnknownError,
    Problem,
    ReversedError,
    RuleError,
    TotalsDifferError,
    UnreachableError,
)
from hub_client.shells import open_desk
from hub_client.verbs.days import adopt_the_hubs

__all__ = [
    "AnswerUnreadableError",
    "AsyncHubClient",
    "ConflictError",
    "Credentials",
    "Desk",
    "Entry",
    "FencedError",
    "HubClient",
    "HubError",
    "HubRefusedError",
    "Journal",
    "JournalInUseError",
    "LinesMissingError",
    "MalformedError",
    "NotAllowedError",
    "NotFoundError",
    "OutcomeUnknownError",
    "Pacing",
    "Problem",
    "ReversedError",
    "RuleError",
    "State",
    "TotalsDifferError",
    "UnreachableError",
    "Unseen",
    "adopt_the_hubs",
    "open_desk",
]
