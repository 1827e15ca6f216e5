"""The rules of filing: terms, places, starts, lock-in, overlap and the life of a filing."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.entitlement.errors import EntitlementLost
from app.entitlement.model import CardKind, IdentityClaim
from app.filing import rules
from app.filing.errors import CardRequired, FilingLocked, FilingUnchanged, OverrideForeign
from app.filing.model import (
    LIFE,
    Cover,
    FilingAsked,
    FilingEvent,
    FilingKind,
    FilingState,
    Referral,
    Term,
)
from app.kernel.costs import CostKind
from app.kernel.lifecycle import NoSuchMove
from app.kernel.parties import PartyKind
from app.kernel.refusal import Refusal
from app.kernel.regions import Scheme, covers
from app.policy.book import PolicyBook
from tests.rules.filing.test_covering import FILING

BOOK = PolicyBook.load()
DAY = date(2025, 9, 1)
ASKED = FilingAsked(
    kind=FilingKind.RESIDENCE,
    treatment_region="370100",
    cost_kinds=frozenset({CostKind.MEDICAL}),
)
COVER = Cover(
    name="Y1100002509010000001",
    treatment_region="370100",
    cost_kinds=frozenset({CostKind.MEDICAL, CostKind.DEVICE}),
    term=Term(DAY, date(2026, 9, 1)),
)
REFERRAL = Referral(
    diagnosis_code="S82.2",
    diagnosis="胫骨干骨折",
    institution="示例医院",
    reason="本地不具备条件",
    referred_on=DAY,
)
PLACES = ["110000", "370000", "370100", "370200", "330100", "429004"]


def codes(refusals: list[Refusal]) -> list[str]:
    return [refusal.code for refusal in refusals]


@pytest.mark.parametrize(
    ("region", "kind", "first", "last"),
    [
        ("110000", "residence", date(2025, 7, 21), date(2026, 7, 21)),
        ("110000", "referral", date(2025, 8, 31), date(2026, 2, 28)),
        ("110000", "posting", date(2024, 2, 29), date(2025, 2, 28)),
        ("370100", "posting", DAY, date(2026, 9, 1)),
        ("370100", "referral", DAY, date(2026, 3, 1)),
        ("210100", "referral", DAY, date(2026, 3, 1)),
        ("510100", "residence", DAY, date(2026, 9, 1)),
    ],
)
def test_a_term_ends_on_the_corresponding_day(
    region: str, kind: str, first: date, last: date
) -> None:
    term = rules.term_of(FilingKind(kind), first, DAY, region, BOOK)
    assert term == Term(first, last)
    assert term.covers(first)
    assert term.covers(last)


@pytest.mark.parametrize(
    ("region", "kind", "first", "deadline"),
    [
        ("210100", FilingKind.REFERRAL, DAY, date(2025, 10, 1)),
        ("210100", FilingKind.REFERRAL, date(2025, 9, 11), date(2025, 10, 11)),
        ("210100", FilingKind.RESIDENCE, DAY, None),
        ("110000", FilingKind.REFERRAL, DAY, None),
    ],
)
def test_liaoning_wants_a_referral_used_within_thirty_days(
    region: str, kind: FilingKind, first: date, deadline: date | None
) -> None:
    assert rules.admission_deadline(kind, first, DAY, region, BOOK) == deadline


@pytest.mark.parametrize(
    ("home", "place", "known", "code"),
    [
        ("110000", "370000", True, None),
        ("110000", "370100", True, None),
        ("110000", "379900", False, "treatment-place-unknown"),
        ("110000", "110000", True, "treatment-place-at-home"),
        ("370100", "370000", True, "treatment-place-at-home"),
        ("370100", "370100", True, "treatment-place-at-home"),
        ("370100", "370200", True, None),
        ("370000", "370200", True, "treatment-place-at-home"),
    ],
)
def test_the_place_lies_outside_the_province_or_the_city(
    home: str, place: str, code: str | None, *, known: bool
) -> None:
    found = rules.place_faults(home, place, known=known)
    assert codes(found) == ([] if code is None else [code])


@pytest.mark.parametrize(
    ("home", "place", "closed"),
    [
        ("110000", "370100", []),
        ("370100", "370200", []),
        ("330100", "330200", ["330000"]),
        ("110000", "110000", []),
    ],
)
def test_between_cities_the_province_must_take_part(
    home: str, place: str, closed: list[str]
) -> None:
    found = rules.scheme_faults(home, place, DAY, BOOK)
    assert [it.facts["province"] for it in found] == closed


def test_only_a_referral_has_referral_details() -> None:
    assert rules.referral_faults(ASKED) == []
    assert codes(rules.referral_faults(replace(ASKED, referral=REFERRAL))) == ["referral-misplaced"]
    referral = replace(ASKED, kind=FilingKind.REFERRAL, referral=REFERRAL)
    assert rules.referral_faults(referral) == []


def test_nothing_is_filed_once_entitlement_is_lost() -> None:
    assert rules.entitlement_faults(None) == []
    (found,) = rules.entitlement_faults(DAY)
    assert isinstance(found, EntitlementLost)


@pytest.mark.parametrize(
    ("first_day", "code"),
    [
        (None, None),
        (DAY, None),
        (date(2025, 8, 31), "filing-backdated"),
        (date(2026, 9, 1), None),
        (date(2026, 9, 2), "filing-too-far-ahead"),
    ],
)
def test_a_filing_begins_between_approval_and_the_end_of_its_term(
    first_day: date | None, code: str | None
) -> None:
    found = rules.start_faults(replace(ASKED, first_day=first_day), DAY, "110000", BOOK)
    assert codes(found) == ([] if code is None else [code])


def test_where_policy_allows_a_filing_is_back_dated_so_far_and_no_further() -> None:
    text = (
        'edition = "t"\n[filing.retroactive_days_max]\nunit = "calendar days"\nmeans = "m"\n'
        'means_zh = "m"\n[[filing.retroactive_days_max.national]]\nfrom = 2024-04-01\n'
        'clause = "hub-default/retroactive"\nvalue = 30\n[filing.term_months]\nunit = "months"\n'
        'means = "m"\nmeans_zh = "m"\n[[filing.term_months.national]]\nfrom = 2024-04-01\n'
        'clause = "hub-default/filing-term"\nvalue = { residence = 12 }\n'
    )
    lenient = PolicyBook.parse(text)
    allowed = replace(ASKED, first_day=date(2025, 8, 2))
    assert rules.start_faults(allowed, DAY, "110000", lenient) == []
    (refused,) = rules.start_faults(
        replace(ASKED, first_day=date(2025, 8, 1)), DAY, "110000", lenient
    )
    assert refused.facts["earliest"] == date(2025, 8, 2)


def test_a_filing_never_begins_before_its_determination() -> None:
    decided_on = {CostKind.MEDICAL: DAY, CostKind.DEVICE: date(2025, 9, 2)}
    (found,) = rules.determination_faults(DAY, decided_on)
    assert found.facts["cost_kind"] is CostKind.DEVICE


def test_what_is_decided_carries_scheme_term_and_deadline() -> None:
    decided = rules.decide(ASKED, "110000", DAY, BOOK)
    assert (decided.scheme, decided.term) == (
        Scheme.CROSS_PROVINCE,
        Term(DAY, date(2026, 9, 1)),
    )
    later = rules.decide(replace(ASKED, first_day=date(2025, 10, 1)), "370200", DAY, BOOK)
    assert (later.scheme, later.term.first) == (Scheme.IN_PROVINCE, date(2025, 10, 1))


@pytest.mark.parametrize(
    ("region", "kind", "day", "locked"),
    [
        ("110000", FilingKind.RESIDENCE, DAY, False),
        ("370100", FilingKind.RESIDENCE, DAY, True),
        ("370100", FilingKind.POSTING, date(2025, 12, 1), True),
        ("370100", FilingKind.POSTING, date(2025, 12, 2), False),
        ("370100", FilingKind.REFERRAL, DAY, False),
    ],
)
def test_shandong_locks_residence_and_posting_for_three_months(
    region: str, kind: FilingKind, day: date, *, locked: bool
) -> None:
    found = rules.lock_in(kind, DAY, day, region, BOOK)
    assert (found is not None) is locked
    if found is not None:
        assert found.facts["locked_through"] == date(2025, 12, 1)


@pytest.mark.parametrize(
    ("change", "clashes"),
    [
        ({}, True),
        ({"treatment_region": "370000"}, True),
        ({"treatment_region": "370200"}, False),
        ({"cost_kinds": frozenset({CostKind.REHABILITATION})}, False),
        ({"term": Term(date(2026, 9, 1), date(2027, 9, 1))}, True),
        ({"term": Term(date(2026, 9, 2), date(2027, 9, 2))}, False),
        ({"term": Term(date(2024, 9, 1), date(2025, 8, 31))}, False),
    ],
)
def test_two_filings_overlap_in_place_cost_and_day_or_not_at_all(
    change: dict[str, object], *, clashes: bool
) -> None:
    other = replace(COVER, name="other", **change)  # type: ignore[arg-type]  # fields by name
    found = rules.overlap(COVER, [other])
    assert (found is not None) is clashes
    assert (rules.overlap(other, [COVER]) is not None) is clashes
    if found is not None:
        assert found.facts["filing"] == "other"


@given(one=st.sampled_from(PLACES), two=st.sampled_from(PLACES), place=st.sampled_from(PLACES))
def test_places_clash_exactly_where_some_place_lies_in_both(one: str, two: str, place: str) -> None:
    clashes = replace(COVER, treatment_region=one).clashes(replace(COVER, treatment_region=two))
    if covers(one, place) and covers(two, place):
        assert clashes
    assert clashes is any(covers(one, each) and covers(two, each) for each in PLACES)


@pytest.mark.parametrize(
    ("change", "day", "same"),
    [
        ({"cost_kinds": COVER.cost_kinds}, DAY, True),
        ({"cost_kinds": COVER.cost_kinds, "first_day": DAY}, date(2030, 1, 1), True),
        ({"cost_kinds": COVER.cost_kinds, "first_day": date(2025, 9, 2)}, DAY, False),
        ({"cost_kinds": COVER.cost_kinds}, date(2026, 9, 2), False),
        ({}, DAY, False),
        ({"cost_kinds": COVER.cost_kinds, "treatment_region": "370000"}, DAY, False),
        ({"cost_kinds": COVER.cost_kinds, "kind": FilingKind.POSTING}, DAY, False),
    ],
)
def test_a_row_is_known_again_by_all_it_asks(
    change: dict[str, object], day: date, *, same: bool
) -> None:
    asked = replace(ASKED, **change)  # type: ignore[arg-type]  # fields by name
    assert rules.is_filed_as(asked, FilingKind.RESIDENCE, COVER, day) is same


@pytest.mark.parametrize(
    ("party", "state"),
    [(PartyKind.CHANNEL, FilingState.SUBMITTED), (PartyKind.AGENCY, FilingState.APPROVED)],
)
def test_a_channels_filing_waits_and_an_agencys_does_not(
    party: PartyKind, state: FilingState
) -> None:
    assert rules.first_state(party) is state


@pytest.mark.parametrize(
    ("party", "card_kind", "asked_for"),
    [
        (PartyKind.AGENCY, None, False),
        (PartyKind.AGENCY, CardKind.NONE, False),
        (PartyKind.CHANNEL, None, True),
        (PartyKind.CHANNEL, CardKind.NONE, True),
        (PartyKind.CHANNEL, CardKind.PHYSICAL, False),
        (PartyKind.CHANNEL, CardKind.ELECTRONIC, False),
    ],
)
def test_through_a_channel_the_card_is_shown(
    party: PartyKind, card_kind: CardKind | None, *, asked_for: bool
) -> None:
    claim = None
    if card_kind is not None:
        claim = IdentityClaim(certificate_number="1", name="赵", card_kind=card_kind)
    assert isinstance(rules.card_fault(party, claim), CardRequired) is asked_for


def test_only_the_agency_sets_a_lock_in_aside() -> None:
    locked = FilingLocked(locked_through=DAY)
    rules.require_unlocked(None, PartyKind.CHANNEL, override=False)
    rules.require_unlocked(locked, PartyKind.AGENCY, override=True)
    for party, override, refusal in (
        (PartyKind.CHANNEL, False, FilingLocked),
        (PartyKind.AGENCY, False, FilingLocked),
        (PartyKind.CHANNEL, True, OverrideForeign),
    ):
        with pytest.raises(refusal):
            rules.require_unlocked(locked, party, override=override)


def test_a_change_changes_more_than_the_first_day() -> None:
    same = rules.asked_of(FILING, None)
    for asked in (same, replace(same, first_day=DAY)):
        with pytest.raises(FilingUnchanged):
            rules.require_change(FILING, asked)
    rules.require_change(FILING, replace(same, treatment_region="330000"))


@pytest.mark.parametrize(
    ("asked", "chosen", "start"),
    [
        (None, None, None),
        (date(2025, 8, 31), None, None),
        (DAY, None, None),
        (date(2025, 9, 2), None, date(2025, 9, 2)),
        (date(2025, 9, 2), DAY, DAY),
    ],
)
def test_on_approval_the_agencys_choice_counts_then_the_submitters_if_it_lies_ahead(
    asked: date | None, chosen: date | None, start: date | None
) -> None:
    waiting = replace(FILING, asked_first_day=asked)
    assert rules.start_on_approval(waiting, chosen, DAY) == start


def test_a_filing_moves_along_its_table_only() -> None:
    approved = rules.after(FilingState.SUBMITTED, FilingEvent.APPROVE)
    assert approved is FilingState.APPROVED
    with pytest.raises(NoSuchMove):
        rules.after(FilingState.REJECTED, FilingEvent.APPROVE)


def test_every_state_is_reached_and_an_approved_filing_ends_once() -> None:
    assert LIFE.states() == set(FilingState)
    assert LIFE.ends() == set(FilingState) - {FilingState.SUBMITTED, FilingState.APPROVED}
    assert {event for _, event in LIFE.moves} == set(FilingEvent) - {FilingEvent.SUBMIT}
    for state in FilingState:
        for event in set(FilingEvent) - set(LIFE.ways_on(state)):
            with pytest.raises(NoSuchMove):
                LIFE.after(state, event)
