"""Load the seeds: regions, parties, institutions and the synthetic catalogues, each file once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Iterator
from datetime import date
from functools import partial

from app.catalogues import service as catalogues
from app.catalogues.model import CatalogueEdition, CatalogueItem, CatalogueKind
from app.cli.acts import Once, done_before
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
Step = Callable[[Work], Awaitable[object]]


async def seed(hub: Hub, tell: Progress) -> int:
    """Load whatever is not loaded yet; return how many files that were."""
    steps = list(_steps())
    before = await done_before(hub, [once for once, _ in steps])
    done = 0
    for once, use_case in steps:
        if once.key not in before and await once.act(hub, use_case):
            tell(once.name)
            done += 1
    return done


def _steps() -> Iterator[tuple[Once, Step]]:
    """Say what is to be done, once for the content it is done from."""
    regions, items = _bytes("regions.csv"), _bytes(ITEMS)
    yield Once(name="regions", content=regions), _regions
    yield Once(name="parties", content=regions), _parties
    for name in INSTITUTIONS:
        table = name.partition(".")[0]
        yield Once(name=table, content=_bytes(name)), partial(_institutions, name=name)
    for place in FACTORS:
        yield (
            Once(name=f"catalogues-{place}", content=items),
            partial(_catalogues, place=place),
        )


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
