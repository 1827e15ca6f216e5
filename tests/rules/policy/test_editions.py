"""What an edition of the policy book changes is told in words; what it edits is found."""

from __future__ import annotations

from contextlib import suppress
from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from app.policy.book import PolicyBook
from app.policy.editions import ONLY_TEXT, Revision, revised
from app.policy.reading import BookUnreadableError, read_book
from tests.rules.policy.test_book import SMALL

BEFORE = read_book(SMALL)
TODAY = date(2025, 9, 1)
NAMED = "area.name A thing 事"
ONE_MORE = """
[[area.name.province.370000]]
from = 2026-01-01
clause = "b/2"
value = { one = 200 }
[[area.name.province.110000]]
from = 2026-02-01
clause = "c/1"
value = { one = 7 }
[area.other]
unit = "things"
means = "Another"
means_zh = "其他"
[[area.other.national]]
from = 2026-03-01
clause = "d/1"
value = "x\\u0000y"
"""


def changed(text: str) -> Revision:
    return revised(BEFORE, read_book(text), TODAY)


def test_the_same_book_changes_nothing() -> None:
    assert changed(SMALL) == Revision((), ())
    assert changed("# another remark\n" + SMALL) == Revision((ONLY_TEXT,), ())


def test_what_is_new_is_told_with_what_it_supersedes_its_place_day_and_clause() -> None:
    assert changed(SMALL + ONE_MORE) == Revision(
        (
            f'{NAMED} · 110000 · from 2026-02-01 起: – → {{"one": 7}} (c/1)',
            f'{NAMED} · 370000 · from 2026-01-01 起: {{"one": 100}} → {{"one": 200}} (b/2)',
            "area.other Another 其他: new 新增, things",
            'area.other Another 其他 · national 全国 · from 2026-03-01 起: – → "x\\u0000y" (d/1)',
        ),
        (),
    )


def test_a_value_of_a_day_that_is_over_is_told_to_be_back_dated() -> None:
    (told,) = changed(SMALL + ONE_MORE.partition("[[area.name.province.110000]]")[0].replace(
        "2026-01-01", "2025-08-31")).changes  # fmt: skip
    assert told.endswith('{"one": 100} → {"one": 200} (b/2) · back-dated 追溯')


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('means = "A thing"', 'means = "Another"', "area.name: A thing → Another"),
        ('means_zh = "事"', 'means_zh = "物"', "area.name: 事 → 物"),
        ('means_zh = "事"', 'means_zh = "事"\ncarries = ["d/1"]', "area.name: () → (d/1)"),
    ],
)
def test_other_words_about_a_parameter_are_told(old: str, new: str, told: str) -> None:
    assert changed(SMALL.replace(old, new)) == Revision((told,), ())


def test_a_value_that_was_not_in_force_yet_may_be_corrected_and_that_is_told() -> None:
    before = read_book(SMALL + ONE_MORE)
    after = read_book(before.source.replace("{ one = 200 }", "{ one = 20 }"))
    (told,) = revised(before, after, TODAY).changes
    assert '2026-01-01 起: {"one": 200} → {"one": 20} (b/2)' in told
    assert revised(before, after, date(2026, 1, 1)).edits == (told,)
    withdrawn = read_book(SMALL + ONE_MORE.partition("[[area.name.province.110000]]")[0])
    assert len(revised(before, withdrawn, TODAY).changes) == 2


@pytest.mark.parametrize("other", ["true", "'1'"])
def test_a_value_of_another_kind_is_another_value(other: str) -> None:
    def book(value: str) -> PolicyBook:
        return read_book(SMALL.replace("one = 100", f"one = {value}"))

    assert len(revised(book("1"), book(other), TODAY).edits) == 1
    assert len(revised(book(other), book("1"), TODAY).edits) == 1


def test_another_clause_beneath_an_old_value_is_told() -> None:
    (told,) = changed(SMALL.replace('"a/2"', '"a/3"')).changes
    assert (
        told
        == f'{NAMED} · national 全国 · from 2025-04-01 起: (a/2) → {{"one": 10, "two": 20}} (a/3)'
    )


