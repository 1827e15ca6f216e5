"""Catalogues for tests: the made-up lists of a place, and editions of one's own."""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Any

import httpx

from app.catalogues import service
from app.catalogues.model import CatalogueEdition, CatalogueItem, CatalogueKind, Imported
from app.kernel.money import Money
from app.sandbox.catalogues import items_of
from tests.support.parties import as_operator
from tests.support.world import Client, World

IMPORT = "/v1/catalogues/import"
BEGUN = date(2024, 4, 1)


def edition(**other: Any) -> CatalogueEdition:
    """Return the heading of Beijing's device list as loaded with the hub."""
    heading: dict[str, Any] = {
        "place": "110000",
        "kind": CatalogueKind.DEVICE,
        "label": "2024",
        "first_day": BEGUN,
        "source": "synthetic",
    }
    return CatalogueEdition(**heading | other)


def item(code: str, cap: Money | None = None, **other: Any) -> CatalogueItem:
    """Return an item."""
    about: dict[str, Any] = {
        "name": "小腿假肢（示例）",
        "unit": "具",
        "specification": "",
        "restricted": False,
        "minimum_life_months": None,
    }
    return CatalogueItem(code=code, cap=cap, **about | other)


async def loaded(
    world: World, heading: CatalogueEdition, items: Sequence[CatalogueItem]
) -> Imported:
    """Load a version as the hub's own."""
    return await as_operator(world, lambda work: service.load(work, heading, items))


async def load_made_up(world: World, place: str) -> dict[CatalogueKind, Imported]:
    """Load the made-up lists of every kind of a place."""
    done = {}
    for kind in CatalogueKind:
        rows = [
            CatalogueItem(
                code=row.code,
                name=row.name,
                unit=row.unit,
                specification=row.specification,
                cap=row.cap,
                restricted=row.restricted,
                minimum_life_months=row.minimum_life_months,
            )
            for row in items_of(place, kind.value)
        ]
        done[kind] = await loaded(world, edition(place=place, kind=kind), rows)
    return done


async def imported(client: Client, items: Sequence[dict[str, Any]], **other: str) -> httpx.Response:
    """Import JSON items as a version of Shandong's device list of 2099."""
    heading = {
        "place": "370000",
        "kind": "device",
        "label": "2099版",
        "first_day": "2099-01-01",
        "source": "synthetic",
    }
    return await client.post(IMPORT, {"items": list(items)}, params=heading | other)


def listed(code: str = "A1", **other: Any) -> dict[str, Any]:
    """Return an item as JSON says it."""
    return {"code": code, "name": "小腿假肢（示例）", "unit": "具", "cap": "12000.00"} | other
