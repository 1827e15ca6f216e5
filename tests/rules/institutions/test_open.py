"""An institution admits for what it is online for on the day, and settles a while after."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

import pytest

from app.institutions.errors import (
    InstitutionNotOnline,
    InstitutionScopeMissing,
    InstitutionTypeMismatch,
)
from app.institutions.model import (
    LIFE,
    Grade,
    Institution,
    InstitutionEvent,
    InstitutionScope,
    InstitutionState,
    InstitutionType,
    Standing,
)
from app.institutions.rules import earliest_change, may_settle, not_open
from app.kernel.costs import CostKind
from app.kernel.refusal import Refusal
from app.kernel.regions import Scheme
from app.policy.book import PolicyBook

ONLINE, SUSPENDED, OFFLINE = InstitutionState
MEDICAL, REHABILITATION, DEVICE = CostKind
ACROSS, WITHIN = Scheme
OPENED, SUSPENDED_ON = date(2024, 4, 1), date(2025, 6, 1)
BACK_ON, CLOSED = date(2025, 7, 1), date(2025, 9, 1)


def standing(first_day: date, state: InstitutionState) -> Standing:
    return Standing(first_day=first_day, state=state, reason="")


def scope(cost_kind: CostKind, scheme: Scheme, last_day: date | None = None) -> InstitutionScope:
    return InstitutionScope(cost_kind=cost_kind, scheme=scheme, first_day=OPENED, last_day=last_day)


HOSPITAL = Institution(
    id=1,
    code="H37010000001",
    name="济南示例医院",
    aliases=(),
    types=frozenset({InstitutionType.MEDICAL, InstitutionType.REHABILITATION}),
    grade=Grade.THREE_A,
    region="370100",
    address="济南",
    address_aliases=(),
    specialities=(),
    uscc=None,
    source="synthetic",
    scopes=(
        scope(MEDICAL, ACROSS),
        scope(MEDICAL, WITHIN, date(2024, 12, 31)),
        scope(REHABILITATION, WITHIN),
    ),
    state=OFFLINE,
    state_since=CLOSED,
    standings=(
        standing(OPENED, ONLINE),
        standing(SUSPENDED_ON, SUSPENDED),
        standing(BACK_ON, ONLINE),
        standing(CLOSED, OFFLINE),
    ),
    revision=1,
    updated_at=datetime(2025, 1, 1, tzinfo=UTC),
)

# In order of precedence: what is wrong for good before what is wrong on the day.
NOT_OPEN: list[tuple[CostKind, Scheme, date, type[Refusal] | None]] = [
    (DEVICE, ACROSS, CLOSED, InstitutionTypeMismatch),
    (DEVICE, ACROSS, BACK_ON, InstitutionTypeMismatch),
    (REHABILITATION, ACROSS, CLOSED, InstitutionNotOnline),
    (MEDICAL, ACROSS, OPENED - timedelta(1), InstitutionNotOnline),
    (MEDICAL, ACROSS, OPENED, None),
    (MEDICAL, ACROSS, SUSPENDED_ON - timedelta(1), None),
    (MEDICAL, ACROSS, SUSPENDED_ON, InstitutionNotOnline),
    (MEDICAL, ACROSS, BACK_ON, None),
    (MEDICAL, ACROSS, CLOSED - timedelta(1), None),
    (MEDICAL, ACROSS, CLOSED, InstitutionNotOnline),
    (MEDICAL, WITHIN, date(2024, 12, 31), None),
    (MEDICAL, WITHIN, date(2025, 1, 1), InstitutionScopeMissing),
    (REHABILITATION, ACROSS, BACK_ON, InstitutionScopeMissing),
    (REHABILITATION, WITHIN, BACK_ON, None),
]


@pytest.mark.parametrize(("cost_kind", "scheme", "day", "expected"), NOT_OPEN)
def test_an_institution_admits_for_what_it_is_online_for_on_the_day(
    cost_kind: CostKind, scheme: Scheme, day: date, expected: type[Refusal] | None
) -> None:
    refusal = not_open(HOSPITAL, cost_kind, scheme, day)
    assert type(refusal) is (expected or type(None))


def test_a_refusal_names_the_institution_and_the_day_and_no_person() -> None:
    refusal = not_open(HOSPITAL, MEDICAL, ACROSS, CLOSED)
    assert refusal is not None
    assert refusal.facts == {"institution": "H37010000001", "state": OFFLINE, "day": CLOSED}


@pytest.mark.parametrize(
    ("day", "settles"),
    [
        (OPENED - timedelta(1), False),
        (OPENED, True),
        (SUSPENDED_ON, True),
        (CLOSED, True),
        (CLOSED + timedelta(60), True),
        (CLOSED + timedelta(61), False),
    ],
)
def test_open_visits_settle_for_sixty_days_after_an_institution_went_offline(
    day: date, *, settles: bool
) -> None:
    assert may_settle(HOSPITAL.standing_on(day), HOSPITAL.region, day, PolicyBook.load()) is settles


def test_a_change_begins_today_or_later_and_not_before_the_last_one() -> None:
    assert earliest_change(HOSPITAL, date(2025, 8, 1)) == CLOSED
    assert earliest_change(HOSPITAL, date(2025, 10, 1)) == date(2025, 10, 1)


def test_every_state_is_reached_and_has_a_way_on() -> None:
    assert {state for state, _ in LIFE.moves} == set(InstitutionState)
    assert set(LIFE.moves.values()) == set(InstitutionState)
    assert {event for _, event in LIFE.moves} == set(InstitutionEvent)
