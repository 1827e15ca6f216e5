"""The whole road in any order, beside a model that shares no line with it.

`HUB_MACHINE_EXAMPLES=500` plays more of them than usual, each time others.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Coroutine, Iterator
from contextlib import AsyncExitStack
from typing import Any, ClassVar

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    RuleBasedStateMachine,
    initialize,
    invariant,
    rule,
    run_state_machine_as_test,
)

from tests.books.model.days import month_text
from tests.books.money_steps import MoneySteps
from tests.books.road_steps import RoadSteps
from tests.books.stage import Stage, staged
from tests.support.settlement import SETTLEMENTS

EXAMPLES = os.environ.get("HUB_MACHINE_EXAMPLES")
AS_FOUND = os.environ.get("HUB_MACHINE_AS_FOUND") == "1"  # do not look for a shorter example
# Many short ones find what is near, a few long ones what comes after months.
PLAYS = ((16, 25), (4, 90))
N = st.integers(0, 5)
PART = st.integers(1, 5)
YES = st.booleans()
REPLIES = st.sampled_from(["accepted", "accepted_in_part", "rejected"])
AMOUNTS = st.sampled_from([5_00, 20_00, 60_00])


class RoadMachine(RuleBasedStateMachine):
    """One example: a hub on a fresh database, the model, and what is done with both."""

    runner: ClassVar[asyncio.Runner]
    stage: ClassVar[Stage]

    def __init__(self) -> None:
        super().__init__()
        self.failed = False
        self.desk, known = self.runner.run(self.stage.begin())
        self.road, self.money = RoadSteps(self.desk, known), MoneySteps(self.desk)

    def do(self, *steps: Coroutine[Any, Any, None]) -> None:
        """Do something, and remember whether it went as the model said."""
        self.failed = True
        try:
            for step in steps:
                self.runner.run(step)
        finally:
            for step in steps:
                step.close()
        self.failed = False

    @invariant()
    def the_books_are_the_models(self) -> None:
        """Every account stands where the model has it, and was moved as often."""
        self.failed = True
        assert self.runner.run(self.stage.balances()) == self.desk.books.ledger.shown()
        self.failed = False

    def teardown(self) -> None:
        """Hold everything that was kept to the model, unless something failed before."""
        try:
            if not self.failed:
                self.runner.run(self._held_to_everything())
        finally:
            self.runner.run(self.stage.end())

    @initialize(n=N)
    def begin(self, n: int) -> None:
        self.do(self.road.story(n), self.road.story(n + 2))

    # ── up to the settlement ──

    @rule(n=N, approved=YES)
    def file(self, *, n: int, approved: bool) -> None:
        self.do(self.road.file(n, approved=approved))

    @rule(n=N, approved=YES)
    def decide_filing(self, *, n: int, approved: bool) -> None:
        self.do(self.road.decide(n, approved=approved))

    @rule(n=N)
    def admit(self, n: int) -> None:
        self.do(self.road.admit(n))

    @rule(n=N, item=st.integers(0, 3), tenths=st.integers(1, 60), injury=YES)
    def charge(self, *, n: int, item: int, tenths: int, injury: bool) -> None:
        self.do(self.road.charge(n, item, tenths, injury=injury))

    @rule(n=N, m=N, tenths=st.integers(1, 40))
    def refund(self, n: int, m: int, tenths: int) -> None:
        self.do(self.road.refund(n, m, tenths))

    @rule(n=N, m=N)
    def remove(self, n: int, m: int) -> None:
        self.do(self.road.remove(n, m))

    @rule(n=N, what=st.sampled_from(["discharge", "discharge", "undo", "give up"]))
    def move(self, n: int, what: str) -> None:
        self.do(self.road.move(n, what))

    @rule(n=N)
    def preview(self, n: int) -> None:
        self.do(self.road.preview(n))

    @rule(n=N, off=st.sampled_from([0, 0, 0, 1]))
    def settle(self, n: int, off: int) -> None:
        self.do(self.road.settle(n, off))

    @rule(n=N)
    def settle_twice(self, n: int) -> None:
        self.do(self.road.settle_twice(n))

    @rule(n=N)
    def story(self, n: int) -> None:
        self.do(self.road.story(n))

    @rule(n=N, m=N)
    def two_stories(self, n: int, m: int) -> None:
        self.do(self.road.story(n), self.road.story(m))

    @rule(n=N, adjustment=YES)
    def cancel(self, *, n: int, adjustment: bool) -> None:
        self.do(self.road.cancel(n, adjustment=adjustment))

    @rule(n=N)
    def reverse(self, n: int) -> None:
        self.do(self.road.reverse(n))

    @rule(n=N)
    def cancel_and_restore(self, n: int) -> None:
        self.do(self.road.cancel(n, adjustment=True), self.road.reverse(0))

    @rule(n=N)
    def fence(self, n: int) -> None:
        self.do(self.road.fence(n))

    @rule(n=st.integers(0, 40))
    def say_again(self, n: int) -> None:
        self.do(self.desk.again(n))

    # ── review, months, hospital ──

    @rule(n=N, part=PART)
    def propose(self, n: int, part: int) -> None:
        self.do(self.money.propose(n, part))

    @rule(n=N)
    def appeal(self, n: int) -> None:
        self.do(self.money.appeal(n))

    @rule(n=N, decision=st.sampled_from(["upheld", "lowered", "withdrawn"]))
    def decide(self, n: int, decision: str) -> None:
        self.do(self.money.decide(n, decision))

    @rule(n=N, part=PART)
    def deduct(self, n: int, part: int) -> None:
        self.do(self.money.propose(n, part), self.money.appeal(0), self.money.decide(0, "upheld"))

    @rule(n=N)
    def give_back(self, n: int) -> None:
        self.do(self.money.give_back(n))

    @rule()
    def finish(self) -> None:
        self.do(self.money.finish())

    @rule(early=st.sampled_from([False, False, True]))
    def close(self, *, early: bool) -> None:
        self.do(self.money.close(early=early))

    @rule(amount=AMOUNTS)
    def pay_hospital(self, amount: int) -> None:
        self.do(self.money.pay_hospital(amount))

    # ── clearing ──

    @rule(back=st.sampled_from([0, 0, -1, 1]))
    def clear(self, back: int) -> None:
        self.do(self.money.clear(back))

    @rule(back=st.sampled_from([0, 0, -1, 1]))
    def next_quarter(self, back: int) -> None:
        self.desk.wait_until(self.desk.month() // 3 * 3 + 3, 21)
        self.do(self.money.clear(back))

    @rule(n=N, part=st.integers(0, 4))
    def contest(self, n: int, part: int) -> None:
        self.do(self.money.contest(n, part))

    @rule(n=N, part=st.integers(0, 3))
    def clear_and_contest(self, n: int, part: int) -> None:
        self.desk.wait_until(self.desk.month() // 3 * 3 + 3, 21)
        self.do(self.money.clear(), self.money.contest(n, part))

    @rule(n=N, part=PART)
    def clear_notify_and_pay(self, n: int, part: int) -> None:
        self.do(self.road.story(n))
        self.desk.wait_until(self.desk.month() // 3 * 3 + 3, 21)
        self.do(self.money.clear(), self.money.notify(0), self.money.pay(0, part))

    @rule(n=N, part=st.integers(0, 3), reply=REPLIES)
    def contest_and_reply(self, n: int, part: int, reply: str) -> None:
        self.do(self.money.contest(n, part), self.money.reply(0, reply))

    @rule(amount=AMOUNTS)
    def close_and_pay_hospital(self, amount: int) -> None:
        self.desk.wait_until(self.desk.month() + 1, 3)
        self.do(self.money.close(early=False), self.money.pay_hospital(amount))

    @rule(n=N, amount=st.sampled_from([20_00, 60_00, 150_00]))
    def change_the_advance(self, n: int, amount: int) -> None:
        self.do(self.money.quota(n, amount), self.money.receive(n))

    @rule(n=N, reply=REPLIES)
    def reply(self, n: int, reply: str) -> None:
        self.do(self.money.reply(n, reply))

    @rule(n=st.sampled_from([0, 0, 1, 2]))
    def notify(self, n: int) -> None:
        self.do(self.money.notify(n))

    @rule(n=N, part=PART)
    def pay(self, n: int, part: int) -> None:
        self.do(self.money.pay(n, part))

    @rule(n=N)
    def send_back(self, n: int) -> None:
        self.do(self.money.send_back(n))

    # ── advances ──

    @rule(n=N, mode=st.sampled_from(["warn", "hold", "hard"]))
    def mode(self, n: int, mode: str) -> None:
        self.do(self.money.mode(n, mode))

    @rule(n=N, amount=st.sampled_from([20_00, 60_00, 150_00, 400_00]))
    def quota(self, n: int, amount: int) -> None:
        self.do(self.money.quota(n, amount))

    @rule(n=N)
    def receive(self, n: int) -> None:
        self.do(self.money.receive(n))

    @rule(n=N)
    def approve_hold(self, n: int) -> None:
        self.do(self.money.approve_hold(n))

    # ── time, and what is rare ──

    @rule(days=st.integers(1, 12))
    def wait(self, days: int) -> None:
        self.desk.wait_days(days)

    @rule()
    def next_month(self) -> None:
        self.desk.wait_until(self.desk.month() + 1, 3)

    @rule(n=N, sure=st.sampled_from([False, False, False, True]))
    def lose(self, *, n: int, sure: bool) -> None:
        if sure:
            self.do(self.road.lose(n))

    @rule()
    def look(self) -> None:
        self.do(self.money.look())

    async def _held_to_everything(self) -> None:
        await self.stage.hold_to_promises()
        await self._settlements_are_the_models()
        await self._rest_is_the_models()
        for it in self.desk.books.clearings:
            told = await self.money.items_of(it)
            claims = list(it.claims.values())
            assert sum(told.values()) == sum(claim.fund for claim in claims)

    async def _settlements_are_the_models(self) -> None:
        """Each settlement stands as the model has it, in one period at most."""
        found = await self.stage.rows(
            "SELECT s.number, s.fund_fen, s.total_fen, s.month, s.deducted_fen, s.conceded_fen, "
            "s.cancelled_by IS NOT NULL, c.clearing FROM settlement s LEFT JOIN cleared_month c "
            "ON c.scheme = s.scheme AND c.month = s.month"
        )
        clearings = {str(it.quarter): it.number for it in self.desk.books.clearings}
        standing = [it for it in self.desk.books.settlements if it.cancels is None]
        assert len(found) == len(self.desk.books.settlements)
        told = {row[0]: row[1:] for row in found}
        for it in standing:
            fund, total, month, *rest = told[it.number]
            assert (fund, total, month) == (it.fund, it.total, month_text(it.month))
            clearing = clearings.get(it.clearing or "")
            assert rest == [it.deducted, it.conceded, it.cancelled, clearing]
        for it in standing[-3:]:
            again = await self.desk.read(f"{SETTLEMENTS}/{it.number}/recomputation")
            assert again["equal"]

    async def _rest_is_the_models(self) -> None:
        """So does each deduction, contest, and what the hospital is told."""
        books = self.desk.books
        found = await self.stage.rows("SELECT number, state, amount_fen FROM deduction")
        assert set(found) == {(it.number, it.state, it.fen) for it in books.deductions}
        found = await self.stage.rows("SELECT number, state, agreed_fen FROM contest")
        assert set(found) == {(it.number, it.state, it.agreed) for it in books.contests}
        found = await self.stage.rows("SELECT month, fund_fen - deducted_fen FROM review_line")
        owed = {(month_text(it), books.owed(it)) for it in books.reviewed}
        assert {it for it in owed if it[1]} == {it for it in found if it[1]}


@pytest.fixture(scope="module")
def stage(database_server: tuple[str, str], database_url: str) -> Iterator[None]:
    """A loop of the machine's own: its steps are called one by one, not from a running one."""
    with asyncio.Runner(loop_factory=asyncio.new_event_loop) as runner:
        stack = AsyncExitStack()
        RoadMachine.runner = runner
        RoadMachine.stage = runner.run(
            stack.enter_async_context(staged(database_server[0], database_url))
        )
        yield
        runner.run(stack.aclose())


@pytest.mark.usefixtures("stage")
@pytest.mark.parametrize(("examples", "steps"), PLAYS)
def test_whatever_is_done_in_whatever_order_the_hub_says_and_keeps_what_the_model_does(
    examples: int, steps: int
) -> None:
    run_state_machine_as_test(
        RoadMachine,
        settings=settings(
            max_examples=int(EXAMPLES or examples),
            stateful_step_count=steps,
            deadline=None,
            derandomize=EXAMPLES is None,
            database=None,
            suppress_health_check=list(HealthCheck),
            phases=(Phase.generate,) if AS_FOUND else tuple(Phase),
        ),
    )
