"""Two persons (双人复核) for every act that takes two, wherever on the road it is done.

Whoever carries such an act out asks here, inside its own transaction, whether this caller may.
"""

from __future__ import annotations

from app.parties import rules
from app.parties.store import persons as store
from app.runtime.work import Work


async def acts_by_persons(work: Work) -> bool:
    """Say whether the caller's party does by persons what takes two."""
    return rules.acts_by_persons(await store.seconding(work.tx, work.caller, None))


async def require_person(work: Work) -> None:
    """Refuse a machine that begins what takes two, where its party acts by persons."""
    rules.require_person(await store.seconding(work.tx, work.caller, None))


async def require_second(work: Work, first: str | None) -> None:
    """Refuse unless the caller is another than `first` (a client), and a person where need be."""
    rules.require_second(await store.seconding(work.tx, work.caller, first))


async def is_first_of_two(work: Work, first: str) -> bool:
    """Say whether the caller is the first of two persons to take back what no person said.

    Refuses as `require_second` does where the caller is the only or the second one.
    """
    it = await store.seconding(work.tx, work.caller, first)
    if rules.is_first_of_two(it):
        return True
    rules.require_second(it)
    return False
