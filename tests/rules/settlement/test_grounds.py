"""Whether a visit may be settled or a settlement cancelled, which list and month it falls under."""

from __future__ import annotations

from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pytest

from app.catalogues.model import (
    CatalogueItem,
    CatalogueKind,
    CatalogueVersion,
    Found,
    Wanted,
)
from app.entitlement.model import DeterminationState
from app.kernel.calendar import Month
from app.kernel.lifecycle import NoSuchMove
from app.kernel.money import Money
from app.kernel.refusal import Refusal
from app.kernel.regions import Scheme
from app.policy.book import PolicyBook
from app.settlement import rules
from app.settlement.errors import (
    AdjustmentReasonMissing,
    ListMissing,
    MonthsClosing,
    NotCancellable,
    SettlementDeducted,
    SettlementInClearing,
    TotalMismatch,
)
from app.settlement.model import Bill as EmptyBill
from app.settlement.model import Recomputation, SettlementKind
from app.visit.model import FeeCategory, VisitKind, VisitState
from tests.rules.settlement.facts import DAY, circumstances, settlement
from tests.rules.visit.test_admission import visit
from tests.rules.visit.test_lines import line, refund

BOOK = PolicyBook.load()
SOUND: dict[str, Any] = {
    "lost_on": None,
    "determination_state": DeterminationState.ACTIVE,
    "third_party": False,
    "institution_may_settle": True,
}


@pytest.mark.parametrize("state", VisitState)
@pytest.mark.parametrize("kind", VisitKind)
def test_a_stay_settles_once_discharged_and_a_fitting_at_once(
    kind: VisitKind, state: VisitState
) -> None:
    stay = kind is VisitKind.INPATIENT
    it = visit(kind=kind, state=state)
    if state is (VisitState.DISCHARGED if stay else VisitState.ADMITTED):
        rules.require_settleable(it)
    else:
        with pytest.raises(NoSuchMove):
            rules.require_settleable(it)


@pytest.mark.parametrize("state", VisitState)
def test_a_visit_is_previewed_while_it_is_open(state: VisitState) -> None:
    if state in (VisitState.ADMITTED, VisitState.DISCHARGED):
        rules.require_previewable(visit(state=state))
    else:
        with pytest.raises(NoSuchMove):
            rules.require_previewable(visit(state=state))


def test_sound_grounds_are_not_refused() -> None:
    rules.require_grounds(visit(line_count=1), rules.Standing(**SOUND))
    rules.require_grounds(visit(line_count=1), rules.Standing(**SOUND | {"lost_on": DAY}))


def test_grounds_that_fell_away_are_all_told_in_order() -> None:
    fallen = rules.Standing(
        lost_on=date(2025, 8, 31),
        determination_state=DeterminationState.WITHDRAWN,
        third_party=True,
        institution_may_settle=False,
    )
    with pytest.raises(Refusal) as refused:
        rules.require_grounds(visit(), fallen)
    told = [refused.value.code, *(other.code for other in refused.value.also)]
    assert told == [
        "entitlement-lost",
        "determination-withdrawn",
        "third-party-liable",
        "settle-window-closed",
        "nothing-to-settle",
    ]


def test_the_totals_agree_and_the_count_where_it_is_told() -> None:
    it = visit(line_count=2, total=Money(1000))
    rules.require_total(it, Money(1000), None)
    rules.require_total(it, Money(1000), 2)
    for total, count in ((Money(999), None), (Money(1000), 3)):
        with pytest.raises(TotalMismatch):
            rules.require_total(it, total, count)


def test_a_settlement_is_cancelled_freely_before_a_clearing() -> None:
    assert not rules.is_adjustment(settlement(), asked=False, reason=None)
    assert not rules.is_adjustment(settlement(), asked=True, reason="示例")


def test_what_review_took_off_is_taken_back_before_a_cancellation() -> None:
    for other in ({}, {"clearing": "C1"}):
        with pytest.raises(SettlementDeducted) as refused:
            rules.is_adjustment(settlement(deducted=Money(1), **other), asked=True, reason="示例")
        assert refused.value.facts["deducted"] == Money(1)