def test_a_parameter_that_is_gone_is_told() -> None:
    found = changed('edition = "2"\n')
    assert found == Revision((f"{NAMED}: dropped 取消",), ())


@pytest.mark.parametrize(
    ("old", "new", "edit"),
    [
        ("one = 10,", "one = 11,", '{"one": 10, "two": 20} → {"one": 11, "two": 20}'),
        ("from = 2025-04-01", "from = 2025-04-02", '{"one": 10, "two": 20} → –'),
        ('unit = "things"', 'unit = "days"', "things → days"),
        ("province.370000", "province.371000", '{"one": 100} → –'),
    ],
)
def test_a_value_that_was_in_force_is_never_edited(old: str, new: str, edit: str) -> None:
    found = changed(SMALL.replace(old, new))
    assert [edit in it for it in found.edits] == [True]


def test_the_book_the_hub_brings_could_be_sent() -> None:
    assert read_book(PolicyBook.load().source) == PolicyBook.load()


def test_a_book_is_known_by_the_digest_of_its_whole_text() -> None:
    other = read_book("# another remark\n" + SMALL)
    assert BEFORE.digest != other.digest
    assert BEFORE.version == f"1-{BEFORE.digest[:8]}"
    assert PolicyBook.load().source.startswith("#")


PIECES = st.sampled_from(
    ["edition", "=", "[area.name]", "[[area.name.national]]", "from", "value", "clause", "unit",
     "2025-01-01", "2025-01-01T00:00:00Z", "'x'", '"\\u0000"', "{ a = 1 }", "[1, [2]]", "nan", "-1",
     "means", "means_zh", "carries", "province", "\n", " ", ".", "[", "]"]
)  # fmt: skip


@given(text=st.lists(PIECES, max_size=40).map("".join) | st.text(max_size=40))
def test_whatever_is_sent_is_a_book_or_is_refused(text: str) -> None:
    for sent in (text, SMALL + text):
        with suppress(BookUnreadableError):
            found = changed(sent)
            assert all(it.isprintable() for it in (*found.changes, *found.edits))


@pytest.mark.parametrize(
    "text",
    [
        "",
        "not toml at all [",
        "edition = 'a b'",
        "edition = [1]\n",
        "edition = '1'\narea = 1\n",
        "edition = '1'\n[area]\nname = 1\n",
        "edition = '1'\n[area.name]\nunit = 'x'\n",
        SMALL.replace("2025-04-01", "2023-04-01"),
        "edition = '\ud800'",
        "a = " + "[" * 5000,
        SMALL + "a." * 5000 + "a = 1",
        SMALL + "\n" * 3 + "[" + "a." * 60 + "a]",
        SMALL.replace("one = 100", "one = 0x" + "f" * 300),
        SMALL.replace("one = 100", "one = " + "9" * 30),
        SMALL.replace("one = 100", "one = 1.0"),
        SMALL.replace("one = 100", "one = nan"),
        SMALL.replace("one = 100", "one = 2025-01-01T00:00:00"),
        SMALL.replace("one = 100", "one = { a.b.c.d.e = 1 }"),
        SMALL.replace("one = 100", "one = [[[[[1]]]]]"),
        SMALL.replace("2024-04-01", "2024-04-01T00:00:00").replace(
            "2025-04-01\n", "2025-04-01T00:00:00\n"
        ),
        SMALL.replace("370000", "'370000 · all'"),
        SMALL.replace("370000", "37"),
        SMALL.replace("area.name", "area.'name · it'"),
        SMALL.replace("area.name", "area.'a.b'"),
        SMALL.replace("province", "provinces"),
        SMALL.replace('clause = "b/1"', 'clause = "b/1"\nuntil = 2026-01-01'),
        SMALL.replace("A thing", "A thing" * 40),
        SMALL.replace("b/1", "b/1" * 40),
        SMALL.replace("one = 100", "one = [" + "1,\n" * 1000 + "]"),
    ],
)
def test_what_is_no_book_is_not_read_and_says_why(text: str) -> None:
    with pytest.raises(BookUnreadableError) as caught:
        read_book(text)
    assert str(caught.value).isprintable()
    assert len(str(caught.value)) in range(1, 201)
