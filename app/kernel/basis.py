"""Tie a rule to the clause it carries out, at no cost when the rule runs."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

F = TypeVar("F", bound=Callable[..., object])
BASES: dict[str, tuple[str, ...]] = {}


def basis(*clauses: str) -> Callable[[F], F]:
    """Register the clauses (ids in policy/provisions.toml) a rule rests on."""
    if not clauses:
        message = "a rule rests on at least one clause"
        raise ValueError(message)

    def register(rule: F) -> F:
        BASES[f"{rule.__module__}.{rule.__qualname__}"] = clauses
        return rule

    return register
