"""Adopted editions of the policy book (政策参数版次): a policy change takes two persons, too.

A hub carries its book with it. In production it serves only by one that was adopted: the first by
whoever sets the hub up, every further one by a proposal, before it is deployed.
"""

from __future__ import annotations

from asyncio import to_thread
from collections.abc import Mapping
from dataclasses import replace
from datetime import date

from app.kernel.refusal import Refusal
from app.parties.errors import (
    PolicyAdopted,
    PolicyEdited,
    PolicyOvertaken,
    PolicyUnreadable,
    SecondPersonNeeded,
)
from app.parties.model import Edition, NewEdition, Proposal
from app.parties.store import editions as store
from app.parties.store.editions import Stamp
from app.policy.book import PolicyBook
from app.policy.editions import Revision, revised
from app.policy.reading import BookUnreadableError, read_book
from app.runtime.door import Hub, lend
from app.runtime.health import Check
from app.runtime.paging import Page, PageAsked
from app.runtime.work import Reading, Work

ADOPT = "policy.adopt"
FIRST = Revision((), ())
CHANGES_MAX = 1_000  # lines that somebody is to read
TOO_MANY = f"it changes more than {CHANGES_MAX} things: adopt them in several editions"
NOT_COMPARABLE = "The edition before cannot be read by this release 前一版次无法由本版程序读取"


async def offered(work: Work, text: str) -> NewEdition:
    """Read an edition that is proposed, and say what it changes of the one adopted last."""
    book = await _read(text)
    if await store.is_known(work.tx, book.version):
        raise PolicyAdopted(version=book.version)
    found, new = await _compared(work, book)
    _require_unedited(found)
    if len(found.changes) > CHANGES_MAX:
        raise PolicyUnreadable(why=TOO_MANY)
    return new


async def adopt(work: Work, it: Proposal) -> None:
    """Adopt an edition that two persons read: what they read must still be the difference."""
    details = it.asked.details
    changes = details["changes"]
    assert isinstance(changes, list), "so it was proposed"
    found, new = await _compared(work, await _read(str(details["book"])))
    if await store.is_known(work.tx, new.version):
        raise PolicyAdopted(version=new.version)
    if new.follows != details["follows"]:
        raise PolicyOvertaken
    # What was to come when it was proposed may be in force by now.
    _require_unedited(found)
    if not await _keep(work, replace(new, changes=tuple(map(str, changes))), it.number):
        raise PolicyOvertaken


async def adopt_own(work: Work) -> bool:
    """Adopt the book this hub brings, where no second person is asked for; false when it is so.

    That is the first edition of a hub in production, and every one elsewhere.
    """
    standing = await store.standing(work.tx, work.book.version, work.book.digest)
    if standing.is_adopted:
        work.record("policy.known", work.book.version)
        return False
    if standing.in_production and standing.newest is not None:
        raise SecondPersonNeeded
    _, new = await _compared(work, work.book)
    if await _keep(work, new, None):
        return True
    # Of several hubs that begin at once, another one was first.
    if not (await store.standing(work.tx, new.version, new.digest)).is_adopted:
        raise PolicyOvertaken
    work.record("policy.known", new.version)
    return False


async def own_is_adopted(hub: Hub) -> bool:
    """Say whether the book this hub brings is adopted."""
    book = hub.law.book
    async with lend(hub) as rx:
        return (await store.standing(rx, book.version, book.digest)).is_adopted


async def check(hub: Hub) -> Check:
    """Say whether this hub may serve by its book; elsewhere than in production it may by any."""
    book = hub.law.book
    try:
        async with lend(hub) as rx:
            found = await store.standing(rx, book.version, book.digest)
    except Refusal:
        return Check(name="policy", passed=False, found="unknown")
    passed = found.is_adopted or not found.in_production
    told = book.version if passed else f"{book.version} is not adopted"
    if found.newest not in (None, book.version):
        told = f"{told}; adopted last: {found.newest}"
    return Check(name="policy", passed=passed, found=told)


async def list_editions(reading: Reading, page: PageAsked) -> Page[Edition]:
    """List the adopted editions in the order they were adopted."""
    return Page.of(await store.page(reading.rx, page), page, lambda it: it.id)


def details_of(it: NewEdition) -> Mapping[str, object]:
    """Write an edition as a proposal keeps it."""
    return {
        "digest": it.digest,
        "follows": it.follows,
        "changes": list(it.changes),
        "book": it.book,
    }


async def _read(text: str) -> PolicyBook:
    """Read what was sent, beside what this hub serves meanwhile."""
    try:
        return await to_thread(read_book, text)
    except BookUnreadableError as error:
        raise PolicyUnreadable(why=str(error)) from error


def _require_unedited(found: Revision) -> None:
    if found.edits:
        raise PolicyEdited(edits=list(found.edits[:CHANGES_MAX]))


async def _compared(work: Work, book: PolicyBook) -> tuple[Revision, NewEdition]:
    newest = await store.newest(work.tx)
    found = FIRST if newest is None else _revision(newest.book, book, work.today)
    return found, NewEdition(
        version=book.version,
        digest=book.digest,
        book=book.source,
        follows=None if newest is None else newest.version,
        changes=found.changes,
    )


def _revision(before: str, book: PolicyBook, today: date) -> Revision:
    """Compare with a text that was a book when it was adopted."""
    try:
        return revised(read_book(before), book, today)
    except BookUnreadableError:
        return Revision((NOT_COMPARABLE,), ())


async def _keep(work: Work, new: NewEdition, proposal: str | None) -> bool:
    if not await store.add(work.tx, new, Stamp(work.now, work.caller.client, proposal)):
        return False
    work.record(
        ADOPT, new.version, digest=new.digest, follows=new.follows, changes=len(new.changes)
    )
    return True
