"""What a determination opens, from when to when, and what ends it."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.entitlement import errors, rules
from app.entitlement.model import (
    LIFE,
    Determination,
    DeterminationEvent,
    DeterminationKind,
    DeterminationState,
)
from app.kernel.costs import CostKind
from app.kernel.lifecycle import NoSuchMove

DAY = date(2025, 9, 1)
BORN = date(1980, 1, 1)
INJURY = Determination(
    id=1,
    number="D1100002509010000001",
    worker_id=1,
    worker="W1100002509010000001",
    kind=DeterminationKind.INJURY,
    document_number="1",
    decided_on=date(2025, 1, 15),
    last_day=None,
    injured_parts=(),
    diagnoses=(),
    third_party=False,
    state=DeterminationState.ACTIVE,
    registered_by="110000",
    created_at=datetime(2025, 1, 16, tzinfo=UTC),
)


def of(kind: DeterminationKind, **other: object) -> Determination:
    return replace(INJURY, kind=kind, **other)  # type: ignore[arg-type]  # fields by name


@pytest.mark.parametrize(
    ("kind", "opens"),
    [
        (DeterminationKind.INJURY, CostKind.MEDICAL),
        (DeterminationKind.RECURRENCE, CostKind.MEDICAL),
        (DeterminationKind.REHABILITATION, CostKind.REHABILITATION),
        (DeterminationKind.DEVICE, CostKind.DEVICE),
    ],
)
def test_each_determination_opens_its_own_costs(kind: DeterminationKind, opens: CostKind) -> None:
    on_record = [of(kind)]
    opened = {cost for cost in CostKind if rules.supports(on_record, cost, DAY)}
    assert opened == {opens}
    missing = rules.unsupported(on_record, CostKind, DAY)
    assert [it.facts["cost_kind"] for it in missing] == sorted(set(CostKind) - {opens})


@pytest.mark.parametrize(
    ("change", "day", "stands"),
    [
        ({}, date(2025, 1, 14), False),
        ({}, date(2025, 1, 15), True),
        ({"last_day": DAY}, DAY, True),
        ({"last_day": DAY}, date(2025, 9, 2), False),
        ({"state": DeterminationState.WITHDRAWN}, DAY, False),
    ],
)
def test_a_determination_is_in_force_from_its_day_to_its_last(
    change: dict[str, object], day: date, *, stands: bool
) -> None:
    found = rules.supports([of(DeterminationKind.INJURY, **change)], CostKind.MEDICAL, day)
    assert (found is not None) is stands


def test_one_without_third_party_comes_first_then_the_latest() -> None:
    theirs = replace(INJURY, id=2, third_party=True, decided_on=date(2025, 8, 1))
    later = replace(INJURY, id=3, decided_on=date(2025, 2, 1))
    assert rules.supports([INJURY, theirs], CostKind.MEDICAL, DAY) == INJURY
    assert rules.supports([INJURY, theirs, later], CostKind.MEDICAL, DAY) == later
    assert rules.supports([theirs], CostKind.MEDICAL, DAY) == theirs


def test_the_earliest_that_stands_counts() -> None:
    withdrawn = replace(INJURY, decided_on=date(2024, 1, 1), state=DeterminationState.WITHDRAWN)
    relapse = of(DeterminationKind.RECURRENCE, decided_on=date(2025, 6, 1))
    found = rules.earliest([withdrawn, relapse, INJURY], [CostKind.MEDICAL, CostKind.DEVICE])
    assert found == {CostKind.MEDICAL: INJURY.decided_on}


@pytest.mark.parametrize(
    ("decided_on", "last_day", "field"),
    [
        (DAY, None, None),
        (DAY, DAY, None),
        (date(1980, 1, 1), None, None),
        (date(1979, 12, 31), None, "decided_on"),
        (date(2025, 9, 2), None, "decided_on"),
        (DAY, date(2025, 8, 31), "last_day"),
    ],
)
def test_a_determination_lies_in_the_workers_life_and_not_ahead(
    decided_on: date, last_day: date | None, field: str | None
) -> None:
    found = rules.dates_fault(decided_on, last_day, date(1980, 1, 1), DAY)
    assert (found and found.facts["field"]) == field


@pytest.mark.parametrize(
    ("lost_on", "lost"), [(None, False), (DAY, False), (date(2025, 8, 31), True)]
)
def test_the_day_of_the_loss_is_the_last_one_entitled(lost_on: date | None, *, lost: bool) -> None:
    assert isinstance(rules.lost(lost_on, DAY), errors.EntitlementLost) is lost


def test_a_loss_is_reported_when_it_has_happened() -> None:
    assert rules.loss_fault(DAY, BORN, DAY) is None
    assert isinstance(rules.loss_fault(date(2025, 9, 2), BORN, DAY), errors.LossInFuture)


def test_nobody_loses_an_entitlement_before_birth() -> None:
    assert rules.loss_fault(BORN, BORN, DAY) is None
    early = rules.loss_fault(date(1979, 12, 31), BORN, DAY)
    assert isinstance(early, errors.LossBeforeBirth)
    assert not early.facts, "a date of birth is told to nobody"


def test_a_determination_is_withdrawn_once() -> None:
    event = DeterminationEvent.WITHDRAW
    assert LIFE.after(LIFE.start, event) is DeterminationState.WITHDRAWN
    assert LIFE.states() == set(DeterminationState)
    with pytest.raises(NoSuchMove):
        LIFE.after(DeterminationState.WITHDRAWN, event)
