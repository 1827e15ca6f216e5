"""Which filing covers an admission, and which reasons are told when none does."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from app.filing import errors, rules
from app.filing.model import Filing, FilingKind, FilingState, Term
from app.kernel.costs import CostKind
from app.kernel.refusal import Refusal
from app.kernel.regions import Scheme

DAY = date(2025, 10, 1)
FILING = Filing(
    id=1,
    number="Y1100002509010000001",
    worker_id=1,
    worker="W1100002509010000001",
    kind=FilingKind.REFERRAL,
    insured_region="110000",
    treatment_region="370100",
    scheme=Scheme.CROSS_PROVINCE,
    cost_kinds=frozenset({CostKind.MEDICAL}),
    asked_first_day=None,
    term=Term(date(2025, 9, 1), date(2026, 3, 1)),
    ended_on=None,
    admission_deadline=None,
    state=FilingState.APPROVED,
    submitted_by="110000",
    submitted_at=datetime(2025, 9, 1, tzinfo=UTC),
    decided_at=datetime(2025, 9, 1, tzinfo=UTC),
    decided_by="110000",
    reason=None,
    referral=None,
    replaces=None,
    replaced_by=None,
    open_visits=0,
    admitted_once=False,
    policy_version="test",
    revision=1,
)


def variant(**change: object) -> Filing:
    return replace(FILING, **change)  # type: ignore[arg-type]  # fields by name


def outcome(*filings: Filing, day: date = DAY) -> int | list[str]:
    found = rules.covering(filings, "370100", CostKind.MEDICAL, day)
    return found.id if isinstance(found, Filing) else [it.code for it in found]


ELSEWHERE = {"treatment_region": "330000"}
OTHER_KIND = {"cost_kinds": frozenset({CostKind.DEVICE})}
# Each line breaks everything the line below it breaks, and one thing more, in precedence.
PRECEDENCE = [
    (
        {"state": FilingState.SUBMITTED, **ELSEWHERE, **OTHER_KIND},
        date(2025, 8, 31),
        [
            "filing-not-approved",
            "filing-area-mismatch",
            "filing-cost-kind",
            "filing-not-started",
        ],
    ),
    (
        {"state": FilingState.CANCELLED, **ELSEWHERE, **OTHER_KIND},
        date(2026, 3, 2),
        ["filing-terminated", "filing-area-mismatch", "filing-cost-kind", "filing-expired"],
    ),
    (
        {**ELSEWHERE, **OTHER_KIND},
        date(2025, 8, 31),
        ["filing-area-mismatch", "filing-cost-kind", "filing-not-started"],
    ),
    (OTHER_KIND, date(2026, 3, 2), ["filing-cost-kind", "filing-expired"]),
    ({}, date(2025, 8, 31), ["filing-not-started"]),
    ({}, date(2026, 3, 2), ["filing-expired"]),
    ({"admission_deadline": date(2025, 9, 30)}, DAY, ["filing-admission-deadline"]),
]


@pytest.mark.parametrize(("change", "day", "codes"), PRECEDENCE)
def test_all_reasons_are_told_in_order_of_precedence(
    change: dict[str, object], day: date, codes: list[str]
) -> None:
    assert outcome(variant(**change), day=day) == codes


def test_the_order_told_is_the_order_of_the_errors() -> None:
    order = [
        it.code
        for it in vars(errors).values()
        if isinstance(it, type) and issubclass(it, Refusal) and hasattr(it, "code")
    ]
    for _, _, codes in PRECEDENCE:
        assert codes == sorted(codes, key=order.index)


@pytest.mark.parametrize(
    ("change", "covers"),
    [
        ({}, True),
        ({"treatment_region": "370000"}, True),
        ({"state": FilingState.EXPIRED}, True),
        ({"admission_deadline": DAY}, True),
        ({"admission_deadline": date(2025, 9, 30), "admitted_once": True}, True),
        ({"state": FilingState.CHANGED}, False),
        ({"state": FilingState.TERMINATED}, False),
        ({"state": FilingState.REJECTED}, False),
    ],
)
def test_the_day_of_admission_decides(change: dict[str, object], *, covers: bool) -> None:
    assert (outcome(variant(**change)) == 1) is covers


@pytest.mark.parametrize("day", [date(2025, 9, 1), date(2026, 3, 1)])
def test_both_ends_of_the_term_are_usable(day: date) -> None:
    assert outcome(FILING, day=day) == 1


def test_without_a_filing_that_is_the_reason() -> None:
    assert outcome() == ["filing-missing"]


def test_the_closest_filing_gives_the_reasons_and_the_latest_of_equals() -> None:
    far = variant(id=3, **ELSEWHERE, **OTHER_KIND)
    near, newer = variant(id=1, **ELSEWHERE), variant(id=2, **OTHER_KIND)
    assert outcome(far, near) == ["filing-area-mismatch"]
    assert outcome(far, near, newer) == ["filing-cost-kind"]
    assert outcome(far, near, newer, variant(id=4)) == 4


def test_what_is_usable_here_today_opens_something() -> None:
    both = variant(id=2, cost_kinds=frozenset(CostKind))
    gone = variant(id=3, state=FilingState.CANCELLED)
    away = variant(id=4, **ELSEWHERE)
    found = rules.usable([FILING, both, gone, away], "370100", DAY)
    assert [filing.id for filing in found] == [1, 2]


def test_a_filing_serves_a_place_and_a_cost_whatever_the_day() -> None:
    assert FILING.serves("370100", CostKind.MEDICAL)
    assert not FILING.serves("370200", CostKind.MEDICAL)
    assert not FILING.serves("370100", CostKind.DEVICE)
    assert FILING.cover.name == FILING.number
