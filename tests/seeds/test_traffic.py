"""Planned traffic can be repeated, keeps the rules of the road, and looks like the country."""

from __future__ import annotations

from collections import Counter
from datetime import timedelta
from itertools import pairwise

import pytest

from app.kernel.calendar import Month, corresponding_day
from app.kernel.regions import covers, province_of
from app.sandbox.catalogues import KINDS, items_of
from app.sandbox.places import institutions, provinces
from app.sandbox.traffic import RECEIVING, SENDING, PlannedVisit, plan

AUGUST = Month(2025, 8)
CASES = tuple(plan(1500, 4, 7, AUGUST))
STAYS = [(case, visit) for case in CASES for visit in case.visits if visit.discharged_on]
FITTINGS = [(case, visit) for case in CASES for visit in case.visits if not visit.discharged_on]
INSTITUTIONS = {institution.code: institution for institution in institutions()}


def _yuan(visit: PlannedVisit) -> float:
    return sum(line.amount.fen for line in visit.lines) / 100


def _is_over(place: str, visit: PlannedVisit) -> bool:
    """Say whether any line of a visit costs more than the place's cap."""
    caps = {row.code: row.cap for kind in KINDS for row in items_of(place, kind) if row.cap}
    return any(line.code in caps and line.price > caps[line.code] for line in visit.lines)


def test_the_same_arguments_give_the_same_plan() -> None:
    assert tuple(plan(50, 4, 7, AUGUST)) == CASES[:50]
    assert tuple(plan(50, 4, 8, AUGUST)) != CASES[:50]


def test_everybody_is_planned_once() -> None:
    assert [case.number for case in CASES] == list(range(1, 1501))
    assert [case.person for case in CASES] == list(range(1500))


@pytest.mark.parametrize(
    ("workers", "months", "first"),
    [(-1, 1, AUGUST), (1, 0, AUGUST), (1, 1, Month(2024, 3))],
)
def test_an_impossible_plan_is_refused_at_once(workers: int, months: int, first: Month) -> None:
    with pytest.raises(ValueError, match="a plan has workers"):
        plan(workers, months, 1, first)


def test_nobody_and_a_single_month_can_be_planned() -> None:
    assert list(plan(0, 1, 1, AUGUST)) == []
    february = Month(2026, 2)
    for case in plan(300, 1, 1, february):
        assert all(february.first <= visit.admitted_on <= february.last for visit in case.visits)


def test_everything_happens_within_the_months_planned() -> None:
    first, last = AUGUST.first, AUGUST.plus(3).last
    for case in CASES:
        assert case.determined_on < case.filing.first_day
        assert case.filing.first_day >= first
        assert all((visit.discharged_on or visit.admitted_on) <= last for visit in case.visits)


def test_every_admission_lies_in_the_filings_term() -> None:
    for case in CASES:
        filing = case.filing
        months = 6 if filing.kind == "referral" else 12
        assert filing.last_day == corresponding_day(filing.first_day, months)
        for visit in case.visits:
            assert filing.first_day <= visit.admitted_on <= filing.last_day
            if filing.kind == "referral":
                assert visit.admitted_on <= filing.first_day + timedelta(days=30)


def test_a_workers_stays_follow_each_other_and_some_come_back() -> None:
    for case in CASES:
        for before, after in pairwise(case.visits):
            assert before.discharged_on is not None
            assert before.discharged_on < after.admitted_on
    assert {1, 2} <= {len(case.visits) for case in CASES} <= {1, 2, 3}


def test_every_visit_crosses_a_province_to_an_institution_open_for_it() -> None:
    for case in CASES:
        assert case.insured_province == province_of(case.insured_place)
        assert case.insured_province != case.treatment_province
        for visit in case.visits:
            institution = INSTITUTIONS[visit.institution]
            assert province_of(institution.region) == case.treatment_province
            assert covers(case.filing.treatment_place, institution.region)
            assert case.cost_kind in institution.types
            assert "cross_province" in institution.schemes
            assert institution.first_day <= visit.admitted_on


def test_the_determination_is_of_the_matching_kind() -> None:
    kinds = {(case.cost_kind, case.determination_kind) for case in CASES}
    assert kinds == {
        ("medical", "injury"),
        ("medical", "recurrence"),
        ("rehabilitation", "rehabilitation"),
        ("device", "device"),
    }


def test_a_fitting_is_of_devices_and_nothing_else_is() -> None:
    assert {case.cost_kind for case, _ in FITTINGS} == {"device"}
    assert {line.kind for _, visit in FITTINGS for line in visit.lines} == {"device"}
    assert "device" not in {line.kind for _, visit in STAYS for line in visit.lines}


def test_lines_are_numbered_and_dated_within_the_visit() -> None:
    for case in CASES:
        for visit in case.visits:
            last = visit.discharged_on or visit.admitted_on
            assert [line.serial for line in visit.lines] == list(range(1, len(visit.lines) + 1))
            assert all(visit.admitted_on <= line.day <= last for line in visit.lines)
            assert all(line.price.fen > 0 and line.quantity != 0 for line in visit.lines)


def test_a_refund_takes_back_no_more_than_was_charged() -> None:
    refunds = 0
    for _, visit in STAYS:
        lines = {line.serial: line for line in visit.lines}
        left = {line.serial: line.quantity for line in visit.lines if line.refund_of is None}
        for line in visit.lines:
            assert (line.quantity < 0) == (line.refund_of is not None)
            if line.refund_of is not None:
                charged = lines[line.refund_of]
                assert (charged.code, charged.price) == (line.code, line.price)
                assert charged.serial < line.serial
                assert charged.day <= line.day
                left[line.refund_of] += line.quantity
                refunds += 1
        assert min(left.values()) >= 0
    assert refunds > 50


def test_a_stay_costs_what_stays_cost() -> None:
    mean = sum(_yuan(visit) for _, visit in STAYS) / len(STAYS)
    assert 11_000 < mean < 15_000
    assert all(5 <= len(visit.lines) <= 40 for _, visit in STAYS)
    assert any(_yuan(visit) >= 30_000 for _, visit in STAYS)


def test_every_reason_of_the_adjudication_has_its_cases() -> None:
    lines = [line for _, visit in STAYS for line in visit.lines]
    assert 0.01 < sum(not line.injury_related for line in lines) / len(lines) < 0.1
    assert 0.01 < sum(line.code.startswith("X99") for line in lines) / len(lines) < 0.05
    over = sum(_is_over(case.treatment_province, visit) for case, visit in STAYS)
    assert 0.1 < over / len(STAYS) < 0.9
    fitted_over = sum(_is_over(case.insured_province, visit) for case, visit in FITTINGS)
    assert 0.1 < fitted_over / len(FITTINGS) < 0.9


def test_a_few_pairs_carry_much_and_every_province_sends_and_receives() -> None:
    pairs = Counter((case.insured_province, case.treatment_province) for case in CASES)
    busiest = sum(count for _, count in pairs.most_common(10))
    assert busiest > len(CASES) * 0.25
    assert len(pairs) > 300
    assert sorted(SENDING) == sorted(RECEIVING) == sorted(provinces())
    assert {insured for insured, _ in pairs} == set(provinces())
