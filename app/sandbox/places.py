"""The seed tables as the sandbox needs them: provinces, their cities, their institutions."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date
from functools import cache

from app.kernel.regions import Scheme, province_of
from app.runtime.seeds import seed_rows

INSTITUTION_TABLES = ("institutions.csv", "institutions_synthetic.csv")
SEPARATOR = "；"


@dataclass(frozen=True, slots=True, kw_only=True)
class SeededInstitution:
    """An institution of the seed tables (协议机构), as far as traffic asks."""

    code: str
    name: str
    types: frozenset[str]
    grade: str | None
    region: str
    schemes: frozenset[str]
    first_day: date


@cache
def provinces() -> tuple[str, ...]:
    """Return the 32 provincial codes, 660000 last."""
    return tuple(row["code"] for row in seed_rows("regions.csv") if row["level"] == "province")


@cache
def cities_of(province: str) -> tuple[str, ...]:
    """Return a province's cities; a municipality is its own one city."""
    rows = seed_rows("regions.csv")
    return tuple(row["code"] for row in rows if row["parent"] == province) or (province,)


@cache
def institutions() -> tuple[SeededInstitution, ...]:
    """Return every seeded institution, the published ones first."""
    return tuple(
        SeededInstitution(
            code=row["code"],
            name=row["name"],
            types=frozenset(row["types"].split(SEPARATOR)),
            grade=row["grade"] or None,
            region=row["region"],
            schemes=frozenset(row["schemes"].split(SEPARATOR)),
            first_day=date.fromisoformat(row["first_day"]),
        )
        for table in INSTITUTION_TABLES
        for row in seed_rows(table)
    )


@cache
def institutions_in(province: str, cost_kind: str) -> tuple[SeededInstitution, ...]:
    """Return a province's institutions open to other provinces' workers for a cost kind."""
    return tuple(
        institution
        for institution in institutions()
        if province_of(institution.region) == province
        and cost_kind in institution.types
        and Scheme.CROSS_PROVINCE in institution.schemes
    )
