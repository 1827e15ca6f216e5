"""Where the seed tables lie: data with a source, kept beside the migrations.

The folder belongs to the checkout (or the image made from it), not to the installed package.
"""

from __future__ import annotations

import csv
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from types import MappingProxyType

import app


class SeedsMissingError(RuntimeError):
    """The seed tables are not where this installation should have them."""


def seeds_folder() -> Path:
    """Return `migrations/seeds`, next to the package's parent."""
    assert app.__file__ is not None
    folder = Path(app.__file__).resolve().parent.parent / "migrations" / "seeds"
    if not folder.is_dir():
        message = f"no seed tables in {folder}: run the hub from its checkout or its image"
        raise SeedsMissingError(message)
    return folder


@cache
def seed_rows(name: str) -> tuple[Mapping[str, str], ...]:
    """Read one seed table (`regions.csv`, …) once per process; a row maps column to text."""
    with (seeds_folder() / name).open(encoding="utf-8", newline="") as file:
        return tuple(MappingProxyType(row) for row in csv.DictReader(file))
