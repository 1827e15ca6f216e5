"""The policy book answers for any day and province, and refuses to be edited."""

from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.kernel.calendar import corresponding_day
from app.kernel.money import Money
from app.policy.book import CoverageTarget, PolicyBook

BOOK = PolicyBook.load()
PILOT, BEIJING_NOTICE = date(2024, 4, 1), date(2025, 7, 21)
BEIJING, LIAONING, SHANDONG, SICHUAN = "110000", "210000", "370000", "510000"
DAYS = st.dates(PILOT, date(2040, 12, 31))
PLACES = st.sampled_from([None, BEIJING, LIAONING, SHANDONG, SICHUAN])

SMALL = """
edition = "1"
[area.name]
unit = "things"
means = "A thing"
means_zh = "事"
[[area.name.national]]
from = 2024-04-01
clause = "a/1"
value = { one = 1, two = 2 }
[[area.name.national]]
from = 2025-04-01
clause = "a/2"
value = { one = 10, two = 20 }
[[area.name.province.370000]]
from = 2025-01-01
clause = "b/1"
value = { one = 100 }
"""


@pytest.mark.parametrize(
    ("place", "kind", "months", "clause"),
    [
        (BEIJING, "residence", 12, "beijing-2025-5/2.2"),
        (BEIJING, "posting", 12, "beijing-2025-5/2.2"),
        (BEIJING, "referral", 6, "beijing-2025-5/2.2"),
        (SHANDONG, "residence", 12, "shandong-2024/2.3"),
        (SHANDONG, "posting", 12, "shandong-2024/2.3"),
        (SHANDONG, "referral", 6, "hub-default/filing-term"),
        (LIAONING, "referral", 6, "liaoning-2024/2"),
        (LIAONING, "residence", 12, "hub-default/filing-term"),
        (SICHUAN, "residence", 12, "hub-default/filing-term"),
        (None, "referral", 6, "hub-default/filing-term"),
    ],
)
def test_the_term_of_a_filing(place: str | None, kind: str, months: int, clause: str) -> None:
    name = "filing.term_months"
    assert BOOK.months(name, BEIJING_NOTICE, place, of=kind) == months
    assert BOOK.clause_of(name, BEIJING_NOTICE, place, of=kind) == clause


def test_a_year_from_the_day_of_the_notice_ends_on_the_same_day() -> None:
    months = BOOK.months("filing.term_months", BEIJING_NOTICE, BEIJING, of="residence")
    assert corresponding_day(BEIJING_NOTICE, months) == date(2026, 7, 21)


def test_six_months_from_the_last_of_august_end_with_february() -> None:
    day = date(2025, 8, 31)
    months = BOOK.months("filing.term_months", day, BEIJING, of="referral")
    assert corresponding_day(day, months) == date(2026, 2, 28)


@pytest.mark.parametrize(
    ("place", "kind", "months"),
    [
        (SHANDONG, "residence", 3),
        (SHANDONG, "posting", 3),
        (SHANDONG, "referral", 0),
        (BEIJING, "residence", 0),
        (None, "posting", 0),
    ],
)
def test_the_lock_in_before_change_or_cancel(place: str | None, kind: str, months: int) -> None:
    assert BOOK.months("filing.lock_in_months", BEIJING_NOTICE, place, of=kind) == months


@pytest.mark.parametrize(
    ("place", "kind", "days"),
    [(LIAONING, "referral", 30), (LIAONING, "residence", None), (BEIJING, "referral", None)],
)
def test_only_a_liaoning_referral_has_an_admission_deadline(
    place: str, kind: str, days: int | None
) -> None:
    name = "filing.admission_deadline_days"
    assert BOOK.whole_if_any(name, BEIJING_NOTICE, place, of=kind) == days


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("filing.retroactive_days_max", 0),
        ("filing.lock_in_months_max", 6),
        ("institution.offline_settle_days", 60),
        ("fee_line.amount_tolerance_fen", 1),
        ("supervision.frequency_stays", 3),
        ("supervision.frequency_days", 90),
        ("advance.months_of_cover", 4),
        ("review.appeal_working_days", 5),
        ("clearing.roll_forward_periods_max", 2),
    ],
)
def test_the_nations_whole_numbers(name: str, value: int) -> None:
    assert BOOK.whole(name, PILOT) == value


