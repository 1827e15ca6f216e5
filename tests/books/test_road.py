"""Admit, charge, refund, discharge, settle, cancel in any order: the ledger never lies.

Every step is refused or taken; after each the proof holds, and when everything is cancelled all
balances are what they were.
"""

from __future__ import annotations

import httpx
import pytest_asyncio
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tests.support.institutions import JINAN
from tests.support.ledger import balances, proven
from tests.support.settlement import SETTLEMENTS, cancel, preview, settle
from tests.support.visit import VISITS, admitted, line, refund, road, upload
from tests.support.world import World

STEPS = st.lists(
    st.tuples(
        st.sampled_from(
            ["charge", "refund", "remove", "discharge", "undo", "settle", "cancel", "wrong"]
        ),
        st.integers(0, 3),
    ),
    min_size=4,
    max_size=14,
)


@pytest_asyncio.fixture(scope="module", loop_scope="session", autouse=True)
async def laid(world: World) -> None:
    await road(world)


class Story:
    """One visit and what the test believes of it."""

    def __init__(self, world: World, visit: str) -> None:
        self.world = world
        self.path = f"{VISITS}/{visit}"
        self.visit = visit
        self.hospital = world.institution(JINAN)

    async def state(self) -> dict[str, object]:
        return dict((await self.world.operator.get(self.path)).json())

    async def step(self, name: str, n: int) -> int:
        """Do one thing and return its status."""
        at = await self.state()
        match name:
            case "charge":
                other = {"injury_related": n % 2 == 0, "item_code": f"D01000{n + 1}"}
                answer = await upload(self.world, self.visit, line(str(n), **other))
            case "refund":
                back = {"quantity": "-4", "amount": "-4.00", "item_code": f"D01000{n + 1}"}
                answer = await upload(self.world, self.visit, refund(f"r{n}", str(n), **back))
            case "remove":
                answer = await self.hospital.delete(f"{self.path}/lines/r{n}")
            case "discharge":
                left = {"discharged_at": self.world.clock.now.isoformat(), "way": "advised"}
                answer = await self.hospital.post(f"{self.path}/discharge", left)
            case "undo":
                answer = await self.hospital.post(f"{self.path}/discharge/undo")
            case "settle":
                answer = await settle(self.world, self.visit, str(at["total"]))
            case "wrong":
                answer = await settle(self.world, self.visit, "123456.78")
            case _:
                answer = await self.cancel()
        assert answer.status_code < 500, answer.text
        return int(answer.status_code)

    async def standing(self) -> list[dict[str, str]]:
        """Return the settlements of the visit that stand."""
        listed = await self.world.operator.get(SETTLEMENTS, visit=self.visit)
        items = listed.json()["items"]
        return [it for it in items if it["kind"] == "settlement" and not it["cancelled_by"]]

    async def cancel(self) -> httpx.Response:
        """Cancel the settlement that stands, or one that does not exist."""
        stands = await self.standing()
        number = stands[0]["number"] if stands else "A3701002509019999999"
        return await cancel(self.world, number)


@settings(
    max_examples=12,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)
@given(steps=STEPS)
async def test_whatever_happens_the_books_hold_and_cancelling_restores_them(
    world: World, steps: list[tuple[str, int]]
) -> None:
    before = {name: amount for name, (amount, _) in (await balances(world)).items()}
    story = Story(world, await admitted(world))
    for name, n in steps:
        await story.step(name, n)
        assert (await proven(world)).holds
        stands = await story.standing()
        settled = (await story.state())["state"] == "settled"
        assert len(stands) == (1 if settled else 0)
        for it in stands:
            again = await world.operator.get(f"{SETTLEMENTS}/{it['number']}/recomputation")
            assert again.json()["equal"]
    if await story.standing():
        assert (await story.cancel()).status_code == 201
    after = {name: amount for name, (amount, _) in (await balances(world)).items()}
    assert {name: before.get(name, 0) for name in after} == after
    assert (await preview(world, story.visit)).status_code in {200, 422}
