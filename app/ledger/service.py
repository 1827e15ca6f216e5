"""What can be done with the books: book what happened, read them, prove that they add up."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from app.ledger import store
from app.ledger.errors import AccountUnknown, PostingsOfWhat
from app.ledger.model import AccountKind, Balance, Entry, Posted, Proof
from app.runtime.db import Conn
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work


@dataclass(slots=True)
class Booking:
    """All that one transaction books, kept back for its last moment and written as one."""

    work: Work
    entries: list[Entry] = field(default_factory=list)

    async def __call__(self) -> None:
        """Write it."""
        policy_version = self.work.book.version
        await store.book(self.work.tx, self.entries, self.work.now, policy_version)


def book(work: Work, entries: Sequence[Entry]) -> None:
    """Book `entries` when this transaction ends, if it commits.

    Balances are rows that many transactions share. All entries of one transaction are written
    in one statement, however often this is called, since the order of locks is kept within one.
    """
    if not entries:
        return
    for act in work.last_acts:
        if isinstance(act, Booking):
            act.entries.extend(entries)
            return
    work.at_the_end(Booking(work, list(entries)))


def columns(entries: Sequence[Entry]) -> Sequence[list[Any]]:
    """Write entries as the arrays that the database's `ledger_book` takes, in its order.

    For a function of the database that books inside its own statement.
    """
    return tuple(store.columns(entries).values())


async def proof(conn: Conn) -> Proof:
    """Hold every balance against the postings behind it (账账相符)."""
    return await store.proof(conn)


async def accounts(
    reading: Reading, page: PageAsked, *, kind: AccountKind | None, place: str | None
) -> Page[Balance]:
    """List the accounts the caller may see, as they stand."""
    scope = reading.caller.scope
    found = await store.accounts(reading.rx, scope, page, kind=kind, place=place)
    return Page.of(found, page, lambda it: it.id)


async def postings(
    reading: Reading, page: PageAsked, *, account: str | None, subject: str | None
) -> Page[Posted]:
    """List the postings of one account, with its balance after each, or of one subject."""
    scope = reading.caller.scope
    if account is not None and subject is None:
        seen = await store.account_named(reading.rx, scope, account)
        if seen is None:
            raise AccountUnknown(account=account)
        steps = await store.postings_of_account(reading.rx, seen, page)
        return Page.of(steps, page, lambda it: it.version)
    if subject is not None and account is None:
        found = await store.postings_of_subject(reading.rx, scope, page, subject)
        return Page.of(found, page, lambda it: it.id)
    raise PostingsOfWhat
