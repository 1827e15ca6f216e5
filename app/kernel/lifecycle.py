"""A lifecycle is a table of moves: (state, event) -> state. Nothing else changes a state."""

from __future__ import annotations

import enum
from collections.abc import Mapping
from dataclasses import dataclass
from typing import ClassVar, Generic, TypeVar

from app.kernel.refusal import Kind, Refusal

S = TypeVar("S", bound=enum.StrEnum)
E = TypeVar("E", bound=enum.StrEnum)


class NoSuchMove(Refusal):
    """The thing is in a state from which this event is not possible."""

    kind: ClassVar = Kind.CONFLICT
    code: ClassVar = "no-such-move"
    title: ClassVar = "Not possible in the current state"
    title_zh: ClassVar = "当前状态不允许该操作"
    remedy: ClassVar = "Read it again: its state has moved, or the step before is missing."
    remedy_zh: ClassVar = "请重新查询：状态已变化，或尚缺前一步操作。"


@dataclass(frozen=True, slots=True)
class Lifecycle(Generic[S, E]):
    """The whole life of one kind of thing, readable on one screen."""

    name: str
    start: S
    moves: Mapping[tuple[S, E], S]

    def after(self, state: S, event: E) -> S:
        """Return the state that follows, or refuse."""
        try:
            return self.moves[state, event]
        except KeyError:
            raise NoSuchMove(of=self.name, state=state, event=event) from None

    def ways_on(self, state: S) -> tuple[E, ...]:
        """Return the events possible in a state, in the order of the table."""
        return tuple(event for at, event in self.moves if at == state)

    def states(self) -> frozenset[S]:
        """Return every state that can be reached, the first one included."""
        reached, seen = {self.start}, frozenset[S]()
        while reached != seen:
            seen = frozenset(reached)
            reached |= {then for (at, _), then in self.moves.items() if at in seen}
        return seen

    def ends(self) -> frozenset[S]:
        """Return the states nothing leads out of."""
        return frozenset(self.moves.values()) - {state for state, _ in self.moves}

    def mermaid(self) -> str:
        """Draw the table for docs/lifecycles.md."""
        arrows = [f"  {a} --> {b}: {e}" for (a, e), b in self.moves.items()]
        return "\n".join(["stateDiagram-v2", f"  [*] --> {self.start}", *arrows])
