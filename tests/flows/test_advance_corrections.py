"""A payer corrects what it said of an advance, also on another day and by another person."""

from __future__ import annotations

from tests.support.advance import NOTICES, another, done, open_payments, quota_changed, saying
from tests.support.parties import seeded
from tests.support.world import World

BEIJING, SHANDONG = "110000", "370000"


async def test_the_next_day_another_person_of_the_payer_corrects_what_was_said(
    world: World,
) -> None:
    await seeded(world)
    await quota_changed(world, BEIJING, SHANDONG, "80000.00")
    (notice,) = await open_payments(world, BEIJING, SHANDONG)
    payer, path = world.agency(BEIJING), f"{NOTICES}/{notice['number']}/confirmations"
    await done(payer.post(path, saying(notice)))
    world.clock.advance(days=1)
    right = saying(notice, paid_on="2025-09-02")
    corrected = await done(another(payer).post(path, right))
    assert (corrected["bank_reference"], corrected["paid_on"]) == (
        right["bank_reference"],
        "2025-09-02",
    )
    receipt = f"{NOTICES}/{notice['counterpart']}/confirmations"
    booked = await done(world.agency(SHANDONG).post(receipt, right))
    assert booked["state"] == "received"
