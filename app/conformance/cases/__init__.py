"""Every case, by family, in the order they are played."""

from __future__ import annotations

from app.conformance.case import Case
from app.conformance.cases import (
    calendar,
    clients,
    days,
    edges,
    envelope,
    files,
    lines,
    messages,
    money,
    races,
    reversals,
    stays,
)

# What sets the clock forward comes last: nothing puts it back.
FAMILIES = (
    *(messages, races, reversals, lines, stays, money, days, files, clients, edges, envelope),
    calendar,
)
CASES: tuple[Case, ...] = tuple(case for family in FAMILIES for case in family.FAMILY.cases)
