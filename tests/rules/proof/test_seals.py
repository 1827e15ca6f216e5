"""Links follow one another without a gap, and lateness is counted in days."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from datetime import UTC, date, datetime

from app.proof import rules
from app.proof.model.seals import FIRST_LINK, Block, Head, Journal, Progress

DAY = date(2025, 9, 1)
AT = datetime(2025, 9, 2, 1, tzinfo=UTC)


def block(participant: str, through_id: int, day: date = DAY) -> Block:
    return Block(
        participant=participant, day=day, lines=2, through_id=through_id, root=bytes(31) + b"r"
    )


def test_a_chain_begins_with_nothing_before_it_and_each_link_names_the_one_before() -> None:
    days = [block("370000", 9, date(2025, 9, 2)), block("370000", 4)]
    first, second = rules.linked(Journal.LEDGER, days, {}, AT)
    assert (first.number, first.after_id, first.previous) == (1, 0, FIRST_LINK)
    assert (second.number, second.after_id, second.previous) == (2, 4, first.chain)
    assert [first.day, second.day] == [DAY, date(2025, 9, 2)]


def test_a_chain_goes_on_where_it_ended_and_participants_do_not_mix() -> None:
    heads = {"370000": Head(number=7, chain=b"h" * 32, through_id=3)}
    made = rules.linked(Journal.TRAIL, [block("370000", 4), block("110000", 4)], heads, AT)
    assert [(it.participant, it.number, it.previous) for it in made] == [
        ("110000", 1, FIRST_LINK),
        ("370000", 8, b"h" * 32),
    ]


def test_a_link_can_be_recomputed_from_what_is_printed_of_it() -> None:
    (it,) = rules.linked(Journal.LEDGER, [block("370000", 4)], {}, AT)
    text = f"ledger 370000 1 2025-09-01 2 {it.root.hex()} {it.previous.hex()}"
    assert it.chain == hashlib.sha256(text.encode()).digest()


def test_whatever_is_changed_of_a_seal_changes_its_link() -> None:
    (it,) = rules.linked(Journal.LEDGER, [block("370000", 4)], {}, AT)
    others = (
        replace(it, journal=Journal.TRAIL),
        replace(it, participant="370100"),
        replace(it, number=2),
        replace(it, day=date(2025, 9, 2)),
        replace(it, lines=3),
        replace(it, root=bytes(32)),
        replace(it, previous=b"p" * 32),
    )
    assert len({it.chain, *(rules.chain_of(other) for other in others)}) == len(others) + 1


def test_a_day_is_due_once_it_is_over() -> None:
    assert rules.last_due(date(2025, 10, 1)) == date(2025, 9, 30)


def test_yesterday_unsealed_is_no_alarm_and_the_day_before_is() -> None:
    def lag(oldest: date | None) -> tuple[int, bool]:
        progress = Progress(journal=Journal.LEDGER, through_id=1, oldest_open=oldest)
        found = rules.backlog(progress, DAY)
        return found.days, found.alarming

    assert lag(None) == (0, False)
    assert lag(date(2025, 9, 2)) == (0, False)  # written by a clock that runs ahead
    assert lag(DAY) == (0, False)
    assert lag(date(2025, 8, 31)) == (1, False)
    assert lag(date(2025, 8, 30)) == (2, True)
