"""The catalogues' sheet: its columns, and rows said in JSON as the same cells."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Protocol

COLUMNS = ("code", "name", "unit", "specification", "cap", "restricted", "minimum_life_months")
ROWS_MAX = 20_000
EXAMPLE = ("A010001", "小腿假肢（示例）", "具", "", "12000.00", "0", "36")
EXAMPLE_CSV = f"{','.join(COLUMNS)}\n{','.join(EXAMPLE)}\n"


class ItemSaid(Protocol):
    """An item as JSON says it."""

    code: str
    name: str
    unit: str
    specification: str
    cap: str | None
    restricted: bool
    minimum_life_months: int | None


def cells_of(items: Sequence[ItemSaid]) -> list[tuple[int, Mapping[str, str]]]:
    """Number the items from 1 and say each as the cells of a sheet."""
    return [
        (
            line,
            {
                "code": item.code.strip(),
                "name": item.name.strip(),
                "unit": item.unit.strip(),
                "specification": item.specification.strip(),
                "cap": item.cap or "",
                "restricted": "1" if item.restricted else "0",
                "minimum_life_months": str(item.minimum_life_months or ""),
            },
        )
        for line, item in enumerate(items, start=1)
    ]
