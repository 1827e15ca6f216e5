"""The deeds: for each act of the mapping, the one call of a service and what it tells.

A deed turns rows into the question a service takes, and the service's answer into facts. It
decides nothing.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import TypeAlias

from app.gateway.deeds import (
    bills,
    clearings,
    confirmations,
    days,
    leaves,
    lines,
    lists,
    people,
    reversals,
    sign_ins,
    stays,
)
from app.gateway.deeds.call import Call
from app.gateway.outputs import Told
from app.runtime.work import Reading, Work

__all__ = ["FETCHES", "READS", "WRITES", "Call"]

Write: TypeAlias = Callable[[Work, Call], Awaitable[Told]]
Fetch: TypeAlias = Callable[[Reading, Call], Awaitable[bytes]]
Read: TypeAlias = Callable[[Reading, Call], Awaitable[Told]]

WRITES: Mapping[str, Write] = {
    "sessions.sign_in": sign_ins.sign_in,
    "sessions.sign_out": sign_ins.sign_out,
    "stays.admit": stays.admit,
    "stays.amend": stays.amend,
    "stays.cancel": stays.cancel,
    "stays.discharge": stays.discharge,
    "stays.undo_discharge": stays.undo_discharge,
    "lines.upload": lines.upload,
    "lines.remove": lines.remove,
    "bills.settle": bills.settle,
    "bills.cancel": bills.cancel,
    "reversals.reverse": reversals.reverse,
    "days.totals": days.totals,
    "days.rows": days.rows,
    "days.upload": days.upload,
    "confirmations.confirm": confirmations.confirm,
    "confirmations.roll_back": confirmations.roll_back,
    "leaves.refer": leaves.refer,
    "leaves.settle_elsewhere": leaves.settle_elsewhere,
    "leaves.revoke": leaves.revoke,
}
# What these answer is no envelope but the file itself.
FETCHES: Mapping[str, Fetch] = {"days.download": days.download}
READS: Mapping[str, Read] = {
    "people.identify": people.identify,
    "lists.institutions": lists.institutions_listed,
    "lists.dictionary": lists.dictionary,
    "stays.list": stays.list_visits,
    "bills.preview": bills.preview,
    "bills.find": bills.find,
    "bills.lines": bills.lines,
    "clearings.extract": clearings.extract,
}
