"""A rule names its clause; a refusal carries its facts and its company."""

from typing import ClassVar

import pytest

from app.kernel.basis import BASES, basis
from app.kernel.refusal import Kind, Refusal, refuse_all


class Shut(Refusal):
    """The door is shut."""

    kind: ClassVar = Kind.REFUSED
    code: ClassVar = "shut"
    title: ClassVar = "The door is shut"
    title_zh: ClassVar = "门已关"


def test_a_rule_is_returned_unchanged_and_its_clauses_are_kept() -> None:
    def rule() -> int:
        return 7

    try:
        assert basis("one/1", "two/2")(rule) is rule
        assert BASES[f"{__name__}.{rule.__qualname__}"] == ("one/1", "two/2")
    finally:
        BASES.pop(f"{__name__}.{rule.__qualname__}", None)


def test_a_rule_without_a_clause_is_refused() -> None:
    with pytest.raises(ValueError, match="at least one clause"):
        basis()


def test_several_refusals_are_raised_as_the_first_with_the_others_beside_it() -> None:
    first, second = Shut(door="front"), Shut(door="back")
    with pytest.raises(Shut) as refused:
        refuse_all([first, second])
    assert refused.value is first
    assert refused.value.facts == {"door": "front"}
    assert refused.value.also == (second,)


def test_no_refusal_is_no_exception() -> None:
    assert refuse_all([]) is None  # type: ignore[func-returns-value]  # that is it
