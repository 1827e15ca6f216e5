"""When an event is tried again and when it is given up, on paper."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.events.model import (
    LIFE,
    Attempt,
    DeliveryFault,
    DeliveryOutcome,
    Event,
    Next,
    Owner,
    Position,
    Subscription,
    SubscriptionState,
)
from app.events.rules import pacing
from app.events.rules.pacing import LONGEST, Patience
from app.kernel.parties import PartyKind

NOW = datetime(2026, 1, 1, tzinfo=UTC)
PATIENCE = Patience(attempts_max=3, disable_after=timedelta(hours=24))
IT = Subscription(
    id=1, number="E3700002509010000001",
    owner=Owner(kind=PartyKind.AGENCY, party="370000", region="370000"),
    url="https://events.example.com", topics=(), state=SubscriptionState.ACTIVE, created_at=NOW,
    position=Position(5, 1), attempts=0, failing_since=None, next_at=NOW,
)  # fmt: skip
EVENT = Event(position=Position(7, 9), at=NOW, topic="review.closed", subject="x", body={})
IN_TURN, AGAIN = Next(event=EVENT, redelivery=None), Next(event=EVENT, redelivery=4)
ARRIVED = Attempt(status=204, fault=None)
LOST = Attempt(status=None, fault=DeliveryFault.TIMED_OUT)


@given(st.integers(1, 10_000), st.floats(0, 1))
def test_a_pause_is_between_half_and_the_whole_of_its_step_and_never_too_long(
    attempts: int, jitter: float
) -> None:
    whole = pacing.delay(attempts, 0)
    assert whole / 2 <= pacing.delay(attempts, jitter) <= whole <= LONGEST


def test_pauses_double_from_five_seconds() -> None:
    assert [pacing.delay(n, 0).total_seconds() for n in (1, 2, 3, 4)] == [5, 10, 20, 40]
    assert pacing.delay(13, 0) == timedelta(seconds=20_480)
    assert pacing.delay(14, 0) == LONGEST


def test_the_last_attempt_gives_up() -> None:
    assert pacing.outcome(IT, ARRIVED, PATIENCE) is DeliveryOutcome.DELIVERED
    assert pacing.outcome(IT, LOST, PATIENCE) is DeliveryOutcome.FAILED
    assert pacing.outcome(replace(IT, attempts=2), LOST, PATIENCE) is DeliveryOutcome.GIVEN_UP
    assert pacing.outcome(replace(IT, attempts=2), ARRIVED, PATIENCE) is DeliveryOutcome.DELIVERED


def test_what_fails_keeps_its_turn_and_remembers_since_when() -> None:
    first = pacing.after(IT, IN_TURN, DeliveryOutcome.FAILED, NOW, 0)
    assert (first.position, first.attempts, first.failing_since) == (IT.position, 1, NOW)
    assert first.next_at == NOW + timedelta(seconds=5)
    later = NOW + timedelta(hours=1)
    second = pacing.after(pacing.moved(IT, first), IN_TURN, DeliveryOutcome.FAILED, later, 0)
    assert (second.attempts, second.failing_since) == (2, NOW)


def test_what_arrives_ends_the_failing_and_what_is_given_up_does_not() -> None:
    failing = replace(IT, attempts=2, failing_since=NOW)
    arrived = pacing.after(failing, IN_TURN, DeliveryOutcome.DELIVERED, NOW, 0)
    assert (arrived.position, arrived.attempts, arrived.failing_since) == (EVENT.position, 0, None)
    given_up = pacing.after(failing, IN_TURN, DeliveryOutcome.GIVEN_UP, NOW, 0)
    assert (given_up.position, given_up.attempts, given_up.failing_since) == (
        EVENT.position, 0, NOW,
    )  # fmt: skip
    at_once = pacing.after(IT, IN_TURN, DeliveryOutcome.GIVEN_UP, NOW, 0)
    assert at_once.failing_since == NOW


def test_what_was_asked_for_again_moves_nothing() -> None:
    for outcome in DeliveryOutcome:
        assert pacing.after(IT, AGAIN, outcome, NOW, 0).position == IT.position


@pytest.mark.parametrize(("hours", "too_long"), [(23, False), (24, True)])
def test_failing_for_long_is_too_long(hours: int, too_long: bool) -> None:  # noqa: FBT001 -- the row of a table
    failing = replace(IT, failing_since=NOW - timedelta(hours=hours))
    assert pacing.has_failed_too_long(failing, NOW, PATIENCE) is too_long
    assert not pacing.has_failed_too_long(IT, NOW, PATIENCE)


def test_every_state_is_reached_and_only_the_end_is_final() -> None:
    assert LIFE.states() == set(SubscriptionState)
    assert LIFE.ends() == {SubscriptionState.ENDED}
