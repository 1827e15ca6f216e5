"""A lifecycle is a table, and only the table moves a state."""

import enum

import pytest

from app.kernel.lifecycle import Lifecycle, NoSuchMove


class Door(enum.StrEnum):
    """The states of a door."""

    SHUT = "shut"
    OPEN = "open"
    WALLED = "walled"


class Hand(enum.StrEnum):
    """What a hand does to it."""

    PUSH = "push"
    PULL = "pull"
    WALL = "wall"


LIFE = Lifecycle(
    "door",
    Door.SHUT,
    {
        (Door.SHUT, Hand.PUSH): Door.OPEN,
        (Door.OPEN, Hand.PULL): Door.SHUT,
        (Door.SHUT, Hand.WALL): Door.WALLED,
    },
)


def test_an_event_leads_where_the_table_says() -> None:
    assert LIFE.after(Door.SHUT, Hand.PUSH) is Door.OPEN


def test_an_event_the_table_does_not_know_is_refused_with_its_facts() -> None:
    with pytest.raises(NoSuchMove) as refused:
        LIFE.after(Door.WALLED, Hand.PUSH)
    assert refused.value.facts == {"of": "door", "state": "walled", "event": "push"}


def test_the_ways_on_the_ends_and_the_reachable_states_are_read_off_the_table() -> None:
    assert LIFE.ways_on(Door.SHUT) == (Hand.PUSH, Hand.WALL)
    assert LIFE.ways_on(Door.WALLED) == ()
    assert LIFE.ends() == {Door.WALLED}
    assert LIFE.states() == set(Door)


def test_a_state_nothing_leads_to_is_not_reached() -> None:
    cut_off = Lifecycle("door", Door.SHUT, {(Door.OPEN, Hand.PULL): Door.SHUT})
    assert cut_off.states() == {Door.SHUT}


def test_a_lifecycle_draws_itself() -> None:
    assert LIFE.mermaid().splitlines() == [
        "stateDiagram-v2",
        "  [*] --> shut",
        "  shut --> open: push",
        "  open --> shut: pull",
        "  shut --> walled: wall",
    ]