def test_the_nations_words_switches_and_amounts() -> None:
    assert BOOK.text("advance.mode", PILOT) == "warn"
    assert BOOK.text("clearing.cycle", PILOT) == "quarterly"
    assert BOOK.flag("visit.outpatient_cross_province", PILOT, SHANDONG) is False
    assert BOOK.flag("visit.outpatient_in_province", PILOT, SHANDONG) is True
    assert BOOK.flag("visit.outpatient_in_province", PILOT, BEIJING) is False
    assert BOOK.texts("visit.schemes", PILOT) == ("cross_province",)
    assert BOOK.texts("visit.schemes", PILOT, SHANDONG) == ("cross_province", "in_province")
    assert BOOK.money("supervision.large_amount_fen", PILOT) == Money.yuan("30000.00")


@pytest.mark.parametrize(
    ("place", "scheme", "whose"),
    [
        (SHANDONG, "in_province", "province"),
        (SHANDONG, "cross_province", "treatment_place"),
        (BEIJING, "cross_province", "treatment_place"),
    ],
)
def test_whose_rehabilitation_list_decides(place: str, scheme: str, whose: str) -> None:
    assert BOOK.text("catalogue.rehabilitation_list", PILOT, place, of=scheme) == whose


def test_a_reason_names_the_clause_of_the_place_whose_rule_decides() -> None:
    name = "adjudication.clause_of_reason"
    cases = {
        (BEIJING, "not_injury_related"): "beijing-2025-5/3.3-illness",
        (SHANDONG, "not_injury_related"): "shandong-2024/2.4-illness",
        (SICHUAN, "not_injury_related"): "injury-regulations/30-illness",
        (BEIJING, "restricted"): "hub-default/restricted",
    }
    for (place, reason), clause in cases.items():
        assert BOOK.text(name, BEIJING_NOTICE, place, of=reason) == clause


def test_coverage_targets_come_in_three_steps() -> None:
    steps = (
        CoverageTarget(date(2025, 12, 31), tier3_medical=30, rehabilitation=0, device=0),
        CoverageTarget(date(2026, 12, 31), tier3_medical=50, rehabilitation=50, device=50),
        CoverageTarget(date(2030, 12, 31), tier3_medical=100, rehabilitation=100, device=100),
    )
    assert BOOK.targets(BEIJING_NOTICE, BEIJING) == steps
    assert BOOK.targets(date(2025, 4, 1)) == steps


def test_beijings_own_values_begin_with_its_notice() -> None:
    name = "filing.term_months"
    before = BEIJING_NOTICE - timedelta(days=1)
    assert BOOK.clause_of(name, before, BEIJING, of="residence") == "hub-default/filing-term"
    assert BOOK.clause_of(name, BEIJING_NOTICE, BEIJING) == "beijing-2025-5/2.2"


def test_a_city_is_judged_by_its_province() -> None:
    assert BOOK.months("filing.lock_in_months", PILOT, "370102", of="posting") == 3


@given(st.sampled_from(sorted(BOOK.parameters)), DAYS, PLACES)
def test_what_is_in_force_is_the_newest_value_not_after_the_day(
    name: str, day: date, place: str | None
) -> None:
    for dated in BOOK.parameters[name].in_force(max(day, date(2025, 4, 1)), place):
        assert dated.since <= max(day, date(2025, 4, 1))
        assert dated.clause
    assert BOOK.at(name, max(day, date(2025, 4, 1)), place) is not None


def test_before_the_pilot_nothing_was_in_force() -> None:
    for name in BOOK.parameters:
        with pytest.raises(LookupError, match="was not in force"):
            BOOK.at(name, PILOT - timedelta(days=1), SHANDONG)


