"""The verbs about messages themselves: what became of one, undoing one, settling what is open."""

from __future__ import annotations

from hub_client import delivery
from hub_client.delivery import Reversal, Told
from hub_client.desk import Desk, Unseen
from hub_client.journal import Entry
from hub_client.wire import Plan


def outcome(desk: Desk, message: str) -> Plan[Told]:
    """Ask what became of a message (报文结果查询)."""
    return (yield from delivery.ask(desk, message))


def fence(desk: Desk, message: str) -> Plan[Told]:
    """Shut a message out unless it has happened; a late original is then refused."""
    return (yield from delivery.fence(desk, message))


def reverse(desk: Desk, message: str) -> Plan[Reversal]:
    """Undo a message whatever became of it (冲正)."""
    return (yield from delivery.reverse(desk, message))


def recover(desk: Desk, unseen: Unseen = Unseen.FENCE) -> Plan[list[Entry]]:
    """Settle everything the journal left open; runs by itself when a client is entered."""
    return (yield from delivery.recover(desk, unseen))
