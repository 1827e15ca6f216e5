"""The log of deliveries is cut back by the tick, by age, and by nobody else."""

from __future__ import annotations

from collections import Counter
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
import sqlalchemy as sa
from sqlalchemy.exc import DBAPIError

from app.deadlines.model import Act
from app.events.service.pruning import STEP
from tests.support.deadlines import ticked
from tests.support.events import announced, logged, open_events_world, subscribed
from tests.support.parties import seeded
from tests.support.world import World

DAYS, DEAD_LETTER_DAYS = 10, 90
KEEP = sa.text(
    """
    INSERT INTO delivery (subscription_id, announcement_seq, attempt, at, outcome, fault)
    SELECT s.id, (SELECT max(seq) FROM announcement), 1, now() - make_interval(days => :days),
           :outcome, CASE :outcome WHEN 'delivered' THEN NULL ELSE 'unreachable' END
      FROM subscription s, generate_series(1, :attempts)
    """
).bindparams(
    sa.bindparam("days", type_=sa.Integer),
    sa.bindparam("attempts", type_=sa.Integer),
    sa.bindparam("outcome", type_=sa.Text),
)

WISH = sa.text(
    """
    INSERT INTO redelivery (subscription_id, announcement_seq, asked_at, asked_by, done_at)
    SELECT s.id, (SELECT max(seq) FROM announcement), now(), 'test',
           now() - make_interval(days => :met)
      FROM subscription s
    """
).bindparams(sa.bindparam("met", type_=sa.Integer))
LEFT = "SELECT (now()::date - done_at::date) FROM redelivery ORDER BY id"


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def hub(database_url: str) -> AsyncIterator[World]:
    limits = {"delivery_log_days": DAYS, "dead_letter_days": DEAD_LETTER_DAYS}
    async with open_events_world(database_url, **limits) as it:
        await seeded(it)
        await announced(it, "anything")
        yield it


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def subscription(hub: World) -> str:
    """A subscription with a log, whose last attempts are of today."""
    made = await subscribed(hub.agency("370000"), "http://127.0.0.1:1/hook")
    return str(made["number"])


async def attempted(world: World, outcome: str, days_ago: int, attempts: int = 1) -> None:
    async with world.tx() as tx:
        row = {"outcome": outcome, "days": days_ago, "attempts": attempts}
        await tx.execute(KEEP, row)


async def pruned(world: World, day: str) -> int:
    """Let a day come, and tell how many attempts the tick removed."""
    found = await ticked(world, day)
    return next(it.found for it in found.done if it.due.act is Act.PRUNE_DELIVERIES)


async def test_old_attempts_go_and_dead_letters_stay_longer(hub: World, subscription: str) -> None:
    assert await pruned(hub, "2025-09-01") == 0
    for days_ago in (0, DAYS - 1, DAYS + 1, DEAD_LETTER_DAYS + 1):
        for outcome in ("delivered", "failed", "given_up"):
            await attempted(hub, outcome, days_ago)
    # A sandbox's clock that is moved ages nothing: attempts are made in the wall's time.
    assert await pruned(hub, "2027-09-02") == 5
    left = Counter(it["outcome"] for it in await logged(hub.agency("370000"), subscription))
    assert left == {"delivered": 2, "failed": 2, "given_up": 3}
    assert await pruned(hub, "2027-09-03") == 0


@pytest.mark.usefixtures("subscription")
async def test_what_is_more_than_a_step_goes_in_several(hub: World) -> None:
    await attempted(hub, "delivered", DAYS + 1, STEP + 1)
    await attempted(hub, "given_up", DEAD_LETTER_DAYS + 1, STEP + 1)
    assert await pruned(hub, "2027-09-04") == 2 * (STEP + 1)


async def test_the_service_removes_nothing_but_what_is_old(hub: World, subscription: str) -> None:
    with pytest.raises(DBAPIError, match="permission denied"):
        async with hub.service_tx() as tx:
            await tx.exec_driver_sql("DELETE FROM delivery")
    await attempted(hub, "given_up", 2)
    await attempted(hub, "delivered", 0)
    async with hub.service_tx() as tx:
        await tx.exec_driver_sql("SELECT prune_deliveries(-9, -9, 1000)")
    async with hub.tx() as tx:
        ages = sa.text("SELECT DISTINCT at > now() - interval '1 day' FROM delivery")
        assert list((await tx.execute(ages)).scalars()) == [True]
    assert len(await logged(hub.agency("370000"), subscription)) > 0


@pytest.mark.usefixtures("subscription")
async def test_old_wishes_for_a_redelivery_go_once_they_were_met(hub: World) -> None:
    for met in (None, 0, DAYS - 1, DAYS + 1, DEAD_LETTER_DAYS + 1):
        async with hub.tx() as tx:
            await tx.execute(WISH, {"met": met})
    assert await pruned(hub, "2027-09-05") == 2
    async with hub.service_tx() as tx:
        await tx.exec_driver_sql("SELECT prune_redeliveries(-9, 1000)")
    async with hub.tx() as tx:
        left = (await tx.exec_driver_sql(LEFT)).scalars().all()
    assert left == [None, 0]
    with pytest.raises(DBAPIError, match="permission denied"):
        async with hub.service_tx() as tx:
            await tx.exec_driver_sql("DELETE FROM redelivery")
    async with hub.hub.engine.begin() as connection:
        await connection.exec_driver_sql("SELECT hub_as('agency', '370000', '37', false)")
        asked = "SELECT prune_redeliveries(1, 1000)"
        assert (await connection.exec_driver_sql(asked)).scalar_one() == 0


@pytest.mark.usefixtures("subscription")
async def test_nobody_but_the_hub_removes_anything(hub: World) -> None:
    await attempted(hub, "delivered", DEAD_LETTER_DAYS + 1)
    async with hub.hub.engine.begin() as connection:
        await connection.exec_driver_sql("SELECT hub_as('agency', '370000', '37', false)")
        asked = "SELECT prune_deliveries(1, 1, 1000)"
        assert (await connection.exec_driver_sql(asked)).scalar_one() == 0
