"""What a reversal can know without looking at the business, and which deeds it undoes."""

from __future__ import annotations

import pytest

from app.reversal import rules, service
from app.reversal.errors import DeedNotReversible
from app.reversal.model import ReversalOutcome


def test_what_never_took_effect_leaves_nothing_to_reverse() -> None:
    found = rules.known_outcome(took_effect=False, reversed_before=False)
    assert found is ReversalOutcome.NOTHING_TO_REVERSE


def test_a_message_is_reversed_once() -> None:
    found = rules.known_outcome(took_effect=False, reversed_before=True)
    assert found is ReversalOutcome.ALREADY_REVERSED


def test_what_took_effect_has_to_be_undone_first() -> None:
    assert rules.known_outcome(took_effect=True, reversed_before=False) is None


def test_every_reversible_deed_has_its_undoing_and_no_other() -> None:
    assert set(service.UNDO) == rules.REVERSIBLE
    for deed in rules.REVERSIBLE:
        rules.require_reversible(deed)


@pytest.mark.parametrize("deed", ["visit.lines", "filing.submit", "message.reverse", None])
def test_other_deeds_stand_and_say_so(deed: str | None) -> None:
    with pytest.raises(DeedNotReversible) as refused:
        rules.require_reversible(deed)
    assert refused.value.facts["deed"] == deed
