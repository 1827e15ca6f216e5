"""What can be done with the sandbox itself; everything else is done with the hub in it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from app.filing import service as filings
from app.institutions import service as institutions
from app.kernel.parties import PartyKind
from app.parties import service as parties
from app.runtime.paging import Page, PageAsked
from app.runtime.seeds import seed_rows
from app.runtime.work import Reading, Work
from app.sandbox import store
from app.sandbox.errors import FaultForeign
from app.sandbox.faults import faults_of
from app.sandbox.model import Exchanged, FaultOrder, MadePersona
from app.sandbox.moved_clock import ClockAsked, ClockSetting, MovedClock
from app.sandbox.places import INSTITUTION_TABLES


@dataclass(frozen=True, slots=True)
class ClockMoved:
    """How the clock was set, and how many filings expired by it."""

    setting: ClockSetting
    expired: int


async def set_clock(work: Work, clock: MovedClock, asked: ClockAsked) -> ClockMoved:
    """Set the clock; what falls due until its new time is the tick's to do, each on its day."""
    setting = clock.asked(asked)
    if clock.follows_the_wall:
        await store.keep_clock(work.tx, setting)
    work.record("sandbox.clock", "clock", act=asked.act, at=setting.at)
    return ClockMoved(setting, await filings.run_out(replace(work, now=setting.at)))


async def order_faults(work: Work, order: FaultOrder) -> FaultOrder:
    """Let faults befall every message of a party from now on; no text takes them back.

    Who acts by persons asks by one and orders by another; taking back is one person's, at once.
    """
    if work.caller.kind is not PartyKind.OPERATOR and order.party != work.caller.party:
        raise FaultForeign(party=order.party)
    if order.faults:
        faults_of(order.faults)
    found = await _by_two(work, order) if order.faults else order
    await store.keep_faults(work.tx, found)
    work.record("sandbox.faults", order.party, faults=found.faults, asked=found.asked)
    return found


async def _by_two(work: Work, order: FaultOrder) -> FaultOrder:
    """Return what is to be kept: the order, or what was before with the order asked for."""
    if not await parties.acts_by_persons(work):
        return order
    held = await store.held_faults(work.tx, order.party)
    if held.asked == order.faults:
        await parties.require_second(work, held.asked_by)
        return order
    await parties.require_person(work)
    return replace(held, asked=order.faults, asked_by=work.caller.client)


async def faults(reading: Reading) -> list[FaultOrder]:
    """List the faults in force that the caller may know of."""
    found = await store.kept_faults(reading.rx)
    caller = reading.caller
    sees_all = caller.kind is PartyKind.OPERATOR
    return [it for it in found if sees_all or it.party == caller.party]


async def reset(work: Work, key: str, setting: ClockSetting) -> ClockSetting:
    """Begin anew: no business, the seeded institutions, the clock as asked."""
    await store.empty(work.tx, work.caller.party, key)
    for table in INSTITUTION_TABLES:
        await institutions.load(work, seed_rows(table))
    await store.keep_clock(work.tx, setting)
    work.record("sandbox.reset", "sandbox", at=setting.at)
    return setting


async def reserve_set(work: Work) -> int:
    """Say which number the next set of personas has."""
    number = await store.newest_set(work.tx) + 1
    work.record("sandbox.personas_asked", "personas", set_number=number)
    return number


async def personas(reading: Reading) -> Sequence[MadePersona]:
    """Read the newest set of personas."""
    newest = await store.newest_set(reading.rx)
    return tuple((await store.personas(reading.rx, newest)).values())


async def exchanges(reading: Reading, page: PageAsked, party: str | None) -> Page[Exchanged]:
    """Read the log, newest first: a party its own, the operator everybody's."""
    found = await store.exchanges(reading.rx, reading.caller.scope, page, party)
    return Page.of(found, page, lambda it: it.id)
