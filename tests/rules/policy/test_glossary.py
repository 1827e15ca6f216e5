"""One word per thing, and each word with its official Chinese term."""

import tomllib
from importlib import resources

import pytest

from app.policy.provisions import Provisions

GLOSSARY = tomllib.loads(resources.files("app").joinpath("glossary.toml").read_text("utf-8"))
PROVISIONS = Provisions.load()
STANDARDS = {"hub", "GB/T 2260", "GB/T 2261.1", "GB 11643", "GB 32100", "ICD-10", "RFC 6749"}
# Tables, states and deeds a reader meets first; the page and the console explain each of them.
WANTED = {
    "party", "operator", "agency", "institution", "channel", "worker", "determination", "filing",
    "visit", "fee_line", "adjudication", "preview", "settlement", "cancellation", "reversal",
    "advance", "reconciliation", "declaration", "review", "deduction", "clearing", "notice", "flag",
    "inquiry", "insured_place", "treatment_place", "submitted", "approved", "rejected", "expired",
    "cancelled", "changed", "terminated", "admitted", "discharged", "settled", "online",
    "suspended", "offline", "residence", "posting", "referral", "medical", "rehabilitation",
    "device", "injury", "recurrence", "cross_province", "in_province", "fund_share", "own_share",
}  # fmt: skip


def chinese(text: str) -> bool:
    return any("一" <= character <= "鿿" for character in text)


@pytest.mark.parametrize("term", sorted(GLOSSARY))
def test_a_term_has_its_chinese_its_meaning_its_label_and_its_source(term: str) -> None:
    entry = GLOSSARY[term]
    assert set(entry) == {"zh", "label", "means", "source", "not"}
    assert chinese(entry["zh"])
    assert entry["label"].startswith(entry["zh"])
    assert not chinese(entry["label"].removeprefix(entry["zh"]))
    assert entry["means"].endswith((".", "…"))
    assert entry["source"] in STANDARDS or entry["source"] in PROVISIONS.clauses


def test_the_words_of_the_road_are_all_there() -> None:
    assert not WANTED - set(GLOSSARY)
    assert len(GLOSSARY) >= 150


def test_no_word_we_avoid_is_a_word_we_use() -> None:
    avoided = [word for entry in GLOSSARY.values() for word in entry["not"]]
    assert len(avoided) == len(set(avoided)), "a word is avoided twice"
    assert not set(avoided) & set(GLOSSARY)
    assert not set(avoided) & {part for term in GLOSSARY for part in term.split("_")}
