"""A case: a name, what it holds the hub to, and the function that plays it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import TypeAlias

from app.conformance.bench import Bench

Play: TypeAlias = Callable[[Bench], Awaitable[None]]
REST, GATEWAY = "rest", "gateway"
BOTH = (REST, GATEWAY)


@dataclass(frozen=True, slots=True, kw_only=True)
class Case:
    """One thing a hub must survive."""

    family: str
    name: str
    says: str
    says_zh: str
    play: Play
    faces: tuple[str, ...]
    optional: bool = False  # skipped without blame where its means are not given


@dataclass(slots=True)
class Family:
    """Cases about one thing; `case` enters a function among them."""

    name: str
    cases: list[Case]

    @classmethod
    def of(cls, name: str) -> Family:
        """Begin a family."""
        return cls(name, [])

    def case(
        self, says: str, says_zh: str, faces: tuple[str, ...] = BOTH, *, optional: bool = False
    ) -> Callable[[Play], Play]:
        """Enter a function as a case; its name is the case's."""

        def enter(play: Play) -> Play:
            self.cases.append(
                Case(
                    family=self.name,
                    name=play.__name__.replace("_", "-"),
                    says=says,
                    says_zh=says_zh,
                    play=play,
                    faces=faces,
                    optional=optional,
                )
            )
            return play

        return enter
