"""Every case, by family, in the order they are played."""

from __future__ import annotations

from app.conformance.case import Case
from app.conformance.cases import (
    days,
    edges,
    envelope,
    lines,
    messages,
    money,
    races,
    reversals,
    stays,
)

CASES: tuple[Case, ...] = tuple(
    case
    for family in (messages, races, reversals, lines, stays, money, days, edges, envelope)
    for case in family.FAMILY.cases
)
