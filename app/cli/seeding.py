"""Load the seeds: regions, parties, institutions and the synthetic catalogues, each file once."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from functools import partial

from app.cli.acts import Once
from app.institutions import service as institutions
from app.parties import service as parties
from app.parties.files import seeded_parties, seeded_regions
from app.runtime.door import Hub
from app.runtime.seeds import seed_rows, seeds_folder
from app.runtime.work import Work

INSTITUTIONS = ("institutions.csv", "institutions_synthetic.csv")
Progress = Callable[[str], None]


async def seed(hub: Hub, tell: Progress) -> int:
    """Load whatever is not loaded yet; return how many files that were."""
    steps: list[tuple[str, bytes, Callable[[Work], Awaitable[object]]]] = [
        ("regions", _bytes("regions.csv"), _regions),
        ("parties", _bytes("regions.csv"), _parties),
        *((name, _bytes(name), partial(_institutions, name=name)) for name in INSTITUTIONS),
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


def _bytes(name: str) -> bytes:
    return (seeds_folder() / name).read_bytes()
