"""What a deed is handed: the message's header and its input, read."""

from __future__ import annotations

from dataclasses import dataclass

from app.gateway.envelope import Envelope
from app.gateway.errors import WorkerOfVisit
from app.gateway.inputs import Input, Row


@dataclass(frozen=True, slots=True)
class Call:
    """One message to be carried out."""

    envelope: Envelope
    input: Input
    reference: str  # what the answer calls the message: inf_refmsgid

    def row(self) -> Row:
        """Return the row of the first node, which names what the message is about."""
        return self.input.one(self.envelope.transaction.inputs[0].name)


def require_worker(sent: str, found: str) -> None:
    """Refuse a message that names another worker than the record it is about.

    REST names the record alone; the envelope names both, and only agreeing names are handed on.
    """
    if sent != found:
        raise WorkerOfVisit
