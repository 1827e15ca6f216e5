"""Load the seeds: regions, parties, institutions and the synthetic catalogues, each file once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import date
from functools import partial

from app.catalogues import service as catalogues
from app.catalogues.model import CatalogueEdition, CatalogueItem, CatalogueKind
from app.cli.acts import Once
from app.institutions import service as institutions
from app.parties import service as parties
from app.parties.files import seeded_parties, seeded_regions
from app.runtime.door import Hub
from app.runtime.seeds import seed_rows, seeds_folder
from app.runtime.work import Work
from app.sandbox.catalogues import FACTORS, KINDS, items_of

INSTITUTIONS = ("institutions.csv", "institutions_synthetic.csv")
ITEMS = "catalogue_items.csv"
LISTS_FIRST_DAY = date(2024, 1, 1)
LISTS_LABEL = "synthetic-2024"
Progress = Callable[[str], None]


async def seed(hub: Hub, tell: Progress) -> int:
    """Load whatever is not loaded yet; return how many files that were."""
    steps: list[tuple[str, bytes, Callable[[Work], Awaitable[object]]]] = [
        ("regions", _bytes("regions.csv"), _regions),
        ("parties", _bytes("regions.csv"), _parties),
        *((name, _bytes(name), partial(_institutions, name=name)) for name in INSTITUTIONS),
        *(
            (f"catalogues-{place}", _bytes(ITEMS), partial(_catalogues, place=place))
            for place in FACTORS
        ),
    ]
    done = 0
    for name, content, use_case in steps:
        if await Once(name=name.partition(".")[0], content=content).act(hub, use_case):
            tell(name)
            done += 1
    return done


async def _regions(work: Work) -> int:
    return await parties.load_regions(work, seeded_regions())


async def _parties(work: Work) -> int:
    return await parties.load_parties(work, seeded_parties(seeded_regions()))


async def _institutions(work: Work, name: str) -> object:
    return await institutions.load(work, seed_rows(name))


async def _catalogues(work: Work, place: str) -> None:
    """Load a province's five lists; its cities use them too."""
    for kind in KINDS:
        edition = CatalogueEdition(
            place=place,
            kind=CatalogueKind(kind),
            label=LISTS_LABEL,
            first_day=LISTS_FIRST_DAY,
            source="synthetic",
        )
        items = [
            CatalogueItem(
                code=row.code,
                name=row.name,
                unit=row.unit,
                specification=row.specification,
                cap=row.cap,
                restricted=row.restricted,
                minimum_life_months=row.minimum_life_months,
            )
            for row in items_of(place, kind)
        ]
        await catalogues.load(work, edition, items)


def _bytes(name: str) -> bytes:
    return (seeds_folder() / name).read_bytes()