def test_after_a_clearing_it_is_an_adjustment_with_a_reason() -> None:
    cleared = settlement(clearing="C1")
    assert rules.is_adjustment(cleared, asked=True, reason="示例")
    with pytest.raises(SettlementInClearing):
        rules.is_adjustment(cleared, asked=False, reason="示例")
    with pytest.raises(AdjustmentReasonMissing):
        rules.is_adjustment(cleared, asked=True, reason=None)


@pytest.mark.parametrize(
    "other", [{"kind": SettlementKind.CANCELLATION}, {"cancelled_by": "A2", "clearing": "C1"}]
)
def test_a_twin_is_never_cancelled_and_a_settlement_only_once(other: dict[str, Any]) -> None:
    with pytest.raises(NotCancellable):
        rules.is_adjustment(settlement(**other), asked=True, reason="示例")


@pytest.mark.parametrize(
    ("last_closed", "month"),
    [
        (None, "2025-09"),
        (Month(2025, 8), "2025-09"),
        (Month(2025, 9), "2025-10"),
        (Month(2025, 12), "2026-01"),
    ],
)
def test_a_settlement_falls_into_the_first_month_still_open(
    last_closed: Month | None, month: str
) -> None:
    assert str(rules.month_of(DAY, last_closed)) == month


@pytest.mark.parametrize(
    ("since", "last_closed", "month"),
    [
        (Month(2025, 9), None, "2025-09"),
        (Month(2025, 8), None, "2025-08"),
        (Month(2025, 7), None, "2025-07"),
        (Month(2025, 6), None, "2025-07"),
        (Month(2025, 6), Month(2025, 5), "2025-07"),
        (Month(2025, 8), Month(2025, 8), "2025-09"),
        (Month(2025, 8), Month(2025, 10), "2025-11"),
    ],
)
def test_what_belongs_to_an_earlier_month_falls_into_it_while_a_closing_would_wait_for_it(
    since: Month, last_closed: Month | None, month: str
) -> None:
    assert str(rules.earliest_month(since, date(2025, 9, 30), last_closed)) == month


@pytest.mark.parametrize(
    ("held", "last_closed", "month"),
    [
        ([10, 11, 12], None, 10),
        ([11, 12], None, 11),
        ([12, 10, 11], Month(2025, 10), 11),
        ([10, 12], Month(2025, 11), 12),
    ],
)
def test_a_month_that_is_being_closed_counts_as_closed(
    held: list[int], last_closed: Month | None, month: int
) -> None:
    assert rules.open_month((Month(2025, n) for n in held), last_closed) == Month(2025, month)


@pytest.mark.parametrize(("held", "last_closed"), [([], None), ([10], Month(2025, 10))])
def test_where_every_month_is_closing_the_message_is_to_be_sent_again(
    held: list[int], last_closed: Month | None
) -> None:
    with pytest.raises(MonthsClosing):
        rules.open_month((Month(2025, n) for n in held), last_closed)


@pytest.mark.parametrize(
    ("category", "scheme", "regions", "listed"),
    [
        ("drug", "cross_province", ("110000", "370100"), ("drug", "370100")),
        ("bed", "cross_province", ("370100", "110000"), ("bed", "110000")),
        ("device", "cross_province", ("370100", "110000"), ("device", "370100")),
        ("rehabilitation", "cross_province", ("110000", "370100"), ("rehabilitation", "370100")),
        ("rehabilitation", "in_province", ("370200", "370100"), ("rehabilitation", "370000")),
        ("rehabilitation", "in_province", ("440100", "440300"), ("rehabilitation", "440300")),
        ("service", "in_province", ("370200", "370103"), ("service", "370100")),
        ("meal_subsidy", "cross_province", ("110000", "370100"), None),
        ("travel", "cross_province", ("110000", "370100"), None),
    ],
)
def test_the_list_is_the_treatment_places_for_care_and_the_insured_places_for_devices(
    category: str, scheme: str, regions: tuple[str, str], listed: tuple[str, str] | None
) -> None:
    at = circumstances(
        scheme=Scheme(scheme), insured_region=regions[0], treatment_region=regions[1]
    )
    assert rules.list_of(FeeCategory(category), at, DAY, BOOK) == listed