def test_a_later_value_supersedes_and_yesterdays_answer_stays() -> None:
    book = PolicyBook.parse(SMALL)
    assert book.at("area.name", date(2025, 3, 31)) == {"one": 1, "two": 2}
    assert book.at("area.name", date(2025, 4, 1)) == {"one": 10, "two": 20}


def test_a_province_sets_the_keys_it_rules_and_takes_the_nations_others() -> None:
    book, day = PolicyBook.parse(SMALL), date(2025, 4, 1)
    assert book.at("area.name", day, SHANDONG) == {"one": 100, "two": 20}
    assert book.whole("area.name", day, SHANDONG, of="two") == 20
    assert book.clause_of("area.name", day, SHANDONG, of="two") == "a/2"
    assert book.clause_of("area.name", day, SHANDONG) == "b/1"


@pytest.mark.parametrize("again", ["2024-04-01", "2025-01-01", "2025-04-01"])
def test_a_value_cannot_be_edited_only_superseded_by_a_later_date(again: str) -> None:
    late = f'\n[[area.name.national]]\nfrom = {again}\nclause = "a/3"\nvalue = {{ one = 5 }}\n'
    with pytest.raises(ValueError, match="does not supersede"):
        PolicyBook.parse(SMALL + late)


@pytest.mark.parametrize(
    ("was", "becomes"),
    [
        ("from = 2024-04-01", 'from = "2024-04-01"'),
        ("[[area.name.national]]\nfrom = 2024", "[area.name.national]\nfrom = 2024"),
        ("[[area.name.province.370000]]", "[[area.name.province]]"),
    ],
)
def test_a_book_out_of_shape_is_not_read(was: str, becomes: str) -> None:
    text = SMALL.replace(was, becomes, 1)
    if becomes.startswith("[area"):
        text = text.split("[[area.name.national]]")[0]
    with pytest.raises(TypeError, match="not a"):
        PolicyBook.parse(text)


def test_an_unknown_name_and_an_unknown_key_are_not_in_the_book() -> None:
    with pytest.raises(LookupError, match=r"no parameter area\.nothing"):
        BOOK.at("area.nothing", PILOT)
    with pytest.raises(LookupError, match="says nothing of tourism"):
        BOOK.months("filing.term_months", PILOT, of="tourism")


def test_an_accessor_hands_out_its_own_kind_only() -> None:
    with pytest.raises(TypeError, match="whole number"):
        BOOK.whole("visit.outpatient_cross_province", PILOT)
    with pytest.raises(TypeError, match="months"):
        BOOK.months("supervision.frequency_days", PILOT)
    with pytest.raises(TypeError, match="kept in fen"):
        BOOK.money("supervision.frequency_days", PILOT)
    with pytest.raises(TypeError, match="a text"):
        BOOK.text("filing.retroactive_days_max", PILOT)
    with pytest.raises(TypeError, match="list of texts"):
        BOOK.texts("coverage.targets", date(2025, 4, 1))
    with pytest.raises(TypeError, match="list of texts"):
        BOOK.texts("advance.mode", PILOT)
    with pytest.raises(TypeError, match="yes or no"):
        BOOK.flag("advance.mode", PILOT)
    with pytest.raises(TypeError, match="a table"):
        BOOK.text("advance.mode", PILOT, of="warn")


def test_the_version_is_stable_and_changes_with_any_byte() -> None:
    version = PolicyBook.parse(SMALL).version
    assert version == PolicyBook.parse(SMALL).version
    assert version.startswith("1-")
    assert PolicyBook.parse(SMALL + "\n").version != version
    assert BOOK.version.startswith("2025.1-")
    assert PolicyBook.load().version == BOOK.version


def test_a_value_is_in_force_from_its_first_day_on() -> None:
    assert not BOOK.is_in_force("visit.schemes", PILOT - timedelta(days=1))
    assert BOOK.is_in_force("visit.schemes", PILOT, SHANDONG)
