"""Who may be the first and who the second of two (双人复核), wherever something takes two."""

from __future__ import annotations

from app.kernel.basis import basis
from app.kernel.parties import person_of
from app.parties.errors import PersonRequired, SecondPersonNeeded
from app.parties.model import Seconding

TWO = 2


@basis("hub-default/second-person")
def acts_by_persons(it: Seconding) -> bool:
    """A party with two persons acts by persons; in production the operator does from the first day.

    Nobody else vouches for who sat before the operator's own machines.
    """
    return it.persons >= TWO or (it.is_operator and it.in_production)


@basis("hub-default/second-person")
def require_person(it: Seconding) -> None:
    """A party that acts by persons begins by a person what takes two; its machines do not.

    An agency without them has its own system vouch for who acted: clients are compared.
    """
    if acts_by_persons(it) and it.second in it.machines:
        raise PersonRequired


@basis(
    "hub-default/second-person",
    "hub-default/advance-second-person",
    "hub-default/advance-hold",
    "hub-default/confirmation",
    "hub-default/payment-reassignment",
)
def require_second(it: Seconding) -> None:
    """What one did, another does; where the party acts by persons, both are persons.

    Two sessions of one person are one person.
    """
    require_person(it)
    if it.first == it.second or (acts_by_persons(it) and it.first in it.machines):
        raise SecondPersonNeeded


@basis("hub-default/second-person", "hub-default/confirmation")
def is_first_of_two(it: Seconding) -> bool:
    """What a machine said, or silence, two take back where the party acts by persons."""
    persons = (person_of(it.first or ""), person_of(it.second))
    return acts_by_persons(it) and persons[0] is None and persons[1] is not None