@pytest.mark.parametrize(
    ("region", "scheme", "place"),
    [
        ("370103", Scheme.CROSS_PROVINCE, "370000"),
        ("370103", Scheme.IN_PROVINCE, "370100"),
        ("110105", Scheme.IN_PROVINCE, "110000"),
        ("370000", Scheme.IN_PROVINCE, "370000"),
    ],
)
def test_provinces_pay_between_provinces_and_cities_within_one(
    region: str, scheme: Scheme, place: str
) -> None:
    assert rules.paying_place(region, scheme) == place


VERSION = CatalogueVersion(
    id=7,
    place="370000",
    kind=CatalogueKind.DRUG,
    label="2024",
    first_day=date(2024, 4, 1),
    source="synthetic",
    digest=b"",
    item_count=1,
    imported_at=datetime(2024, 4, 1, tzinfo=UTC),
    imported_by="370000",
)
ITEM = CatalogueItem(
    code="D1",
    name="示例药品",
    unit="支",
    specification="",
    cap=Money(80),
    restricted=True,
    minimum_life_months=None,
)


def test_an_item_is_looked_up_by_its_day_and_a_refund_follows_its_charge() -> None:
    lines = [
        line("1"),
        refund("2", "1", occurred_at=datetime(2025, 9, 2, 2, tzinfo=UTC)),
        line("3", item_code=None),
        line("4", category=FeeCategory.TRAVEL, item_code=None),
    ]
    asked = rules.wanted(lines, circumstances(), BOOK)
    drug = CatalogueKind.DRUG
    assert asked == {
        "1": Wanted(drug, "370100", "D1", DAY),
        "3": Wanted(drug, "370100", "", DAY),
    }
    found = {"1": Found(VERSION, ITEM), "3": Found(VERSION, None)}
    made = rules.charges(lines, found, {})
    assert [it.position for it in made] == [1, 2, 3, 4]
    assert made[0].listing == made[1].listing
    assert made[0].listing is not None
    assert (made[0].listing.listed, made[0].listing.cap) == (True, Money(80))
    assert made[2].listing is not None
    assert not made[2].listing.listed
    assert made[3].listing is None


def test_an_item_without_a_list_in_force_has_no_listing() -> None:
    (made,) = rules.charges([line("1")], {}, {})
    assert made.listing is None


def test_a_place_without_any_list_is_told_and_charges_nobody() -> None:
    lines = [line("1"), line("2", injury_related=False), refund("3", "1")]
    asked = rules.wanted(lines, circumstances(), BOOK)
    with pytest.raises(ListMissing) as refused:
        rules.require_lists(lines, asked, {})
    assert refused.value.facts["lists"] == [f"370100 drug {DAY}"]
    rules.require_lists(lines, asked, {"1": Found(VERSION, None)})
    rules.require_lists(lines[1:2], asked, {})


def test_only_devices_are_compared_with_earlier_fittings() -> None:
    device = line("1", category=FeeCategory.DEVICE, item_code="A1", quantity=Decimal(2))
    unmapped = line("2", category=FeeCategory.DEVICE, item_code=None)
    before = {"A1": date(2025, 1, 1), "D1": date(2025, 1, 1)}
    made = rules.charges([device, unmapped, line("3")], {}, before)
    assert [it.fitted_before for it in made] == [date(2025, 1, 1), None, None]


def test_a_recomputation_without_differences_is_equal() -> None:
    bill = EmptyBill(())
    assert Recomputation(settlement=settlement(), bill=bill, different=()).is_equal
    assert not Recomputation(settlement=settlement(), bill=bill, different=("1",)).is_equal


def test_a_twin_names_what_it_cancels_and_has_every_sum_turned() -> None:
    original = settlement(cancelled_by=None, clearing="C1")
    twin = original.turned(
        settled_at=datetime(2025, 10, 1, 1, tzinfo=UTC),
        business_day=date(2025, 10, 1),
        month=Month(2025, 10),
        policy_version="later",
        adjustment=True,
        reason="示例",
    )
    assert (twin.kind, twin.cancels) == (SettlementKind.CANCELLATION, original.number)
    assert (twin.total, twin.fund, twin.own) == (Money(-1000), Money(-1000), Money(0))
    assert (twin.clearing, twin.month, twin.visit_id) == (None, Month(2025, 10), original.visit_id)
