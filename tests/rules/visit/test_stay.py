"""Discharge, cancellation, and the whole life of a visit, on paper."""

from __future__ import annotations

from datetime import date, datetime, timedelta

import pytest

from app.kernel.lifecycle import Lifecycle, NoSuchMove
from app.visit import rules
from app.visit.errors import DischargeOutOfOrder, LinesClosed, LinesRemain
from app.visit.model import (
    DESK_LIFE,
    LIVES,
    STAY_LIFE,
    VisitEvent,
    VisitKind,
    VisitState,
)
from tests.rules.visit.test_admission import AT, HOUR, visit

NOW = AT + timedelta(days=9)


@pytest.mark.parametrize("life", [STAY_LIFE, DESK_LIFE])
def test_only_a_cancelled_visit_has_no_way_on(life: Lifecycle[VisitState, VisitEvent]) -> None:
    assert life.ends() == {VisitState.CANCELLED}
    assert life.states() | {VisitState.DISCHARGED} == set(VisitState)


def test_every_kind_of_visit_has_a_life() -> None:
    assert set(LIVES) == set(VisitKind)


def test_a_stay_is_undone_strictly_backwards() -> None:
    assert STAY_LIFE.ways_on(VisitState.SETTLED) == (VisitEvent.REOPEN,)
    assert VisitEvent.CANCEL not in STAY_LIFE.ways_on(VisitState.DISCHARGED)
    with pytest.raises(NoSuchMove):
        STAY_LIFE.after(VisitState.SETTLED, VisitEvent.UNDO_DISCHARGE)


def test_a_fitting_has_no_discharge() -> None:
    assert VisitState.DISCHARGED not in DESK_LIFE.states()
    with pytest.raises(NoSuchMove):
        rules.discharged(visit(kind=VisitKind.FITTING), NOW, None, NOW)


@pytest.mark.parametrize(
    ("at", "last_charge", "continued_at", "allowed"),
    [
        (AT, None, None, True),
        (NOW, None, None, True),
        (AT - HOUR, None, None, False),
        (NOW + HOUR, None, None, False),
        (AT + timedelta(days=2), AT + timedelta(days=2, hours=3), None, True),
        (AT + timedelta(days=2), AT + timedelta(days=3), None, False),
        (AT + timedelta(days=2), None, AT + timedelta(days=2), True),
        (AT + timedelta(days=3), None, AT + timedelta(days=2), False),
    ],
)
def test_a_discharge_lies_between_the_last_event_and_now(
    at: datetime, last_charge: datetime | None, continued_at: datetime | None, *, allowed: bool
) -> None:
    it = visit(continued_at=continued_at)
    if allowed:
        assert rules.discharged(it, at, last_charge, NOW) is VisitState.DISCHARGED
    else:
        with pytest.raises(DischargeOutOfOrder):
            rules.discharged(it, at, last_charge, NOW)


def test_a_visit_is_cancelled_while_admitted_and_empty() -> None:
    assert rules.cancelled(visit()) is VisitState.CANCELLED
    with pytest.raises(LinesRemain):
        rules.cancelled(visit(line_count=1))
    with pytest.raises(NoSuchMove):
        rules.cancelled(visit(state=VisitState.DISCHARGED))


@pytest.mark.parametrize("state", VisitState)
def test_lines_change_while_the_visit_is_open(state: VisitState) -> None:
    it = visit(state=state)
    if state in (VisitState.ADMITTED, VisitState.DISCHARGED):
        rules.require_open(it)
    else:
        with pytest.raises(LinesClosed):
            rules.require_open(it)


def test_a_stay_is_charged_until_its_discharge_and_a_fitting_until_today() -> None:
    today = date(2025, 10, 1)
    left = visit(state=VisitState.DISCHARGED, discharged_at=AT)
    assert left.last_day(today) == date(2025, 9, 1)
    assert visit().last_day(today) == today
    reopened = visit(kind=VisitKind.FITTING, discharged_at=AT)
    assert reopened.last_day(today) == today
