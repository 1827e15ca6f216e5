"""Registrations under rivalry: one certificate, one worker."""

from __future__ import annotations

import asyncio

from tests.support.entitlement import registration, somebody
from tests.support.world import World


async def test_registrations_of_one_certificate_at_once_make_one_worker(world: World) -> None:
    someone, agency = somebody(), world.agency("110000")
    answers = await asyncio.gather(
        *(agency.post("/v1/workers", registration(someone)) for _ in range(6))
    )
    assert {answer.status_code for answer in answers} == {200}
    assert len({answer.json()["number"] for answer in answers}) == 1
    async with world.tx() as connection:
        counted = await connection.exec_driver_sql("SELECT count(*) FROM worker")
        assert counted.scalar_one() == 1


async def test_a_card_claimed_by_two_at_once_goes_to_one(world: World) -> None:
    agency, card = world.agency("110000"), "R00000001"
    answers = await asyncio.gather(
        *(agency.post("/v1/workers", registration(somebody(), card_number=card)) for _ in range(4))
    )
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409, 409]
