"""Who a worker is: what is compared, and how much a mismatch tells."""

from __future__ import annotations

from dataclasses import replace
from datetime import date

import pytest

from app.entitlement import rules
from app.entitlement.model import (
    CardKind,
    CertificateKind,
    IdentityClaim,
    Person,
    comparable_name,
    comparable_number,
    comparable_token,
)
from app.kernel.identity import Sex

PERSON = Person(
    name="阿卜杜·示例",
    certificate_kind=CertificateKind.SOCIAL_SECURITY_NUMBER,
    certificate_number="11000019600101001X",
    card_number="A00000000",
    electronic_card="Token-1",
    phone="13800000000",
    sex=Sex.MALE,
    birth_date=date(1960, 1, 1),
)
CLAIM = IdentityClaim(
    certificate_number="11000019600101001X",
    name="阿卜杜·示例",
    card_kind=CardKind.PHYSICAL,
    card="A00000000",
)


def told(claim: IdentityClaim, person: Person | None = PERSON) -> list[str]:
    return [refusal.code for refusal in rules.mismatches(claim, person)]


@pytest.mark.parametrize(
    "typed", ["阿卜杜•示例", "阿卜杜・示例", " 阿卜杜 · 示例 ", "阿卜杜.示例", "阿卜杜\u3000·示例"]
)
def test_typing_habits_do_not_make_another_name(typed: str) -> None:
    assert comparable_name(typed) == comparable_name(PERSON.name)
    assert told(replace(CLAIM, name=typed)) == []


def test_wide_and_lower_case_letters_are_the_same_number() -> None:
    assert comparable_number("１１０ 0000a\tx") == "1100000AX"
    assert comparable_name("ｗａｎｇ li") == "WANGLI"
    assert comparable_token(" Token-1 ") == "Token-1"


@pytest.mark.parametrize(
    ("change", "codes"),
    [
        ({}, []),
        ({"card_kind": CardKind.NONE, "card": None}, []),
        ({"card_kind": CardKind.ELECTRONIC, "card": "Token-1"}, []),
        ({"card": "a 00000000"}, []),
        ({"name": "别人"}, ["name-mismatch"]),
        ({"card": "A00000001"}, ["card-mismatch"]),
        ({"card": None}, ["card-mismatch"]),
        ({"card_kind": CardKind.ELECTRONIC, "card": "token-1"}, ["card-mismatch"]),
        ({"name": "别人", "card": "A00000001"}, ["name-mismatch", "card-mismatch"]),
    ],
)
def test_each_mismatch_is_told_by_itself(change: dict[str, object], codes: list[str]) -> None:
    assert told(replace(CLAIM, **change)) == codes  # type: ignore[arg-type]  # fields by name


def test_a_card_that_was_never_registered_matches_nothing() -> None:
    assert told(CLAIM, replace(PERSON, card_number=None)) == ["card-mismatch"]


def test_of_a_stranger_nothing_more_is_told() -> None:
    assert told(replace(CLAIM, name="别人", card="?"), None) == ["worker-unknown"]


@pytest.mark.parametrize(
    ("kind", "number", "fault"),
    [
        (CertificateKind.SOCIAL_SECURITY_NUMBER, "11000019600101001X", None),
        (CertificateKind.SOCIAL_SECURITY_NUMBER, "110000196001010011", "check_digit"),
        (CertificateKind.SOCIAL_SECURITY_NUMBER, "E12345678", "format"),
        (CertificateKind.PASSPORT, "E12345678", None),
    ],
)
def test_only_a_citizens_number_is_checked(
    kind: CertificateKind, number: str, fault: str | None
) -> None:
    found = rules.certificate_fault(kind, number)
    assert (found and found.facts["fault"]) == fault


def test_masking_hides_what_identifies_and_keeps_what_is_absent() -> None:
    masked = PERSON.masked()
    assert masked.name == "阿*****"
    assert masked.certificate_number == "1100**********001X"
    assert masked.card_number == "*********"
    bare = replace(PERSON, card_number=None, electronic_card=None, phone=None).masked()
    assert (bare.card_number, bare.electronic_card, bare.phone) == (None, None, None)
