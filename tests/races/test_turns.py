"""So many are worked on, so many wait; a queue that stands serves the newest and thins out."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass

import pytest

from app.runtime.turns import NoTurnError, Turns

FOREVER = 3_600.0


@dataclass(slots=True)
class Moment:
    """The clock of a queue."""

    now: float = 0.0

    def __call__(self) -> float:
        return self.now


def turns(clock: Moment, *, waiting_max: int = 4, patience: float = FOREVER) -> Turns:
    return Turns(
        working_max=1,
        waiting_max=waiting_max,
        patience=patience,
        target=1.0,
        interval=10.0,
        clock=clock,
    )


async def queue_up(it: Turns, *names: str) -> tuple[list[str], list[asyncio.Task[None]]]:
    """Let these wait one after the other; the list tells who got a turn, in order."""
    served: list[str] = []

    async def one(name: str) -> None:
        await it.take()
        served.append(name)

    tasks = []
    for name in names:
        tasks.append(asyncio.create_task(one(name)))
        await asyncio.sleep(0)
    return served, tasks


async def passed_on(it: Turns, times: int) -> None:
    """Give back so many turns."""
    for _ in range(times):
        it.give_back()
        await asyncio.sleep(0)
        await asyncio.sleep(0)


async def sent_away(*tasks: asyncio.Task[None]) -> list[bool]:
    """Tell of each whether it was sent away for being late."""
    ends = await asyncio.gather(*tasks, return_exceptions=True)
    return [isinstance(end, NoTurnError) and end.reason == "late" for end in ends]


async def test_a_queue_that_drains_is_served_in_order_of_arrival() -> None:
    it = turns(Moment())
    await it.take()
    served, _ = await queue_up(it, "first", "second", "third")
    assert (it.working, it.waiting) == (1, 3)
    await passed_on(it, 3)
    assert served == ["first", "second", "third"]
    await passed_on(it, 1)
    assert (it.working, it.waiting) == (0, 0)


async def test_no_room_to_wait_is_said_at_once() -> None:
    it = turns(Moment(), waiting_max=2)
    await it.take()
    await queue_up(it, "first", "second")
    with pytest.raises(NoTurnError) as none:
        await it.take()
    assert none.value.reason == "full"
    await passed_on(it, 3)


async def test_patience_ends() -> None:
    it = turns(Moment(), patience=0.01)
    await it.take()
    with pytest.raises(NoTurnError) as none:
        await it.take()
    assert none.value.reason == "late"
    assert (it.working, it.waiting) == (1, 0)
    it.give_back()
    await it.take()
    assert it.working == 1


async def test_a_queue_that_stands_serves_the_newest_and_sends_the_oldest_away() -> None:
    clock = Moment()
    it = turns(clock)
    await it.take()
    _, tasks = await queue_up(it, "oldest", "old")
    clock.now = 1.5
    assert not it.is_full  # a look: behind since the first second
    clock.now = 10.9
    served, _ = await queue_up(it, "new", "newest")
    assert not it.stands
    clock.now = 11.0
    await passed_on(it, 1)
    assert it.stands
    assert served == ["newest"]
    assert await sent_away(*tasks) == [True, True]
    assert (it.working, it.waiting) == (1, 1)
    await passed_on(it, 1)
    assert served == ["newest", "new"]


async def test_a_long_queue_that_moves_on_in_time_does_not_stand() -> None:
    clock = Moment()
    it = turns(clock)
    await it.take()
    served, _ = await queue_up(it, "0", "1", "2")
    for number in range(3, 40):
        clock.now += 0.3  # everybody is served within the target
        await passed_on(it, 1)
        await queue_up(it, str(number))
        assert not it.stands
    assert served == ["0", "1", "2"]


async def test_who_is_behind_for_a_while_only_keeps_the_order() -> None:
    clock = Moment()
    it = turns(clock)
    await it.take()
    served, _ = await queue_up(it, "slow")
    clock.now = 5.0
    assert not it.is_full  # a look: behind
    await passed_on(it, 1)
    served, _ = await queue_up(it, "first")
    assert not it.is_full  # a look: in time again
    clock.now = 12.0
    await queue_up(it, "second")
    await passed_on(it, 1)
    assert not it.stands
    assert served == ["first"]


async def test_room_is_made_by_who_has_waited_too_long_while_the_queue_stands() -> None:
    clock = Moment()
    it = turns(clock, waiting_max=2)
    await it.take()
    _, tasks = await queue_up(it, "oldest", "old")
    clock.now = 2.0
    assert it.is_full
    clock.now = 11.0
    served, _ = await queue_up(it, "new")
    assert await sent_away(*tasks) == [True, True]
    await passed_on(it, 1)
    assert served == ["new"]


async def test_while_the_queue_stands_no_more_may_wait_than_are_worked_on() -> None:
    clock = Moment()
    it = turns(clock)
    await it.take()
    await queue_up(it, "oldest")
    clock.now = 2.0
    assert not it.is_full
    clock.now = 10.9
    served, _ = await queue_up(it, "new")
    clock.now = 11.0
    assert it.is_full  # the oldest is gone; there were room for three more
    assert (it.stands, it.waiting) == (True, 1)
    with pytest.raises(NoTurnError) as none:
        await it.take()
    assert none.value.reason == "full"
    await passed_on(it, 1)
    assert served == ["new"]
    assert not it.is_full
    assert not it.stands
    await queue_up(it, "first", "second", "third")
    assert not it.is_full  # all the room is back


async def test_an_empty_queue_brings_the_old_order_back() -> None:
    clock = Moment()
    it = turns(clock)
    await it.take()
    await queue_up(it, "old")
    clock.now = 2.0
    assert not it.is_full
    clock.now = 11.0
    assert not it.is_full  # it stands: who waited is sent away
    assert it.stands
    assert it.waiting == 0
    served, _ = await queue_up(it, "first", "second")
    clock.now = 13.0  # longer than the target, but this queue is young
    await passed_on(it, 2)
    assert served == ["first", "second"]


async def test_who_goes_away_takes_no_turn_along() -> None:
    it = turns(Moment())
    await it.take()
    served, tasks = await queue_up(it, "gone", "gone in the moment of the turn", "staying")
    tasks[0].cancel()
    await asyncio.sleep(0)
    assert it.waiting == 2
    it.give_back()
    tasks[1].cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert served == ["staying"]
    assert (it.working, it.waiting) == (1, 0)


async def test_who_is_going_in_the_moment_of_the_turn_is_passed_over() -> None:
    it = turns(Moment())
    await it.take()
    served, tasks = await queue_up(it, "going", "staying")
    tasks[0].cancel()
    it.give_back()
    await asyncio.gather(*tasks, return_exceptions=True)
    assert served == ["staying"]
    assert (it.working, it.waiting) == (1, 0)


async def test_who_was_sent_away_in_the_moment_of_going_gives_no_turn_back() -> None:
    clock = Moment()
    it = turns(clock)
    await it.take()
    _, tasks = await queue_up(it, "late", "later")
    clock.now = 2.0
    assert not it.is_full
    clock.now = 11.0
    tasks[0].cancel()
    assert not it.is_full  # a look sends both away
    tasks[1].cancel()
    assert await sent_away(*tasks) == [False, False]
    assert (it.working, it.waiting) == (1, 0)
