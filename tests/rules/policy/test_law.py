"""The data of the law is whole: clauses speak two languages, values rest on them and stand."""

import json
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pytest

from app.kernel.regions import Level, level_of
from app.policy.book import Dated, PolicyBook
from app.policy.provisions import Provisions

BOOK, PROVISIONS = PolicyBook.load(), Provisions.load()
PUBLISHED = Path(__file__).with_name("published.json")
LINE_REASONS = {
    "not_injury_related", "not_in_catalogue", "restricted", "over_cap", "bed_standard",
    "device_not_listed", "device_over_cap", "device_life", "out_of_scope", "entitlement_lost",
}  # fmt: skip


def values() -> Iterator[tuple[str, str, Dated]]:
    for name, parameter in BOOK.parameters.items():
        series = {"national": parameter.national, **parameter.provinces}
        for place, each in series.items():
            for dated in each:
                yield name, place, dated


def chinese(text: str) -> bool:
    return any("一" <= character <= "鿿" for character in text)


def english(text: str) -> bool:
    return any("a" <= character <= "z" for character in text) and not chinese(text)


def test_every_clause_speaks_english_and_chinese_in_whole_sentences() -> None:
    for clause, provision in PROVISIONS.clauses.items():
        assert english(provision.says), clause
        assert provision.says.endswith("."), clause
        assert chinese(provision.says_zh), clause
        assert provision.says_zh.endswith("。"), clause


def test_every_clause_names_its_document_and_article() -> None:
    for clause, provision in PROVISIONS.clauses.items():
        stated = (provision.document, provision.document_number, provision.article)
        assert all(stated), clause
        assert provision.issued[:4].isdigit(), clause
        if not clause.startswith("hub-default/"):  # our defaults reach back to the first day
            assert provision.issued <= provision.in_force_from.isoformat(), clause


def test_a_clause_the_hub_does_not_carry_out_says_why_and_no_other_does() -> None:
    for clause, provision in PROVISIONS.clauses.items():
        assert provision.informative == english(provision.why), clause
        assert provision.informative == chinese(provision.why_zh), clause


def test_no_two_clauses_of_a_document_say_the_same() -> None:
    said = [(p.document, p.says) for p in PROVISIONS.clauses.values() if not p.informative]
    assert len(said) == len(set(said))


def test_every_value_names_a_clause_in_force_on_its_day() -> None:
    for name, place, dated in values():
        provision = PROVISIONS.clauses.get(dated.clause)
        assert provision is not None, f"{name} of {place} names no known clause"
        assert not provision.informative, f"{name} of {place} rests on an informative clause"
        assert provision.in_force(dated.since), f"{name} of {place} rests on a clause not in force"


def test_what_a_parameter_carries_is_known_and_meant_to_be_carried() -> None:
    for parameter in BOOK.parameters.values():
        for clause in parameter.carries:
            assert not PROVISIONS.clauses[clause].informative, clause


def test_a_province_overrides_a_parameter_only_by_its_own_documents() -> None:
    documents = {"110000": "beijing-", "210000": "liaoning-", "370000": "shandong-"}
    for name, place, dated in values():
        if place != "national" and dated.clause != "hub-default/reasons":
            assert level_of(place) is Level.PROVINCE
            assert dated.clause.startswith(documents[place]), (name, place)


def test_every_parameter_is_explained_in_two_languages() -> None:
    for parameter in BOOK.parameters.values():
        assert english(parameter.means), parameter.name
        assert chinese(parameter.means_zh), parameter.name
        assert parameter.national, f"{parameter.name} has no national value"


def test_no_province_locks_filings_in_for_longer_than_the_nation_allows() -> None:
    for name, _, dated in values():
        if name == "filing.lock_in_months":
            most = BOOK.months("filing.lock_in_months_max", dated.since)
            assert isinstance(dated.value, dict)
            assert all(0 <= months <= most for months in dated.value.values())


@pytest.mark.parametrize("place", [None, "110000", "370000"])
def test_every_reason_of_a_line_has_a_clause_to_read_aloud(place: str | None) -> None:
    table = BOOK.at("adjudication.clause_of_reason", date(2025, 7, 21), place)
    assert isinstance(table, dict)
    assert set(table) == LINE_REASONS
    for reason, clause in table.items():
        assert not PROVISIONS.clauses[clause].informative, reason
        assert len(PROVISIONS.says_zh(clause)) >= 15, reason
        assert len(PROVISIONS.says(clause)) >= 40, reason


def test_a_published_value_is_never_edited() -> None:
    """Every dated value stands in published.json as it was first published; a new one is added."""
    now = {
        f"{name} {place} {d.since}": json.dumps(d.value, default=str) for name, place, d in values()
    }
    published = json.loads(PUBLISHED.read_text("utf-8"))
    edited = {key: now.get(key) for key, value in published.items() if now.get(key) != value}
    assert not edited, f"edited or withdrawn; supersede from a later date instead: {edited}"
    added = {key: value for key, value in now.items() if key not in published}
    assert not added, f"add to {PUBLISHED.name}: {json.dumps(added, indent=1)}"


def test_a_clause_holds_between_its_days() -> None:
    pilot = PROVISIONS.clauses["shandong-2024/2"]
    assert not pilot.in_force(date(2024, 3, 31))
    assert pilot.in_force(date(2024, 4, 1))
    assert pilot.in_force(date(2025, 3, 31))
    assert not pilot.in_force(date(2025, 4, 1))
    assert PROVISIONS.clauses["shandong-2024/2.3"].in_force(date(2040, 1, 1))


def test_a_clause_is_read_out_by_its_id() -> None:
    assert "year" in PROVISIONS.says("beijing-2025-5/2.2")
    assert "一年" in PROVISIONS.says_zh("beijing-2025-5/2.2")


def test_a_misspelt_field_of_a_clause_is_not_overlooked() -> None:
    text = '[a]\ndocument = "d"\n[a.clauses."1"]\nsayz = "x"\n'
    with pytest.raises(TypeError, match="sayz"):
        Provisions.parse(text)
