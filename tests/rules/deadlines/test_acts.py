"""On which days an act is due: once a day, missed days in order, no further back than a year."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from app.deadlines.model import Act, DueAct
from app.deadlines.rules.acts import (
    DAYS_MADE_UP_MAX,
    OF_THE_PRESENT,
    due_acts,
    finished_through,
    moment_of,
    next_of,
)

TODAY = date(2025, 9, 10)


def through(day: date) -> dict[Act, date]:
    return dict.fromkeys(Act, day)


def test_an_act_never_done_begins_today() -> None:
    assert due_acts({}, TODAY) == tuple(DueAct(TODAY, act) for act in Act)


def test_what_is_done_for_today_is_not_due_again() -> None:
    assert due_acts(through(TODAY), TODAY) == ()


def test_a_clock_set_back_makes_nothing_due() -> None:
    assert due_acts(through(TODAY + timedelta(days=3)), TODAY) == ()


def test_missed_days_come_in_order_each_with_all_its_acts_in_theirs() -> None:
    due = due_acts(through(TODAY - timedelta(days=2)), TODAY)
    days = (TODAY - timedelta(days=1), TODAY)
    assert due == tuple(
        DueAct(day, act) for day in days for act in Act if day == TODAY or act not in OF_THE_PRESENT
    )


def test_what_sees_the_present_is_made_up_once_and_not_twice_a_day() -> None:
    due = due_acts(through(TODAY - timedelta(days=30)), TODAY)
    assert [it for it in due if it.act in OF_THE_PRESENT] == [
        DueAct(TODAY, act) for act in Act if act in OF_THE_PRESENT
    ]


def test_an_act_that_fell_behind_makes_up_its_own_days_alone() -> None:
    finished = through(TODAY) | {Act.CONFIRM_SILENT: TODAY - timedelta(days=3)}
    due = due_acts(finished, TODAY)
    assert {it.act for it in due} == {Act.CONFIRM_SILENT}
    assert [it.day for it in due] == [TODAY - timedelta(days=each) for each in (2, 1, 0)]


def test_an_act_new_with_a_release_begins_on_its_first_day() -> None:
    finished = through(TODAY - timedelta(days=1))
    del finished[Act.SEAL_JOURNALS]
    assert {it.day for it in due_acts(finished, TODAY)} == {TODAY}


def test_what_was_missed_longer_than_a_year_is_made_up_with_the_first_day_of_that_year() -> None:
    due = due_acts(through(date(2020, 1, 1)), TODAY)
    daily = len(Act) - len(OF_THE_PRESENT)
    assert len(due) == DAYS_MADE_UP_MAX * daily + len(OF_THE_PRESENT)
    assert due[0].day == TODAY - timedelta(days=DAYS_MADE_UP_MAX - 1)
    assert due[-1].day == TODAY


@given(
    st.dictionaries(st.sampled_from(Act), st.integers(-500, 5)),
)
def test_doing_all_that_is_due_leaves_nothing_due(behind: dict[Act, int]) -> None:
    finished = {act: TODAY + timedelta(days=days) for act, days in behind.items()}
    for each in due_acts(finished, TODAY):
        before = finished.get(each.act)
        assert before is None or each.day > before
        finished[each.act] = each.day
    assert due_acts(finished, TODAY) == ()


def test_what_is_due_on_the_earliest_day_goes_together() -> None:
    due = due_acts(through(TODAY - timedelta(days=2)), TODAY)
    yesterday = TODAY - timedelta(days=1)
    together = next_of(due)
    assert together == tuple(it for it in due if it.day == yesterday)
    assert next_of(due[len(together) :]) == tuple(DueAct(TODAY, act) for act in Act)
    assert next_of(due[-1:]) == due[-1:]


def test_an_act_sees_now_today_and_the_beginning_of_a_day_that_was_missed() -> None:
    now = datetime(2025, 9, 9, 17, 30, tzinfo=UTC)  # half past one on the 10th in China
    assert moment_of(date(2025, 9, 10), now) == now
    assert moment_of(date(2025, 9, 8), now) == datetime(2025, 9, 7, 16, tzinfo=UTC)


def test_the_acts_are_done_through_the_day_that_all_are_done_for() -> None:
    assert finished_through({}, Act) is None
    assert finished_through({Act.CLOSE_YEARS: TODAY}, Act) is None
    behind = through(TODAY) | {Act.ISSUE_NOTICES: date(2025, 9, 1)}
    assert finished_through(behind, Act) == date(2025, 9, 1)
