"""Many writers on few accounts: nobody deadlocks, no step is lost, the books stay balanced."""

from __future__ import annotations

import asyncio
import random
from dataclasses import replace
from datetime import date

from app.kernel.money import Money
from app.ledger.entries import settlement_booked
from app.ledger.model import Entry
from tests.support.ledger import balances, booked, proven
from tests.support.world import World

DAY = date(2025, 9, 1)
PLACES = ("110000", "210000", "370000", "510000")
WRITERS, ROUNDS = 8, 25


def some_entries(chance: random.Random, tag: str) -> list[Entry]:
    """One to six settlements of random pairs, in random order."""
    made = []
    for n in range(chance.randint(1, 6)):
        insured, treatment = chance.sample(PLACES, 2)
        institution = f"H{treatment[:2]}01000000{chance.randint(1, 3)}"
        fund = Money(chance.randint(1, 10_000))
        subject = f"{tag}-{n}"
        made.append(settlement_booked(subject, DAY, insured, treatment, institution, fund))
    return made


async def test_eight_writers_on_random_pairs_leave_gapless_and_balanced_books(
    world: World,
) -> None:
    # A deadlock would be retried by the door; without attempts to spare it would be an error.
    world.app.state.hub = replace(world.hub, attempts_max=1)
    made: list[list[Entry]] = []

    async def writer(seed: int) -> None:
        chance = random.Random(seed)  # noqa: S311 -- a scattering, not a secret
        for turn in range(ROUNDS):
            entries = some_entries(chance, f"{seed}-{turn}")
            made.append(entries)
            cut = chance.randint(0, len(entries))
            await booked(world, entries[:cut], entries[cut:])

    await asyncio.gather(*(writer(seed) for seed in range(WRITERS)))

    proof = await proven(world)
    assert proof.holds
    assert proof.entries == sum(len(entries) for entries in made)
    expected: dict[str, tuple[int, int]] = {}
    for posting in (p for entries in made for each in entries for p in each.postings):
        for account, fen in (
            (posting.debit, posting.amount.fen),
            (posting.credit, -posting.amount.fen),
        ):
            balance, version = expected.get(account.name, (0, 0))
            expected[account.name] = (balance + fen, version + 1)
    assert await balances(world) == expected


async def test_a_new_account_used_by_many_at_once_is_created_once(world: World) -> None:
    made = [
        settlement_booked(f"new-{n}", DAY, "640000", "650000", "H65010000001", Money(1))
        for n in range(WRITERS)
    ]
    await asyncio.gather(*(booked(world, [each]) for each in made))
    kept = await balances(world)
    assert kept["uncleared:640000:650000"] == (WRITERS, WRITERS)
    assert (await proven(world)).holds
