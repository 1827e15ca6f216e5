"""Who may be the second of two: another client, and another person where the party has persons."""

from __future__ import annotations

import pytest

from app.kernel.parties import person_of
from app.parties.errors import PersonRequired, SecondPersonNeeded
from app.parties.model import Seconding
from app.parties.rules import is_first_of_two, require_person, require_second

ONE, OTHER, LI, WU = "370000-one", "370000-other", "person:li", "person:wu"
HOSPITAL, HUB = "H37010000001-his", "hub:silence"


def acts(first: str | None, second: str, persons: int, **place: bool) -> Seconding:
    """Two acts, the second for an agency with two machines and so many persons."""
    machines = frozenset({ONE, OTHER} & {first, second})
    return Seconding(first=first, second=second, persons=persons, machines=machines, **place)


@pytest.mark.parametrize("persons", [0, 1, 2, 3])
@pytest.mark.parametrize("who", [ONE, LI, HUB])
def test_nobody_is_a_second_person_to_themselves(who: str, persons: int) -> None:
    with pytest.raises((SecondPersonNeeded, PersonRequired)):
        require_second(acts(who, who, persons))


@pytest.mark.parametrize("persons", [0, 1])
@pytest.mark.parametrize(("first", "second"), [(ONE, OTHER), (ONE, LI), (LI, ONE), (None, ONE)])
def test_without_two_persons_another_client_is_enough(
    first: str | None, second: str, persons: int
) -> None:
    require_person(acts(None, second, persons))
    require_second(acts(first, second, persons))


@pytest.mark.parametrize("persons", [2, 3])
def test_with_two_persons_both_are_persons(persons: int) -> None:
    require_person(acts(None, LI, persons))
    require_second(acts(LI, WU, persons))
    with pytest.raises(PersonRequired):
        require_person(acts(None, ONE, persons))
    for first in (ONE, LI, None, HOSPITAL):
        with pytest.raises(PersonRequired):
            require_second(acts(first, OTHER, persons))
    with pytest.raises(SecondPersonNeeded):
        require_second(acts(ONE, LI, persons))


@pytest.mark.parametrize("persons", [0, 1])
def test_in_production_the_operator_acts_by_persons_from_its_first_day(persons: int) -> None:
    place = {"is_operator": True, "in_production": True}
    with pytest.raises(PersonRequired):
        require_person(acts(None, ONE, persons, **place))
    with pytest.raises(PersonRequired):
        require_second(acts(ONE, OTHER, persons, **place))
    with pytest.raises(SecondPersonNeeded):
        require_second(acts(ONE, LI, persons, **place))
    assert is_first_of_two(acts(ONE, LI, persons, **place))
    require_person(acts(None, HUB, persons, **place))
    require_second(acts(LI, WU, persons, **place))


@pytest.mark.parametrize("place", [{"is_operator": True}, {"in_production": True}])
def test_elsewhere_and_for_an_agency_clients_are_compared(place: dict[str, bool]) -> None:
    require_person(acts(None, ONE, 1, **place))
    require_second(acts(ONE, OTHER, 1, **place))
    assert not is_first_of_two(acts(ONE, LI, 1, **place))


def test_what_another_party_or_the_hub_itself_began_a_person_answers() -> None:
    require_second(acts(HOSPITAL, LI, 2))
    require_second(acts(HUB, LI, 2))
    require_person(acts(None, HUB, 2))


@pytest.mark.parametrize(
    ("first", "second", "persons", "asks"),
    [
        (ONE, LI, 2, True),
        (HUB, LI, 2, True),
        (ONE, LI, 1, False),
        (WU, LI, 2, False),
        (ONE, OTHER, 2, False),
        (None, LI, 2, True),
    ],
)
def test_what_no_person_said_two_persons_take_back(
    first: str | None, second: str, persons: int, *, asks: bool
) -> None:
    assert is_first_of_two(acts(first, second, persons)) is asks


def test_a_client_is_a_person_or_none() -> None:
    assert (person_of(LI), person_of(ONE)) == ("li", None)
